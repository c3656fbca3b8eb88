from __future__ import annotations

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models


_frozen = import_module("registry.migrations.0002_freeze_records")
FROZEN = _frozen.FROZEN | {"registry_pairing": ()}


def freeze(apps, schema_editor):
    _frozen.freeze(apps, schema_editor, FROZEN)


def thaw(apps, schema_editor):
    _frozen.thaw(apps, schema_editor, FROZEN)


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0003_submissions_and_pairings'),
    ]

    operations = [
        migrations.AlterField(
            model_name='evaluation',
            name='family',
            field=models.ForeignKey(help_text="The version's; kept here so that a fleet is compared by one index.", on_delete=django.db.models.deletion.PROTECT, related_name='evaluations', to='registry.modelfamily'),
        ),
        migrations.RunPython(freeze, thaw),
    ]
