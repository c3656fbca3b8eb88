"""Adopting a policy: numbered, superseding, recorded once, and never changed afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from governance.domain.policies import STARTER
from governance.models import GatePolicy
from governance.services import policies
from registry.domain.access import Actor, ActorKind, PlantScope, Role
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.models import LedgerEntry, ModelFamily
from registry.models.base import Immutable
from registry.services import ledger
from tests.registry.rows import a_family
from tests.registry.triggers import triggers_of

pytestmark = pytest.mark.django_db

TABLE = GatePolicy._meta.db_table
WRITTEN = STARTER.replace("Write here", "The agreement of 2026 says")
STRICTER = WRITTEN.replace("min_rows: 30", "min_rows: 60")
REASON = "The customer asks for it from 2027 on."


@pytest.fixture
def family() -> ModelFamily:
    return a_family()


@pytest.fixture
def scope(clara, scope_of) -> PlantScope:
    return scope_of(clara)


@pytest.fixture
def policy(scope, family) -> GatePolicy:
    return policies.adopt(scope, family, source=WRITTEN, reason=REASON)


def on_record() -> tuple[list[dict[str, Any]], int]:
    return list(GatePolicy.objects.order_by("pk").values()), LedgerEntry.objects.count()


# --- Adoption ------------------------------------------------------------------------------------


def test_policies_of_a_family_are_numbered_and_supersede_each_other(scope, family):
    first = policies.adopt(scope, family, source=WRITTEN, reason=f"  {REASON}\n")
    second = policies.adopt(scope, family, source=STRICTER, reason=REASON, expects=1)
    other = policies.adopt(scope, a_family(), source=WRITTEN, reason=REASON, expects=0)
    third = policies.adopt(scope, family, source=WRITTEN, reason="Back again.")
    first.refresh_from_db()
    second.refresh_from_db()
    assert [one.number for one in (first, second, third, other)] == [1, 2, 3, 1]
    assert [one.superseded_at is None for one in (first, second, third, other)] == [
        *(False, False, True, True),
    ]
    assert first.superseded_at < second.superseded_at
    assert (first.adopted_by, first.reason, first.source) == ("clara", REASON, WRITTEN)
    assert first.document["gates"][0]["warns"] is False
    assert first.digest == third.digest != second.digest


def test_each_adoption_leaves_one_entry_in_the_ledger(scope, family):
    with transaction.atomic():
        policies.adopt(scope, family, source=WRITTEN, reason=REASON)
        transaction.set_rollback(True)
    assert on_record() == ([], 0)
    adopted = policies.adopt(scope, family, source=WRITTEN, reason=REASON)
    (entry,) = LedgerEntry.objects.filter(verb="policy.adopted")
    assert entry.subject == f"policy:{family.slug}/1"
    assert entry.actor == "person:clara"
    assert entry.details == {"digest": adopted.digest, "number": 1}
    assert ledger.verify().is_intact


def test_what_is_in_force_already_is_returned_and_recorded_once(scope, family, policy):
    before = on_record()
    spelt = WRITTEN.replace("gates:", "gates: # the same again", 1)
    for expects in (None, 1, 0):  # a second click, too, knows of none in force
        again = policies.adopt(scope, family, source=spelt, reason="Twice.", expects=expects)
        assert again == policy
    assert on_record() == before


def test_only_a_central_data_scientist_adopts(
    family, policy, ines, petra, adam, nobody, graz, scope_of
):
    before = on_record()
    at_plant = PlantScope(
        Actor(ActorKind.PERSON, "dora"), at={"graz": frozenset({Role.DATA_SCIENTIST})}
    )
    for scope in (*map(scope_of, (ines, petra, adam, nobody)), at_plant):
        with pytest.raises(NotAllowed):
            policies.adopt(scope, family, source=STRICTER, reason=REASON)
    assert on_record() == before


@pytest.mark.parametrize(
    ("source", "field"),
    [
        (WRITTEN.replace("min_rows: 30\n", "min_rows: 0\n"), "gates.0.min_rows"),
        (WRITTEN.replace("min_rows: 30\n", "min_rows: yes\n"), "document"),
        (STARTER, "gates.1.source"),
        ("", "document"),
    ],
)
def test_a_wrong_policy_leaves_the_one_in_force(scope, family, policy, source, field):
    before = on_record()
    with pytest.raises(Invalid) as caught:
        policies.adopt(scope, family, source=source, reason=REASON)
    assert field in caught.value.fields
    assert on_record() == before


@pytest.mark.parametrize("reason", ["", "  \n", "x" * (policies.MAX_REASON + 1), "be\x00cause"])
def test_an_adoption_says_why(scope, family, policy, reason):
    before = on_record()
    with pytest.raises(Invalid) as caught:
        policies.adopt(scope, family, source=STRICTER, reason=reason)
    assert list(caught.value.fields) == ["reason"]
    assert on_record() == before
    longest = policies.adopt(scope, family, source=STRICTER, reason="x" * policies.MAX_REASON)
    assert longest.number == 2


@pytest.mark.parametrize("expects", [0, 2])
def test_whoever_read_another_policy_reads_again_first(scope, family, policy, expects):
    before = on_record()
    with pytest.raises(Conflict, match=r"Policy 1 of .* is in force now") as caught:
        policies.adopt(scope, family, source=STRICTER, reason=REASON, expects=expects)
    assert caught.value.code == "policy-moved-on"
    assert on_record() == before
    assert policies.adopt(scope, family, source=STRICTER, reason=REASON, expects=1).number == 2


# --- On record -----------------------------------------------------------------------------------


def test_a_policy_cannot_be_changed_by_our_code(policy):
    before = on_record()
    changes = {
        "document": {"gates": []},
        "digest": "f" * 64,
        "source": "gates: []",
        "reason": "Another.",
        "number": 7,
        "adopted_by": "mallory",
        "adopted_at": timezone.now() - timedelta(days=9),
        "family": a_family(),
    }
    for field, value in changes.items():
        changed = GatePolicy.objects.get(pk=policy.pk)
        setattr(changed, field, value)
        for way in (
            changed.save,
            lambda changed=changed, field=field: changed.save(update_fields=[field]),
            lambda field=field, value=value: GatePolicy.objects.update(**{field: value}),
            lambda changed=changed, field=field: GatePolicy.objects.bulk_update([changed], [field]),
        ):
            with pytest.raises(Immutable, match="on record"):
                way()
    assert on_record() == before


def test_a_policy_cannot_be_deleted(policy):
    before = on_record()
    for way in (policy.delete, GatePolicy.objects.all().delete):
        with pytest.raises(Immutable):
            way()
    with pytest.raises(models.ProtectedError):
        ModelFamily.objects.filter(pk=policy.family_id).delete()
    assert on_record() == before


def test_sql_changes_nothing_but_the_day_it_was_superseded(policy):
    before = on_record()
    assert {f"{TABLE}_no_update", f"{TABLE}_no_delete"} <= triggers_of(TABLE)
    columns = [field.column for field in GatePolicy._meta.concrete_fields]
    statements = [
        f'UPDATE {TABLE} SET "{column}" = "{column}"'  # noqa: S608 - our own names
        for column in columns
        if column not in GatePolicy.MUTABLE
    ]
    for statement in (*statements, f"DELETE FROM {TABLE}"):  # noqa: S608 - our own names
        with (
            pytest.raises(IntegrityError, match="on record"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with pytest.raises(IntegrityError, match="on record"), transaction.atomic():
        GatePolicy._base_manager.update(reason="Another.")
    assert on_record() == before
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET superseded_at = adopted_at")  # noqa: S608 - our own names
    policy.refresh_from_db()
    assert policy.superseded_at == policy.adopted_at


def test_the_database_holds_one_policy_in_force_and_each_number_once(policy):
    facts = {
        "family": policy.family,
        "document": policy.document,
        "digest": policy.digest,
        "source": policy.source,
        "reason": REASON,
        "adopted_by": "mallory",
    }
    before = on_record()
    for more in ({"number": 2}, {"number": 1, "superseded_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            GatePolicy.objects.create(**facts, **more)
    assert on_record() == before
