"""A version judged where it is to run: on that plant's rows, beside that plant's champion."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.domain.gate_differences import paired_differences, unpaired_differences
from governance.domain.gates import Facts
from governance.selectors import gates
from governance.selectors.gate_facts import facts_of
from governance.services import policies
from registry.domain.access import CENTRE, PlantScope, portal_scope
from registry.domain.errors import Invalid, NotFound
from registry.domain.jobs import JobState
from registry.domain.paired import Cells
from registry.models import ModelFamily, ModelVersion, Recipe
from tests.factories import registry as rows
from tests.factories.compared import pairing
from tests.governance.selectors.test_gate_facts import TODAY, Line

pytestmark = pytest.mark.django_db

POLICY = """\
apiVersion: lineward.policy/v1
summary: What a version must show.
gates:
  - {gate: support, min_rows: 1, source: The quality agreement of 2026.}
  - {gate: freshness, max_days: 3000, source: The quality agreement of 2026.}
  - {gate: no-regression, against: champion, margin: 0.3, from: canary, source: Twin lines.}
"""


@pytest.fixture
def family(db) -> ModelFamily:
    return rows.family()


@pytest.fixture
def recipe(db) -> Recipe:
    return rows.recipe()


@pytest.fixture
def line(family, recipe) -> Line:
    return Line(family, recipe)


def at(plant: str, version: ModelVersion, scope: PlantScope | None = None) -> Facts:
    scope = scope or portal_scope()
    return facts_of(scope, version.family, [version], today=TODAY, plant=plant)[version.pk]


def outcomes(version: ModelVersion, **facts: str) -> dict[str, str]:
    found = gates.review(portal_scope(), version, **facts)
    assert found.review is not None
    return {one.gate: one.outcome for one in found.review.outcomes}


# --- Its figures there ---------------------------------------------------------------------------


def test_the_newest_evaluation_at_the_plant_is_what_counts(line):
    version = line.add(1, "leipzig", skill=5.0)
    line.score(2, version, rows.manifest("graz"), skill=2.0)
    there = rows.manifest("graz", rows=200)
    line.score(3, version, there, skill=1.0, n=60)
    line.score(4, version, rows.manifest("brno"), skill=0.5)
    found = at("graz", version)
    assert found.report == rows.report(60, 1.0)
    assert str(found.newest_day) == there.document["days"]["last"]
    assert at("leipzig", version).report == version.metrics


def test_its_own_plant_by_name_is_its_own_plant(line):
    line.add(1)
    version = line.add(2)
    facts = facts_of(portal_scope(), version.family, [version], today=TODAY)
    assert at("graz", version) == facts[version.pk]


def test_where_it_was_not_evaluated_an_evaluation_is_to_be_ordered(line):
    policies.adopt(portal_scope(), line.family, source=POLICY, reason="Agreed.")
    version = line.add(1, "leipzig")
    line.add(1, "graz")
    found = gates.review(portal_scope(), version, plant="graz")
    reason = (
        f"{version.version} has not been evaluated at graz yet: order an evaluation there "
        "together with its champion."
    )
    assert {one.outcome for one in found.review.outcomes} == {"insufficient"}
    assert {one.reason for one in found.review.outcomes} == {reason}
    line.score(2, version, rows.manifest("graz"))
    assert outcomes(version, plant="graz")["support"] == "pass"


# --- Whom it is held against there ---------------------------------------------------------------


def test_it_is_held_against_that_plants_champion_on_the_same_rows(line):
    base = line.publish(0)
    line.add(1, "graz"), line.add(4, "leipzig")
    champion = line.add(2, "graz")
    line.add(3, "graz", dataset="weld-seams"), line.add(4, "graz", stage="retired")
    version = line.add(3, "leipzig")
    data = rows.manifest("graz")
    mine = line.score(5, version, data, skill=3.0)
    pair = pairing(line.score(5, champion, data, skill=1.0), mine, apart=2)
    line.score(5, base, data, skill=2.0)
    found = at("graz", version)
    cells = {name: Cells(*four).swapped() for name, four in pair.counts.items()}
    held = found.references["champion"]
    assert held.name == f"champion {champion.version} (graz)"
    assert held.is_paired
    assert held.classes == paired_differences(cells)
    assert found.references["baseline"].name == f"baseline {base.version}"
    assert found.references["baseline"].classes == unpaired_differences(
        rows.report(75, 3.0), rows.report(75, 2.0)
    )


def test_a_baseline_is_held_against_the_champion_of_each_plant(line):
    base = line.publish(0)
    for plant in ("graz", "leipzig"):
        champion, data = line.add(1, plant), rows.manifest(plant)
        line.score(2, base, data)
        assert "champion" in at(plant, base).without, "not on the same rows yet"
        line.score(2, champion, data)
        found = at(plant, base)
        assert found.references["champion"].name == f"champion {champion.version} ({plant})"
        assert found.without == {"baseline": "It is the baseline itself."}


def test_a_champion_registered_later_than_the_version_is_the_champion(line):
    version = line.add(1, "leipzig")
    later, data = line.add(3, "graz"), rows.manifest("graz")
    line.score(4, version, data), line.score(4, later, data)
    assert at("graz", version).references["champion"].name == f"champion {later.version} (graz)"


def test_elsewhere_is_every_plant_but_the_one_judged_at(line):
    version = line.add(1, "leipzig")
    line.score(2, version, rows.manifest("graz")), line.score(2, version, rows.manifest("brno"))
    assert {one.plant for one in at("graz", version).elsewhere} == {"leipzig", "brno"}
    assert {one.plant for one in at("leipzig", version).elsewhere} == {"graz", "brno"}


# --- For a stage ---------------------------------------------------------------------------------


def test_only_the_gates_of_the_stage_are_asked(line):
    policies.adopt(portal_scope(), line.family, source=POLICY, reason="Agreed.")
    version = line.add(1)
    assert outcomes(version, mode="shadow") == {"support": "pass", "freshness": "pass"}
    canary = {"support": "pass", "freshness": "pass", "no-regression": "insufficient"}
    assert outcomes(version, mode="canary") == outcomes(version, mode="active") == canary
    assert outcomes(version) == canary
    assert (
        gates.review(portal_scope(), version, mode="shadow").sentence == "All 2 gates are passed."
    )


def test_a_mode_that_is_no_stage_is_refused(line):
    version = line.add(1)
    with pytest.raises(Invalid) as caught:
        gates.review(portal_scope(), version, mode="permissive")
    assert "mode" in caught.value.fields


# --- Who asks ------------------------------------------------------------------------------------


def test_a_plant_is_told_nothing_of_a_baseline_at_another(line, ines, leipzig, petra, scope_of):
    base = line.publish(0)
    line.score(2, base, rows.manifest("leipzig"), skill=1.0)
    line.add(1, "leipzig")
    with pytest.raises(NotFound, match="no plant leipzig, or you may not know of it"):
        at("leipzig", base, scope_of(ines))
    assert at("leipzig", base, scope_of(petra)).report == rows.report(75, 1.0)
    assert gates.evaluated_at(scope_of(ines), base) == []
    assert gates.evaluated_at(scope_of(petra), base) == ["leipzig"]


def test_a_neighbours_champion_and_figures_do_not_enter(line, ines, leipzig, scope_of):
    base = line.publish(0)
    line.score(2, base, rows.manifest("leipzig"), skill=1.0)
    data = rows.manifest("graz")
    line.score(2, base, data)
    theirs = line.add(1, "leipzig")
    line.score(2, theirs, data)
    found = at("graz", base, scope_of(ines))
    assert found.report == rows.report(75, 3.0)
    assert "leipzig" not in str(found)
    assert {one.plant for one in found.elsewhere} == {CENTRE}


def test_a_plant_may_know_how_often_the_centre_made_a_baseline_again(
    line, family, recipe, ines, leipzig, petra, scope_of
):
    base = line.publish(0)
    draft = line.add(1, CENTRE, manifest=base.manifest)
    theirs = line.add(1, "leipzig")
    for plant, version in ((CENTRE, base), (CENTRE, base), ("leipzig", base), ("leipzig", theirs)):
        result = {"version": str(version.pk)}
        rows.job(family, recipe, plant, JobState.SUCCEEDED, result=result)
    for user, runs in ((ines, 2), (petra, 3)):
        found = at("graz", base, scope_of(user))
        assert (found.same_file, found.other_files) == (runs, 1)
        assert draft.version not in str(found)
    assert at("graz", theirs, scope_of(ines)).same_file == 0


def test_a_review_at_a_plant_asks_a_constant_number_of_queries(line):
    policies.adopt(portal_scope(), line.family, source=POLICY, reason="Agreed.")

    def queries(version: ModelVersion) -> int:
        with CaptureQueriesContext(connection) as asked:
            gates.review(portal_scope(), version, plant="graz", mode="active")
        return len(asked)

    base = line.publish(0)
    champion, data = line.add(1, "graz"), rows.manifest("graz")
    line.score(2, champion, data), line.score(2, base, data)
    few = queries(base)
    for day in range(2, 9):
        champion, data = line.add(day, "graz"), rows.manifest("graz")
        line.score(day, champion, data), line.score(day, base, data)
        line.score(day, base, rows.manifest("brno"))
    assert queries(base) == few <= 12
