from __future__ import annotations

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

_frozen = import_module("registry.migrations.0002_freeze_records")
NEW = {"registry_retentionrule": ("superseded_at",), "registry_artifactpurge": ("restored_at",)}
FROZEN = import_module("registry.migrations.0008_ledger_checkpoints").FROZEN | NEW


def freeze(apps, schema_editor):
    _frozen.freeze(apps, schema_editor, NEW)


def thaw(apps, schema_editor):
    _frozen.thaw(apps, schema_editor, NEW)


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0008_ledger_checkpoints'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArtifactPurge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('because', models.TextField()),
                ('kept_until', models.DateField(help_text='The last day of its longest clock.')),
                ('purged_at', models.DateTimeField(auto_now_add=True)),
                ('restored_at', models.DateTimeField(blank=True, help_text='When the same bytes arrived again.', null=True)),
                ('artifact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purges', to='registry.artifact')),
            ],
            options={
                'ordering': ('-purged_at',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('restored_at__isnull', True)), fields=('artifact',), name='purge_one_standing_per_artifact')],
            },
        ),
        migrations.CreateModel(
            name='RetentionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='From 1, in the order they were set.')),
                ('classes', models.JSONField(help_text='Names from `registry.domain.retention`.')),
                ('customer_years', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('life_ended_on', models.DateField(blank=True, help_text='Last day of production and service; empty while it runs.', null=True)),
                ('reason', models.TextField()),
                ('set_by', models.CharField(max_length=150)),
                ('set_at', models.DateTimeField(auto_now_add=True)),
                ('superseded_at', models.DateTimeField(blank=True, null=True)),
                ('family', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='retention_rules', to='registry.modelfamily')),
            ],
            options={
                'ordering': ('family', '-number'),
                'constraints': [models.UniqueConstraint(fields=('family', 'number'), name='retention_number_per_family'), models.UniqueConstraint(condition=models.Q(('superseded_at__isnull', True)), fields=('family',), name='retention_one_in_force_per_family')],
            },
        ),
        migrations.RunPython(freeze, thaw),
    ]
