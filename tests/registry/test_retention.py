"""A family's retention rule: set with a reason, superseding, recorded once, never edited."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine

from registry.domain.access import Actor, ActorKind, PlantScope, Role
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.models import LedgerEntry, ModelFamily, RetentionRule
from registry.models.base import Immutable
from registry.services import retention
from tests.registry.rows import a_family

pytestmark = pytest.mark.django_db

QUINN = PlantScope(Actor(ActorKind.PERSON, "quinn"), central=frozenset({Role.APPROVER}))
REASON = "Annex 4 of the supply contract of 2024."


@pytest.fixture
def family() -> ModelFamily:
    return a_family()


def put(family: ModelFamily, scope: PlantScope = QUINN, **changes: Any) -> RetentionRule:
    return retention.set_rule(scope, family, **({"classes": ["iatf"], "reason": REASON} | changes))


def on_record() -> tuple[list[dict[str, Any]], int]:
    return list(RetentionRule.objects.order_by("pk").values()), LedgerEntry.objects.count()


@time_machine.travel("2026-11-21 12:00:00+00:00", tick=False)
def test_a_rule_supersedes_the_one_before_and_both_stay_with_their_reasons(family):
    first = put(family, reason=f"  {REASON}\n")
    ended = date(2026, 11, 21)
    second = put(
        family,
        classes=["customer", "iatf"],
        customer_years=15,
        life_ended_on=ended,
        reason="The line stopped.",
        expects=1,
    )
    first.refresh_from_db()
    assert [first.number, second.number] == [1, 2]
    assert first.superseded_at
    assert not second.superseded_at
    assert (first.reason, first.set_by) == (REASON, "quinn")
    assert second.as_rule.classes == ("iatf", "customer")
    assert second.as_rule.life_ended_on == second.as_rule.set_on == ended
    entries = LedgerEntry.objects.order_by("sequence")
    assert [(one.verb, one.subject) for one in entries] == [
        ("retention.set", f"family:{family.slug}")
    ] * 2
    assert entries[1].details == {
        "number": 2,
        "classes": ["iatf", "customer"],
        "customer_years": 15,
        "life_ended_on": "2026-11-21",
    }


def test_the_same_rule_again_changes_nothing(family):
    first = put(family)
    before = on_record()
    assert put(family, reason="Once more.", expects=0) == first
    assert on_record() == before


def test_of_two_who_read_the_same_rule_the_second_is_told(family):
    put(family)
    put(family, classes=["ai_act_logs"], expects=1)
    before = on_record()
    with pytest.raises(Conflict, match=r"Retention rule 2 .* read it") as refusal:
        put(family, classes=["ai_act_documents"], expects=1)
    assert refusal.value.code == "rule-moved-on"
    assert on_record() == before


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.APPROVER}))
def test_only_quality_sets_it_and_centrally(family, role):
    before = on_record()
    central = PlantScope(Actor(ActorKind.PERSON, "else"), central=frozenset({role}))
    at_graz = PlantScope(
        Actor(ActorKind.PERSON, "ada"), at={"graz": frozenset({Role.APPROVER, role})}
    )
    for scope in (central, at_graz):
        with pytest.raises(NotAllowed, match="role approver centrally"):
            put(family, scope)
    assert on_record() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " \n"}, "reason"),
        ({"reason": "x" * 2_001}, "reason"),
        ({"reason": "a\x00b"}, "reason"),
        ({"classes": []}, "classes"),
        ({"life_ended_on": date(2999, 1, 1)}, "life_ended_on"),
    ],
)
def test_a_rule_that_breaks_a_rule_is_not_written(family, changes, field):
    before = on_record()
    with pytest.raises(Invalid) as refusal:
        put(family, **changes)
    assert field in refusal.value.fields
    assert on_record() == before


def test_nobody_edits_a_rule(family):
    rule = put(family)
    before = on_record()
    rule.life_ended_on = date(2020, 1, 1)
    with pytest.raises(Immutable):
        rule.save()
    with pytest.raises(Immutable):
        RetentionRule.objects.update(reason="Another.")
    assert on_record() == before
