"""The database itself refuses to change a runbook's texts; see registry.0002_freeze_records."""

from __future__ import annotations

from importlib import import_module

from django.db import migrations

_frozen = import_module("registry.migrations.0002_freeze_records")
FROZEN = {"plants_runbookversion": ()}


def freeze(apps, schema_editor):
    _frozen.freeze(apps, schema_editor, FROZEN)


def thaw(apps, schema_editor):
    _frozen.thaw(apps, schema_editor, FROZEN)


class Migration(migrations.Migration):
    dependencies = [
        ("plants", "0003_personal_tokens"),
        ("registry", "0002_freeze_records"),
    ]
    operations = [migrations.RunPython(freeze, thaw)]
