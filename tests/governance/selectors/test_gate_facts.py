"""What gates are told of a version: its figures, whom it stands beside, and no other plant's."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.domain.gate_differences import paired_differences, unpaired_differences
from governance.domain.gates import Elsewhere, Facts
from governance.selectors.gate_facts import facts_of
from registry.domain.access import CENTRE, PlantScope, portal_scope
from registry.domain.jobs import JobKind, JobState
from registry.domain.paired import Cells
from registry.models import DatasetManifest, ModelFamily, ModelVersion, Recipe
from tests.factories import registry as rows
from tests.factories.compared import pairing
from tests.registry.rows import a_manifest, a_version

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 4, 1)
NOT_SCORED = "Its hold-out is not known before its plant has evaluated it."
NO_BASELINE = "The family has no baseline to hold it against."


def on_day(number: int) -> AbstractContextManager[Any]:
    return time_machine.travel(START + timedelta(days=number), tick=False)


@pytest.fixture
def family(db) -> ModelFamily:
    return rows.family()


@pytest.fixture
def recipe(db) -> Recipe:
    return rows.recipe()


class Line:
    """Versions of one family by the day they were registered on."""

    def __init__(self, family: ModelFamily, recipe: Recipe) -> None:
        self.family, self.recipe, self.made = family, recipe, 0

    def add(self, day: int, origin: str = "graz", **facts: Any) -> ModelVersion:
        self.made += 1
        with on_day(day):
            return rows.version(
                self.family,
                self.recipe,
                origin,
                f"1.{self.made}.0",
                **{"dataset": "castings", **facts},
            )

    def publish(self, day: int, until: int | None = None) -> ModelVersion:
        version = self.add(day, CENTRE)
        with on_day(day):
            rows.baseline(version, START + timedelta(days=until) if until else None)
        return version

    def score(self, day: int, version: ModelVersion, on: DatasetManifest, **facts: Any) -> Any:
        with on_day(day):
            return rows.evaluation(version, on, **facts)


@pytest.fixture
def line(family, recipe) -> Line:
    return Line(family, recipe)


def told(version: ModelVersion, scope: PlantScope | None = None, **facts: Any) -> Facts:
    found = facts_of(scope or portal_scope(), version.family, [version], today=TODAY, **facts)
    assert list(found) == [version.pk]
    return found[version.pk]


def names(version: ModelVersion, **facts: Any) -> dict[str, str]:
    """Whom it is held against, or why nobody, by role."""
    found = told(version, **facts)
    return {**found.without, **{role: one.name for role, one in found.references.items()}}


# --- Its own figures -----------------------------------------------------------------------------


def test_a_jobs_version_is_judged_by_the_report_it_was_registered_with(line):
    version = line.add(1, skill=2.5)
    line.score(2, version, version.manifest, skill=0.5)
    found = told(version)
    assert found.report == version.metrics == rows.report(75, 2.5)
    assert (found.metric, found.today) == ("balanced_accuracy", TODAY)


def test_an_upload_is_judged_by_its_plants_newest_evaluation_and_never_by_its_claims(line):
    upload = line.add(1, made_by="upload", metrics={}, claimed_metrics={"accuracy": 0.999})
    assert told(upload).report == rows.report(75, 3.0)
    line.score(2, upload, rows.manifest("graz"), skill=2.0)
    line.score(3, upload, rows.manifest("graz", "weld-seams"), skill=4.0)
    line.score(4, upload, rows.manifest("leipzig"), skill=5.0)
    found = told(upload)
    assert found.report == rows.report(75, 2.0)
    assert "0.999" not in str(found)


def test_an_upload_that_nobody_has_evaluated_has_no_figures(family, line):
    line.publish(0)
    upload = a_version(
        family, made_by="upload", metrics={}, dataset="castings", claimed_metrics={"accuracy": 1.0}
    )
    found = told(upload)
    assert (found.report, found.newest_day, dict(found.references)) == (None, None, {})
    assert set(found.without.values()) == {NOT_SCORED}


def test_the_newest_day_is_that_of_the_holdouts_manifest(line):
    version = line.add(1)
    assert told(version).newest_day == date.fromisoformat(version.manifest.document["days"]["last"])
    assert told(line.add(2, manifest=a_manifest())).newest_day is None


# --- Whom it is held against ---------------------------------------------------------------------


def test_without_anything_before_it_there_is_nobody(line):
    version = line.add(1)
    assert names(version) == {"baseline": NO_BASELINE, "champion": NO_BASELINE}


def test_where_the_plant_had_none_the_baseline_is_the_champion(line):
    base = line.publish(0)
    version = line.add(1)
    line.score(1, base, version.manifest, skill=1.0)
    known = told(version)
    assert {one.name for one in known.references.values()} == {f"baseline {base.version}"}
    assert known.references.keys() == {"baseline", "champion"}


def test_the_baseline_has_nothing_to_lose_against_itself(line):
    base = line.publish(0)
    itself = "It is the baseline itself."
    assert names(base) == {"baseline": itself, "champion": itself}


def test_the_champion_is_the_plants_version_before(line):
    for day in (1, 2):
        line.add(day)
    before, version = line.add(3), line.add(4)
    line.add(5)
    line.add(3, "leipzig"), line.add(3, dataset="weld-seams")
    line.score(4, before, version.manifest)
    assert names(version)["champion"] == f"champion {before.version} (graz)"


def test_the_oldest_versions_are_judged_on_what_they_were_trained_on(line):
    before, other = line.add(1, dataset=""), line.add(2, manifest=rows.manifest("graz", "seams"))
    another = line.add(3, dataset="", manifest=rows.manifest("graz", "seams"))
    assert (other.dataset, another.manifest.dataset) == ("castings", "seams")
    version, newer = line.add(4, dataset=""), line.add(5)
    for one in (other, version):
        line.score(5, one, version.manifest)
        line.score(5, one, newer.manifest)
    assert names(version)["champion"] == f"champion {other.version} (graz)"
    assert names(newer)["champion"] == f"champion {version.version} (graz)"
    assert before.version in names(other)["champion"]


def test_a_retired_version_is_no_champion_today_but_was_one_then(line):
    older, before = line.add(1), line.add(2, stage="retired")
    version = line.add(3)
    for one in (older, before):
        line.score(3, one, version.manifest)
    assert names(version)["champion"] == f"champion {older.version} (graz)"
    assert names(version, as_registered=True)["champion"] == f"champion {before.version} (graz)"


def test_an_upload_that_nobody_has_evaluated_is_no_champion(family, line):
    older = line.add(1)
    with on_day(2):
        a_version(family, version="7.0.0", made_by="upload", metrics={}, dataset="castings")
    version = line.add(3)
    line.score(3, older, version.manifest)
    assert names(version)["champion"] == f"champion {older.version} (graz)"


def test_the_baseline_is_the_current_one_or_the_one_of_that_day(line):
    first = line.publish(1, until=10)
    early, version = line.add(0), line.add(5)
    second = line.publish(10)
    for one in (first, second):
        for on in (early, version):
            line.score(11, one, on.manifest)
    assert names(version)["baseline"] == f"baseline {second.version}"
    assert names(version, as_registered=True)["baseline"] == f"baseline {first.version}"
    assert names(early)["baseline"] == f"baseline {second.version}"
    assert names(early, as_registered=True)["baseline"] == NO_BASELINE


def test_a_backtest_counts_days_up_to_the_registration(line):
    version = line.add(5)
    assert told(version, as_registered=True).today == date(2026, 3, 7)


# --- Beside it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_swapped", [False, True])
def test_joint_counts_are_used_whichever_version_was_written_down_first(line, is_swapped):
    before, version = line.add(1), line.add(2, skill=3.0)
    mine = version.evaluations.get()
    other = line.score(2, before, version.manifest, skill=2.0)
    pair = pairing(other, mine, apart=2) if is_swapped else pairing(mine, other, apart=2)
    champion = told(version).references["champion"]
    cells = {name: Cells(*four) for name, four in pair.counts.items()}
    if is_swapped:
        cells = {name: one.swapped() for name, one in cells.items()}
    assert champion.is_paired
    assert champion.classes == paired_differences(cells)
    assert sum(one.value for one in champion.classes.values()) > 0


def test_the_newest_joint_counts_of_the_same_rows_are_used(line):
    before, version = line.add(1), line.add(2)
    mine = version.evaluations.get()
    other = line.score(2, before, version.manifest, skill=2.0)
    with on_day(3):
        pairing(mine, other)
    with on_day(4):
        newest = pairing(other, mine, apart=3)
    elsewhere = line.score(5, version, rows.manifest("graz"))
    with on_day(5):
        pairing(elsewhere, line.score(5, before, elsewhere.manifest, skill=0.5))
    cells = {name: Cells(*four).swapped() for name, four in newest.counts.items()}
    assert told(version).references["champion"].classes == paired_differences(cells)


def test_without_joint_counts_the_two_reports_on_the_same_rows_are_held_together(line):
    before, version = line.add(1), line.add(2)
    line.score(2, before, version.manifest, skill=0.5)
    line.score(3, before, version.manifest, skill=2.0)
    champion = told(version).references["champion"]
    assert not champion.is_paired
    assert champion.classes == unpaired_differences(version.metrics, rows.report(75, 2.0))


def test_without_both_on_the_same_rows_an_evaluation_of_both_is_to_be_ordered(line):
    before, version = line.add(1), line.add(2)
    line.score(2, before, rows.manifest("graz"))
    found = told(version)
    assert not found.references
    assert found.without["champion"] == (
        f"The champion {before.version} (graz) was not evaluated on the same rows: order an "
        "evaluation of both together."
    )


# --- Elsewhere and again -------------------------------------------------------------------------


def test_elsewhere_is_the_newest_figure_of_each_other_plant(line):
    version = line.add(1)
    line.score(2, version, rows.manifest("leipzig"), skill=0.5)
    line.score(3, version, rows.manifest("leipzig"), skill=2.0, n=120)
    line.score(2, version, rows.manifest("brno"), skill=1.0)
    line.score(4, version, version.manifest, skill=0.1)

    def value(n: int, skill: float) -> float:
        return rows.report(n, skill)["metrics"]["balanced_accuracy"]["value"]

    assert sorted(told(version).elsewhere, key=lambda one: one.plant) == [
        Elsewhere("brno", value(75, 1.0), 75),
        Elsewhere("leipzig", value(120, 2.0), 120),
    ]


def test_the_same_job_again_is_counted_by_its_file(line, family, recipe):
    data = rows.manifest("graz")
    version, same_inputs = line.add(1, manifest=data), line.add(2, manifest=data)
    others = [
        line.add(3),
        line.add(4, manifest=data, code_commit="another"),
        line.add(5, manifest=data, artifact=version.artifact),
        line.add(6, "leipzig", manifest=data),
    ]
    for kind, of in (
        (JobKind.RETRAIN, version),
        (JobKind.RETRAIN, version),
        (JobKind.EVALUATE, version),
        (JobKind.RETRAIN, same_inputs),
    ):
        result = {"version": str(of.pk)}
        rows.job(family, recipe, state=JobState.SUCCEEDED, kind=kind, result=result)
    known = facts_of(portal_scope(), family, [version, same_inputs, *others], today=TODAY)
    assert (known[version.pk].same_file, known[version.pk].other_files) == (2, 1)
    assert (known[same_inputs.pk].same_file, known[same_inputs.pk].other_files) == (1, 2)
    assert [known[one.pk].other_files for one in others] == [0, 0, 1, 0]


# --- Who asks ------------------------------------------------------------------------------------


def test_a_plant_is_told_nothing_of_another(line, family, recipe, ines, leipzig, petra, scope_of):
    base = line.publish(0)
    version = line.add(2, parent=base)
    line.add(1, "leipzig")
    line.score(3, base, version.manifest, skill=2.0)
    line.score(3, version, rows.manifest("leipzig"), skill=1.0)
    line.score(3, base, rows.manifest("leipzig"), skill=1.0)
    result = {"version": str(version.pk)}
    rows.job(family, recipe, "leipzig", JobState.SUCCEEDED, result=result)
    mine, everything = scope_of(ines), scope_of(petra)

    known = facts_of(mine, family, [version, base], today=TODAY)
    assert known[version.pk].elsewhere == []
    assert known[version.pk].same_file == 0
    assert [one.plant for one in known[base.pk].elsewhere] == ["graz"]
    assert "leipzig" not in str(known)
    assert known[version.pk].references["champion"].name == f"baseline {base.version}"
    shown = facts_of(everything, family, [version, base], today=TODAY)
    assert [one.plant for one in shown[version.pk].elsewhere] == ["leipzig"]
    assert shown[version.pk].same_file == 1
    assert {one.plant for one in shown[base.pk].elsewhere} == {"graz", "leipzig"}


def test_a_strangers_upload_has_no_figures_for_the_plant(line, stan, scope_of):
    upload = line.add(1, made_by="upload", metrics={})
    line.score(2, upload, rows.manifest("leipzig"))
    assert told(upload, scope_of(stan)).report is None


def test_joint_counts_and_reports_of_a_plant_are_for_nobody_elses_eyes(line, ines, stan, scope_of):
    before, version = line.add(1), line.add(2)
    mine = version.evaluations.get()
    pairing(mine, line.score(2, before, version.manifest, skill=2.0))
    assert told(version, scope_of(ines)).references["champion"].is_paired
    found = told(version, scope_of(stan))
    assert not found.references
    assert before.version not in str(found.without)


@pytest.mark.parametrize("as_registered", [False, True])
def test_twelve_versions_take_as_many_queries_as_one(line, family, recipe, as_registered):
    base = line.publish(0)
    versions = []
    for day in range(1, 14):
        version = line.add(day)
        if versions:
            other = line.score(day, versions[-1], version.manifest, skill=2.0)
            pairing(version.evaluations.get(), other)
        line.score(day, base, version.manifest, skill=1.0)
        line.score(day, version, rows.manifest("leipzig"))
        result = {"version": str(version.pk)}
        rows.job(family, recipe, state=JobState.SUCCEEDED, result=result)
        versions.append(version)

    def queries(some: list[ModelVersion]) -> int:
        with CaptureQueriesContext(connection) as asked:
            found = facts_of(portal_scope(), family, some, today=TODAY, as_registered=as_registered)
        assert all(one.references.keys() == {"baseline", "champion"} for one in found.values())
        return len(asked)

    some = list(ModelVersion.objects.filter(pk__in=[one.pk for one in versions[1:]]))
    assert len(some) == 12
    assert queries(some[:1]) == queries(some) <= 12
