"""What is on record stays as it is, whoever asks: our code, a colleague's SQL, the file system."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse

from registry.domain.access import portal_scope
from registry.domain.errors import Conflict
from registry.models import Artifact, Evaluation, ModelVersion
from registry.models.base import FrozenModel, Immutable
from registry.services import artifacts, checkpoints, ledger
from tests.registry.rows import (
    a_family,
    a_manifest,
    a_pairing,
    a_purge,
    a_retention_rule,
    a_version,
    an_evaluation,
)
from tests.registry.triggers import triggers_of

pytestmark = pytest.mark.django_db

FROZEN: list[type[FrozenModel]] = [
    model
    for model in apps.get_app_config("registry").get_models()
    if issubclass(model, FrozenModel)
]
WHAT_MADE_IT = {
    "metrics": {"metrics": {"accuracy": {"value": 1.0}}},
    "resolved_recipe": {"name": "another"},
    "resolved_digest": "f" * 64,
    "signature": {"classes": ["good"]},
    "code_commit": "bad",
    "environment_digest": "f" * 64,
    "environment": {"python": "2.7"},
    "hyperparameters": {"l2": 99},
    "seed": 99,
    "identity": "f" * 64,
    "version": "9.9.9",
    "origin": "leipzig",
    "kind": "baseline",
}


@pytest.fixture
def version() -> ModelVersion:
    return a_version(a_family())


def stored(version: ModelVersion) -> dict[str, Any]:
    return dict(ModelVersion.objects.filter(pk=version.pk).values().get())


# --- Every way through our code ------------------------------------------------------------------


@pytest.mark.parametrize(("field", "value"), WHAT_MADE_IT.items())
def test_a_version_cannot_be_changed(version: ModelVersion, field: str, value: Any) -> None:
    before = stored(version)
    setattr(version, field, value)
    ways: list[Callable[[], Any]] = [
        version.save,
        lambda: version.save(update_fields=[field]),
        lambda: ModelVersion.objects.filter(pk=version.pk).update(**{field: value}),
        lambda: ModelVersion.objects.bulk_update([version], [field]),
        lambda: ModelVersion.objects.update_or_create(pk=version.pk, defaults={field: value}),
    ]
    for way in ways:
        with pytest.raises(Immutable, match=f"on record: {field} cannot change"):
            way()
    assert stored(version) == before


def test_a_version_cannot_be_given_other_bytes_or_another_history(version: ModelVersion) -> None:
    other = a_version(version.family)
    before = stored(version)
    for field in ("artifact", "manifest", "recipe", "parent"):
        changed = ModelVersion.objects.get(pk=version.pk)
        value = other if field == "parent" else getattr(other, field)
        setattr(changed, field, value)
        with pytest.raises(Immutable):
            changed.save()
        for name in (field, f"{field}_id"):
            with pytest.raises(Immutable):
                ModelVersion.objects.filter(pk=version.pk).update(
                    **{name: value.pk if name.endswith("_id") else value}
                )
    assert stored(version) == before


def test_what_it_was_made_of_cannot_be_changed(version: ModelVersion) -> None:
    evaluation = an_evaluation(version)
    changes: list[tuple[models.Model, str, Any]] = [
        (version.recipe, "document", {"name": "another"}),
        (version.manifest, "document", {"rows": 1}),
        (version.artifact, "size", 1),
        (version.artifact, "facts", {"checked": True}),
        (evaluation, "report", {"metrics": {}}),
        (evaluation, "value", 1.0),
    ]
    for row, field, value in changes:
        table = type(row)
        before = table._base_manager.filter(pk=row.pk).values().get()
        setattr(row, field, value)
        with pytest.raises(Immutable):
            row.save()
        with pytest.raises(Immutable):
            table._default_manager.filter(pk=row.pk).update(**{field: value})
        assert table._base_manager.filter(pk=row.pk).values().get() == before


def test_nothing_on_record_can_be_deleted(version: ModelVersion) -> None:
    for row in (
        an_evaluation(version),
        version,
        version.recipe,
        version.manifest,
        version.artifact,
    ):
        with pytest.raises(Immutable):
            row.delete()
        with pytest.raises(Immutable):
            type(row)._default_manager.filter(pk=row.pk).delete()
        assert type(row)._base_manager.filter(pk=row.pk).exists()


def test_only_the_stage_moves_on(version: ModelVersion) -> None:
    version.stage = "candidate"
    version.save()
    ModelVersion.objects.filter(pk=version.pk).update(stage="approved")
    assert stored(version)["stage"] == "approved"


def test_a_row_cannot_take_the_place_of_another(version: ModelVersion) -> None:
    other = a_version(version.family)
    before = stored(other)
    version.pk = other.pk
    with pytest.raises(Immutable):
        version.save()
    assert stored(other) == before


@pytest.mark.parametrize("model", FROZEN, ids=lambda model: model.__name__)
def test_the_admin_pages_only_show(
    version: ModelVersion, model: type[FrozenModel], client: Client
) -> None:
    owner = get_user_model().objects.create_superuser("owner", password="a-long-demo-password")
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    an_evaluation(version)
    a_pairing(version)
    a_purge(version.artifact)
    a_retention_rule(version.family)
    with transaction.atomic():
        ledger.record(portal_scope("test"), "version.registered", "version:1")
    checkpoints.make()
    row = model._base_manager.first()
    assert row is not None
    before = model._base_manager.filter(pk=row.pk).values().get()
    page = f"admin:registry_{model._meta.model_name}"

    assert client.get(reverse(f"{page}_change", args=[row.pk])).status_code == 200
    for action in ("change", "delete"):
        answer = client.post(reverse(f"{page}_{action}", args=[row.pk]), {"post": "yes"})
        assert answer.status_code == 403
    assert client.post(reverse(f"{page}_add")).status_code == 403
    assert model._base_manager.filter(pk=row.pk).values().get() == before


# --- The database itself -------------------------------------------------------------------------


def refused(statement: str, *values: Any) -> None:
    with (
        pytest.raises(IntegrityError, match="on record"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


def test_the_list_of_frozen_tables_is_complete() -> None:
    migration = import_module("registry.migrations.0009_retention_rules_and_purges")
    assert {model._meta.db_table: model.MUTABLE for model in FROZEN} == migration.FROZEN


@pytest.mark.parametrize("model", FROZEN, ids=lambda model: model.__name__)
def test_the_triggers_stand_after_all_migrations(model: type[FrozenModel]) -> None:
    table = model._meta.db_table
    assert {f"{table}_no_update", f"{table}_no_delete"} <= triggers_of(table)


@pytest.mark.parametrize("model", FROZEN, ids=lambda model: model.__name__)
def test_sql_can_change_no_frozen_column(version: ModelVersion, model: type[FrozenModel]) -> None:
    an_evaluation(version)
    a_pairing(version)
    a_purge(version.artifact)
    a_retention_rule(version.family)
    with transaction.atomic():
        ledger.record(portal_scope("test"), "version.registered", "version:1")
    checkpoints.make()
    table = model._meta.db_table
    before = list(model._base_manager.values())
    assert before
    columns = [field.column for field in model._meta.concrete_fields]
    for column in columns:
        if column not in model.MUTABLE:
            refused(f'UPDATE {table} SET "{column}" = "{column}"')  # noqa: S608 - our own names
    refused(f"DELETE FROM {table}")  # noqa: S608 - our own names
    assert list(model._base_manager.values()) == before


def test_the_plain_manager_is_no_way_around(version: ModelVersion) -> None:
    before = stored(version)
    with pytest.raises(IntegrityError, match="on record"), transaction.atomic():
        ModelVersion._base_manager.filter(pk=version.pk).update(metrics={})
    with pytest.raises(IntegrityError, match="on record"), transaction.atomic():
        models.QuerySet(ModelVersion).filter(pk=version.pk).delete()
    assert stored(version) == before


def test_an_insert_that_updates_is_no_way_around(version: ModelVersion) -> None:
    before = stored(version)
    again = ModelVersion.objects.get(pk=version.pk)
    again.metrics = {}
    with pytest.raises(IntegrityError, match="on record"), transaction.atomic():
        ModelVersion.objects.bulk_create(
            [again], update_conflicts=True, update_fields=["metrics"], unique_fields=["id"]
        )
    assert stored(version) == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite replaces rows")
def test_an_insert_that_replaces_is_no_way_around(version: ModelVersion) -> None:
    columns = [field.column for field in ModelVersion._meta.concrete_fields]
    taken = ", ".join("'{}'" if name == "metrics" else f'"{name}"' for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    before = stored(version)
    statement = "INSERT OR REPLACE INTO {0} ({1}) SELECT {2} FROM {0} WHERE id = %s"
    refused(statement.format(ModelVersion._meta.db_table, named, taken), version.pk.hex)
    assert stored(version) == before


# --- The bytes -----------------------------------------------------------------------------------


def test_bytes_are_read_while_they_are_those_on_record(version: ModelVersion) -> None:
    artifact = version.artifact
    assert hashlib.sha256(artifacts.read(artifact)).hexdigest() == artifact.sha256
    assert artifacts.checked_path(artifact).read_bytes() == artifacts.read(artifact)


@pytest.mark.parametrize("change", ["flip", "append", "truncate", "swap", "remove"])
def test_bytes_that_changed_on_disk_are_not_served(version: ModelVersion, change: str) -> None:
    artifact = version.artifact
    path = artifacts.content_path(artifact.sha256)
    data = path.read_bytes()
    others = a_version(version.family).artifact
    changed = {
        "flip": bytes([data[0] ^ 1]) + data[1:],
        "append": data + b"\0",
        "truncate": data[:-1],
        "swap": artifacts.read(others),
    }
    path.unlink()
    if change != "remove":
        path.write_bytes(changed[change])
    for read in (artifacts.read, artifacts.checked_path):
        with pytest.raises(Conflict, match=r"changed|missing") as refusal:
            read(artifact)
        assert refusal.value.code == "artifact-broken"
    assert Artifact.objects.filter(pk=artifact.pk).exists()


def test_an_evaluation_keeps_the_version_and_manifest_it_was_made_on(
    version: ModelVersion,
) -> None:
    evaluation = an_evaluation(version)
    before = Evaluation.objects.filter(pk=evaluation.pk).values().get()
    for change in ({"version": a_version(version.family)}, {"manifest": a_manifest()}):
        with pytest.raises(Immutable):
            Evaluation.objects.filter(pk=evaluation.pk).update(**change)
    assert Evaluation.objects.filter(pk=evaluation.pk).values().get() == before
