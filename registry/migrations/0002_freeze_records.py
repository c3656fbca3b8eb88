"""The database itself refuses to change what is on record, whichever code asks.

SQLite loses a table's triggers when a later migration rebuilds the table; such a migration has to
create them again (tests/registry/test_immutability.py fails until it does).
"""

from __future__ import annotations

from django.db import migrations

FROZEN = {
    "registry_recipe": (),
    "registry_artifact": (),
    "registry_datasetmanifest": (),
    "registry_evaluation": (),
    "registry_ledgerentry": (),
    "registry_modelversion": ("stage",),
}


def freeze(apps, schema_editor, tables=FROZEN):
    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        schema_editor.execute(
            """
            CREATE OR REPLACE FUNCTION lineward_on_record() RETURNS trigger AS $$
            BEGIN RAISE EXCEPTION 'on record: a row of %% cannot change', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation'; END;
            $$ LANGUAGE plpgsql;
            """
        )
    for table, mutable in tables.items():
        with connection.cursor() as cursor:
            described = connection.introspection.get_table_description(cursor, table)
        frozen = ", ".join(f'"{column.name}"' for column in described if column.name not in mutable)
        for event, name in ((f"UPDATE OF {frozen}", "update"), ("DELETE", "delete")):
            schema_editor.execute(statement(connection.vendor, table, event, name))


def statement(vendor, table, event, name):
    if vendor == "postgresql":
        return (
            f"CREATE TRIGGER {table}_no_{name} BEFORE {event} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION lineward_on_record();"
        )
    return (
        f"CREATE TRIGGER {table}_no_{name} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'on record: a row of {table} cannot change'); END;"
    )


def thaw(apps, schema_editor, tables=FROZEN):
    on = schema_editor.connection.vendor == "postgresql"
    for table in tables:
        for name in ("update", "delete"):
            schema_editor.execute(
                f"DROP TRIGGER {table}_no_{name}" + (f" ON {table}" if on else "")
            )


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunPython(freeze, thaw)]
