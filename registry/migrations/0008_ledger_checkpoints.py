from __future__ import annotations

import uuid
from importlib import import_module

from django.db import migrations, models

_frozen = import_module("registry.migrations.0002_freeze_records")
NEW = {"registry_ledgercheckpoint": ()}
FROZEN = import_module("registry.migrations.0004_evaluation_family_required").FROZEN | NEW


def freeze(apps, schema_editor):
    _frozen.freeze(apps, schema_editor, NEW)


def thaw(apps, schema_editor):
    _frozen.thaw(apps, schema_editor, NEW)


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0007_comparison_from_the_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerCheck',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('asked_by', models.CharField(max_length=180)),
                ('asked_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('entries', models.BigIntegerField(default=0, help_text='That fitted.')),
                ('checkpoints', models.BigIntegerField(default=0)),
                ('artifacts', models.BigIntegerField(default=0)),
                ('broken_at', models.BigIntegerField(blank=True, help_text='The first broken entry.', null=True)),
                ('reason', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ('-asked_at',),
            },
        ),
        migrations.CreateModel(
            name='LedgerCheckpoint',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('sequence', models.BigIntegerField(unique=True)),
                ('digest', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('public_key', models.CharField(max_length=64)),
                ('signature', models.CharField(max_length=128)),
            ],
            options={
                'ordering': ('-number',),
            },
        ),
        migrations.RunPython(freeze, thaw),
    ]
