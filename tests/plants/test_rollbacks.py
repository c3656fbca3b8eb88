"""A rollback works for an operator, at once, whatever governance thinks of anything."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plants.domain.desired_state import Mode
from plants.models import Deployment
from plants.selectors.deployments import known_good, meant
from plants.services import deployments, lines, rollbacks, sites
from plants.services.access import scope_for
from registry.domain.access import portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry
from registry.services import versions
from tests.factories import registry as rows
from tests.factories.deployments import clearance_for, put, refused, running
from tests.factories.reports import reports

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")
_NUMBERS = ("1.0.0", "1.1.0", "1.2.0")


@pytest.fixture
def family(db):
    return rows.family()


@pytest.fixture
def here(graz, family):
    return reports(graz, family)


@pytest.fixture
def station(here):
    return here.station


@pytest.fixture
def three(family):
    recipe = rows.recipe()
    return [rows.version(family, recipe, number=number) for number in _NUMBERS]


@pytest.fixture
def operator(otto):
    return scope_for(otto)


def test_an_operator_puts_the_version_before_back_without_a_word(station, three, operator):
    first, second = (put(station, one) for one in three[:2])
    back = rollbacks.roll_back(operator, station, to="previous")
    assert running(station) == {("active", "1.0.0")}
    assert (back.back_to, back.clearance, back.reason) == (first, None, "")
    second.refresh_from_db()
    assert second.ended_by == "otto"
    told, ended = LedgerEntry.objects.order_by("-sequence")[:2]
    assert (ended.verb, told.verb) == ("deployment.ended", "deployment.rolled-back")
    assert told.details["away_from"] == "surface-defects 1.1.0 (graz) in active"
    assert told.actor == "person:otto"


def test_those_who_do_not_work_at_the_line_roll_nothing_back(
    station, three, vera, clara, stan, ines
):
    put(station, three[0])
    for person in (vera, clara):
        refused(
            NotAllowed,
            lambda who=person: rollbacks.roll_back(scope_for(who), station, to="human_gate"),
        )
    refused(NotFound, lambda: rollbacks.roll_back(scope_for(stan), station, to="human_gate"))
    rollbacks.roll_back(scope_for(ines), station, to="human_gate")
    assert running(station) == {("human_gate", "")}


@pytest.mark.parametrize("way", ["human_gate", "permissive"])
def test_a_fallback_takes_the_place_of_all_that_decides_and_twice_changes_nothing(
    way, station, three, operator
):
    for version, mode in zip(three, (Mode.ACTIVE, Mode.CANARY, Mode.SHADOW), strict=True):
        put(station, version, mode)
    first = rollbacks.roll_back(operator, station, to=way, reason=" The lamp flickers. ")
    assert running(station) == {(way, ""), ("shadow", "1.2.0")}
    assert first.reason == "The lamp flickers."
    entries = LedgerEntry.objects.count()
    assert rollbacks.roll_back(operator, station, to=way, reason="Again.") == first
    assert LedgerEntry.objects.count() == entries


def test_the_other_fallback_takes_the_place_of_one(station, operator):
    rollbacks.roll_back(operator, station, to="permissive")
    rollbacks.roll_back(operator, station, to="human_gate")
    assert running(station) == {("human_gate", "")}


def test_a_canary_that_misbehaves_ends_and_what_decides_stays(station, three, operator):
    decides = put(station, three[0])
    put(station, three[1], Mode.CANARY)
    assert rollbacks.roll_back(operator, station, to="previous") == decides
    assert running(station) == {("active", "1.0.0")}
    told = LedgerEntry.objects.latest("sequence")
    assert (told.verb, told.subject) == ("deployment.rolled-back", f"deployment:{decides.pk}")


def test_a_canary_beside_a_fallback_or_beside_nothing_ends_too(station, three, operator):
    alone = put(station, three[0], Mode.CANARY)
    ended = rollbacks.roll_back(operator, station, to="previous")
    assert (ended, running(station)) == (alone, set())
    gate = rollbacks.roll_back(operator, station, to="human_gate")
    for way in ("previous", "human_gate"):
        put(station, three[0], Mode.CANARY)
        assert rollbacks.roll_back(operator, station, to=way) == gate
        assert running(station) == {("human_gate", "")}


def test_what_decides_can_be_left_while_a_canary_runs_which_ends_with_it(station, three, operator):
    put(station, three[0])
    decides = put(station, three[1])
    put(station, three[2], Mode.CANARY)
    rollbacks.roll_back(operator, station, to="previous", away_from=decides.pk)
    assert running(station) == {("active", "1.0.0")}


def test_a_second_press_does_not_go_back_twice(station, three, operator):
    for version in three:
        seen = put(station, version)
    press = {"to": "previous", "away_from": seen.pk}
    rollbacks.roll_back(operator, station, **press)
    said = refused(Conflict, lambda: rollbacks.roll_back(operator, station, **press))
    assert "surface-defects 1.1.0 (graz) in active" in said
    assert running(station) == {("active", "1.1.0")}
    rollbacks.roll_back(operator, station, to="previous")
    assert running(station) == {("active", "1.0.0")}


def test_what_a_rollback_took_away_returns_by_a_release_only(station, three, operator):
    put(station, three[0])
    put(station, three[1])
    rollbacks.roll_back(operator, station, to="human_gate")
    rollbacks.roll_back(operator, station, to="previous")
    assert running(station) == {("active", "1.0.0")}
    refused(Conflict, lambda: rollbacks.roll_back(operator, station, to="previous"))
    put(station, three[1])
    assert running(station) == {("active", "1.1.0")}


def test_where_nothing_came_before_the_two_fallbacks_are_named(station, three, operator):
    put(station, three[0])
    said = refused(Conflict, lambda: rollbacks.roll_back(operator, station, to="previous"))
    assert "human_gate" in said
    assert "permissive" in said
    said = refused(Invalid, lambda: rollbacks.roll_back(operator, station, to="shadow"))
    assert "previous" in said


def test_retired_versions_expired_clearances_and_other_families_do_not_stop_it(
    station, three, operator, family
):
    soon = timezone.now() + timedelta(milliseconds=300)
    for version in three:
        clearance = clearance_for(version, station.line, expires_at=soon)
        put(station, version, clearance=clearance)
    for version in three[1:]:
        versions.move(_portal, version, to="retired")
    assert known_good(operator, station).version == three[0]
    rollbacks.roll_back(operator, station, to="previous")
    assert running(station) == {("active", "1.0.0")}
    rollbacks.roll_back(operator, station, to="permissive")
    other = rows.family("weld-seams")
    station.refresh_from_db()
    lines.change_station(_portal, station, name="Camera A", family=other)
    put(station, rows.version(other, three[0].recipe))
    refused(Conflict, lambda: rollbacks.roll_back(operator, station, to="previous"))


def test_a_version_that_shadows_and_is_put_back_judges_once(station, three, operator):
    put(station, three[0])
    put(station, three[1])
    put(station, three[0], Mode.SHADOW)
    rollbacks.roll_back(operator, station, to="previous")
    assert running(station) == {("active", "1.0.0")}


def test_nothing_runs_at_a_closed_place_so_nothing_goes_back(here, station, three, operator, graz):
    put(station, three[0])
    lines.close_station(_portal, station)
    for _ in ("the station", "then the plant"):
        said = refused(Conflict, lambda: rollbacks.roll_back(operator, station, to="human_gate"))
        assert "is closed" in said
        sites.close_plant(_portal, graz)
    assert running(station) == set()


def test_what_is_meant_to_run_is_read_for_all_stations_at_once(
    here, station, three, operator, family, django_assert_num_queries
):
    beside = lines.open_station(_portal, here.line, code="cam-b", name="B", family=family)
    empty = lines.open_station(_portal, here.line, code="cam-c", name="C", family=family)
    first = put(station, three[0])
    second = put(station, three[1])
    canary = put(beside, three[2], Mode.CANARY)
    with django_assert_num_queries(2):
        found = meant(operator, [station, beside, empty])
        assert [str(row.version) for one in found for row in one.running]
    assert (found[0].decides, found[0].back_to) == (second, first)
    assert (found[1].canary, found[1].away_from, found[1].back_to) == (canary, canary, None)
    assert found[2].running == []


_STEPS = st.lists(
    st.tuples(
        st.sampled_from([*Mode, "stop", "retire", "previous"]), st.integers(0, len(_NUMBERS) - 1)
    ),
    max_size=8,
)


@pytest.mark.slow
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=_STEPS)
def test_an_operator_rolls_back_in_every_state_that_can_be_reached(steps, station, three, operator):
    with transaction.atomic():
        for what, which in steps:
            _do(what, station, three[which], operator)
        for way in rollbacks.WAYS:
            good = known_good(operator, station)
            has_canary = any(mode == "canary" for mode, _ in running(station))
            if way == "previous" and not (good or has_canary):
                refused(Conflict, lambda: rollbacks.roll_back(operator, station, to="previous"))
                continue
            rollbacks.roll_back(operator, station, to=way)
            modes = {mode for mode, _ in running(station)}
            assert "canary" not in modes
            assert way == "previous" or modes - {"shadow"} == {way}
        for row in Deployment.objects.exclude(version=None):
            assert row.clearance or row.back_to.clearance
        transaction.set_rollback(True)


def _do(what, station, version, operator) -> None:
    """One step of somebody; what is refused has not happened."""
    try:
        if what == "stop":
            for row in Deployment.objects.running().filter(station=station):
                deployments.stop(_portal, row)
        elif what == "retire":
            versions.move(_portal, version, to="retired")
        elif what in rollbacks.WAYS:
            rollbacks.roll_back(operator, station, to=what)
        else:
            put(station, version, what)
    except Conflict:
        pass


def test_a_rollback_loads_nothing_of_governance_and_no_clearance():
    """Nothing that it imports, at any depth, could ever refuse it for governance's reasons."""
    source = (
        "import os, sys, django;"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup();"
        "before = set(sys.modules);"
        "import plants.services.rollbacks;"
        "late = set(sys.modules) - before | {'plants.services.rollbacks'};"
        "print(any(one.startswith('governance.') for one in late),"
        " 'plants.services.deployments' in late, 'plants.domain.clearance' in late)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False", "False"]
