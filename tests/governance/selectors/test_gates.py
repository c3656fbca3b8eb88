"""What a family's policy says of a version, and what a proposal would have said of them all."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.domain import policies as rules
from governance.domain.backtest import cost_of
from governance.domain.gates import GateOutcome, Review
from governance.selectors import gates
from governance.services import policies
from registry.domain.access import CENTRE, portal_scope
from registry.models import ModelFamily, Recipe
from tests.factories import registry as rows

pytestmark = pytest.mark.django_db

POLICY = """\
apiVersion: lineward.policy/v1
summary: What a version must show.
gates:
  - {gate: support, min_rows: 10, source: The quality agreement of 2026.}
  - {gate: latency, max_ms: 100, source: The cycle time of line 2 is 1.2 s.}
  - {gate: transfer, max_drop: 0.1, min_plants: 1, warns: true, source: Twin lines.}
"""
NEVER = POLICY.replace("max_ms: 100", "max_ms: 0.001")


@pytest.fixture
def family(db) -> ModelFamily:
    return rows.family()


@pytest.fixture
def recipe(db) -> Recipe:
    return rows.recipe()


def adopted(family: ModelFamily, source: str = POLICY):
    return policies.adopt(portal_scope(), family, source=source, reason="Agreed.")


def outcome(gate: str, said, *, warns: bool = False) -> GateOutcome:
    return GateOutcome(gate, said, "why", "rule", "source", warns)


def test_without_a_policy_nothing_is_asked_for(family, recipe):
    version = rows.version(family, recipe)
    adopted(rows.family("weld-seams"))
    found = gates.review(portal_scope(), version)
    assert (found.policy, found.review) == (None, None)
    assert found.sentence == (
        "Surface-defects has no gate policy yet, so nothing is asked for.".replace("-", " ")
    )


def test_the_policy_in_force_is_what_counts(family, recipe):
    version = rows.version(family, recipe)
    adopted(family, NEVER)
    refused = gates.review(portal_scope(), version)
    second = adopted(family)
    found = gates.review(portal_scope(), version)
    assert (refused.review.outcome, refused.sentence) == (
        "fail",
        "It may not go on: latency failed.",
    )
    assert found.policy == second == gates.in_force(portal_scope(), family)
    assert (found.review.outcome, found.sentence) == ("pass", "All 2 gates are passed.")
    assert [one.gate for one in found.review.outcomes] == ["support", "latency", "transfer"]


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        (
            [outcome("support", "insufficient"), outcome("latency", "fail")],
            "It may not go on: latency failed; too little is known for rows per class.",
        ),
        (
            [outcome(gate, "fail") for gate in ("support", "latency", "escapes")],
            "It may not go on: rows per class, latency and escapes failed.",
        ),
        ([outcome("support", "pass"), outcome("latency", "pass")], "All 2 gates are passed."),
        (
            [outcome("latency", "pass"), outcome("transfer", "fail", warns=True)],
            "Nothing stands in its way.",
        ),
        ([outcome("latency", "fail", warns=True)], "Nothing stands in its way."),
    ],
)
def test_a_review_is_one_sentence(outcomes, sentence):
    assert gates.said(Review(tuple(outcomes))) == sentence


def test_whoever_has_a_role_reads_the_policy_and_a_stranger_does_not(
    family, ines, petra, nobody, scope_of
):
    policy = adopted(family)
    assert gates.in_force(scope_of(ines), family) == policy
    assert gates.in_force(scope_of(petra), family) == policy
    assert gates.in_force(scope_of(nobody), family) is None


def test_a_proposal_is_tried_on_every_version_newest_first(family, recipe):
    older = rows.version(family, recipe, number="1.0.0", n=300)
    newer = rows.version(family, recipe, number="1.1.0", n=30)
    rows.version(rows.family("weld-seams"), recipe)
    found = gates.backtest(portal_scope(), family, rules.parse(POLICY))
    assert [one.version for one in found.tried] == [newer.pk, older.pk]
    assert [one.name for one in found.tried] == ["1.1.0 (graz)", "1.0.0 (graz)"]
    assert [one.review.outcome for one in found.tried] == ["insufficient", "pass"]
    assert [one.cost for one in found.tried] == [
        cost_of(one.metrics, escape_cost=240, false_reject_cost=12) for one in (newer, older)
    ]
    assert None not in [one.cost for one in found.tried]
    assert [one.alone for one in found.gates] == [1, 0, 0]
    assert gates.in_force(portal_scope(), family) is None


def test_a_proposal_without_versions_has_nothing_to_say(family):
    found = gates.backtest(portal_scope(), family, rules.parse(POLICY))
    assert (found.tried, found.gates) == ([], [])


def test_a_plants_engineer_tries_it_on_own_versions_and_published_baselines(
    family, recipe, ines, leipzig, petra, scope_of
):
    base, draft = (rows.version(family, recipe, CENTRE, number) for number in ("1.0.0", "2.0.0"))
    rows.baseline(base)
    mine = rows.version(family, recipe, "graz", "1.0.0")
    theirs = rows.version(family, recipe, "leipzig", "1.0.0")
    document = rules.parse(POLICY)
    found = gates.backtest(scope_of(ines), family, document)
    assert {one.version for one in found.tried} == {base.pk, mine.pk}
    assert "leipzig" not in str(found)
    found = gates.backtest(scope_of(petra), family, document)
    assert {one.version for one in found.tried} == {base.pk, draft.pk, mine.pk, theirs.pk}


def test_a_backtest_asks_as_many_queries_for_twelve_versions_as_for_one(family, recipe):
    document = rules.parse(rules.STARTER)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            gates.backtest(portal_scope(), family, document)
        return len(asked)

    rows.baseline(rows.version(family, recipe, CENTRE, "1.0.0"))
    rows.version(family, recipe, "graz", "1.0.0")
    few = queries()
    for number in range(1, 12):
        rows.version(family, recipe, "graz", f"1.{number}.0")
    assert queries() == few <= 10
