"""The newest slices of a version, and what its family's gate makes of them."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.domain.gates import judge
from governance.selectors.gate_facts import facts_of
from governance.selectors.gate_slices import slices_of
from registry.domain.access import Actor, ActorKind, PlantScope, Role, portal_scope
from registry.domain.errors import Invalid
from registry.domain.metrics import check_report
from registry.models import Evaluation
from tests.factories import registry as rows
from tests.factories import slices

pytestmark = pytest.mark.django_db
SCOPE = portal_scope("test")
GATE = {
    "gate": "robustness",
    "under": "light@1",
    "lowest": 0.8,
    "highest": 2.5,
    "max_drop": 0.1,
    "min_rows": 60,
    "warns": False,
    "source": "The lamp's data sheet.",
}


@pytest.fixture
def version(db):
    return rows.version(rows.family(), rows.recipe())


def judged(version, scope: PlantScope = SCOPE, plant: str | None = None):
    known = facts_of(scope, version.family, [version], today=date(2026, 11, 21), plant=plant)
    return judge({"gates": [GATE]}, known[version.pk]).outcomes[0]


def test_the_cast_is_what_a_plant_may_send():
    sent = slices.stressed(rows.report())
    check_report(sent)
    assert sent["slices"]
    forged = {**sent, "n": sent["n"] + 1}
    with pytest.raises(Invalid, match="counts add up"):
        check_report(forged)


def test_a_version_that_nobody_tried_has_none_and_its_gate_says_the_way_out(version):
    assert slices_of(SCOPE, [version]) == {}
    found = judged(version)
    assert found.outcome == "insufficient"
    assert "add light@1 to the recipe's stress" in found.reason


def test_an_evaluation_by_a_newer_recipe_gives_an_older_version_its_slices(version):
    slices.evaluation(version, version.manifest)
    found = judged(version)
    assert (found.outcome, found.n) == ("fail", 75)
    assert found.reason.startswith("Light: holds from 0.8 to 1.25 times the lamp's level; ")
    assert " points at 2.5 (" in found.reason


def test_the_newest_counts_and_one_without_slices_hides_none(version):
    slices.evaluation(version, version.manifest)
    slices.evaluation(version, version.manifest, {("light@1", 0.8): 0, ("light@1", 2.5): 0})
    rows.evaluation(version, version.manifest)
    (found,) = slices_of(SCOPE, [version]).values()
    assert [level.value for level in found.levels] == [0.8, 2.5]
    assert [level.drop for level in found.levels] == [0, 0]


def test_another_plants_rows_are_told_apart_and_read_only_by_who_may(version):
    slices.evaluation(version, rows.manifest("brno"))
    assert slices_of(SCOPE, [version]) == {}
    assert list(slices_of(SCOPE, [version], "brno")) == [version.pk]
    assert judged(version, plant="brno").outcome == "fail"
    graz = PlantScope(Actor(ActorKind.PERSON, "ines"), at={"graz": frozenset({Role.ENGINEER})})
    assert slices_of(graz, [version], "brno") == {}


def test_many_versions_take_one_query(version):
    others = [
        rows.version(version.family, version.recipe, number=f"1.{minor}.0") for minor in (1, 2, 3)
    ]
    for one in (version, *others):
        slices.evaluation(one, one.manifest)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        found = slices_of(SCOPE, [version, *others])
    assert (len(seen), len(found), Evaluation.objects.count()) == (1, 4, 8)
