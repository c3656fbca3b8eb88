"""What goes on a station, with what proof, and what gives way to it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from plants.domain.desired_state import Mode
from plants.models import Deployment
from plants.services import deployments, imports, lines, sites
from plants.services.access import scope_for
from registry.domain.access import portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry
from tests.factories import registry as rows
from tests.factories.deployments import clearance_for, put, refused, running
from tests.factories.reports import reports

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")


@pytest.fixture
def family(db):
    return rows.family()


@pytest.fixture
def recipe(db):
    return rows.recipe()


@pytest.fixture
def here(graz, family):
    return reports(graz, family)


@pytest.fixture
def version(family, recipe):
    return rows.version(family, recipe, number="1.0.0")


@pytest.fixture
def newer(family, recipe):
    return rows.version(family, recipe, number="1.1.0")


def told(count: int) -> list[str]:
    newest = LedgerEntry.objects.order_by("-sequence")[:count]
    return [entry.verb for entry in reversed(newest)]


def test_an_engineer_of_the_plant_starts_and_nobody_else(
    here, version, ines, otto, vera, clara, stan
):
    for person in (otto, vera, clara):
        refused(NotAllowed, lambda who=person: put(here.station, version, scope=scope_for(who)))
    refused(NotFound, lambda: put(here.station, version, scope=scope_for(stan)))
    clearance = clearance_for(version, here.line)
    made = put(here.station, version, scope=scope_for(ines), clearance=clearance)
    assert (made.mode, made.version, made.clearance) == ("active", version, clearance.id)
    assert made.started_by == "ines"
    entry = LedgerEntry.objects.latest("sequence")
    assert (entry.verb, entry.subject) == ("deployment.started", f"deployment:{made.pk}")
    assert entry.plant_code == "graz"
    assert entry.details["clearance"] == str(clearance.id)
    assert entry.details["station"] == "line-1/cam-a"


def test_the_same_again_changes_nothing(here, version):
    clearance = clearance_for(version, here.line)
    first = put(here.station, version, Mode.SHADOW, clearance=clearance)
    entries = LedgerEntry.objects.count()
    assert put(here.station, version, Mode.SHADOW, clearance=clearance) == first
    assert LedgerEntry.objects.count() == entries


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ceiling": "canary"}, "reaches up to canary"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired"),
    ],
    ids=["ceiling", "expired"],
)
def test_a_clearance_has_to_cover_it(here, version, changes, words):
    clearance = clearance_for(version, here.line, **changes)
    assert words in refused(Conflict, lambda: put(here.station, version, clearance=clearance))
    put(here.station, version)
    assert running(here.station) == {("active", "1.0.0")}


def test_a_clearance_of_another_line_version_or_share_counts_for_nothing(here, version, newer):
    for clearance in (clearance_for(version, here.second), clearance_for(newer, here.line)):
        said = refused(Conflict, lambda one=clearance: put(here.station, version, clearance=one))
        assert "another version or line" in said
    small = clearance_for(version, here.line, max_share=5)
    said = refused(Conflict, lambda: put(here.station, version, Mode.CANARY, clearance=small))
    assert "5 %" in said


def test_what_no_station_may_run_is_refused_with_the_way_out(here, version, family, recipe):
    draft = rows.version(family, recipe, number="0.9.0")
    other = rows.version(rows.family("weld-seams"), recipe)
    retired = rows.version(family, recipe, number="1.2.0", stage="retired")
    assert "below 1.0.0" in refused(Invalid, lambda: put(here.station, draft))
    assert "choose a station of that family" in refused(Conflict, lambda: put(here.station, other))
    assert "choose another version" in refused(Conflict, lambda: put(here.station, retired))
    assert "shadow" in refused(Invalid, lambda: put(here.station, version, Mode.HUMAN_GATE))
    put(here.station, draft, Mode.CANARY)
    assert running(here.station) == {("canary", "0.9.0")}


@pytest.mark.parametrize("share", [None, 0, 51])
def test_a_canary_says_its_share(here, version, share):
    clearance = clearance_for(version, here.line)
    common = {"mode": Mode.CANARY, "clearance": clearance}
    refused(
        Invalid,
        lambda: deployments.start(_portal, here.station, version, share=share, **common),
    )
    made = deployments.start(_portal, here.station, version, share=50, **common)
    assert made.share == 50


def test_a_version_climbs_the_stages_and_leaves_the_one_below(here, version):
    put(here.station, version, Mode.SHADOW)
    put(here.station, version, Mode.CANARY)
    assert running(here.station) == {("canary", "1.0.0")}
    assert told(2) == ["deployment.ended", "deployment.started"]
    put(here.station, version)
    assert running(here.station) == {("active", "1.0.0")}
    assert Deployment.objects.filter(ended_by="demo", ended_at__isnull=False).count() == 2
    for mode in (Mode.SHADOW, Mode.CANARY):
        said = refused(Conflict, lambda one=mode: put(here.station, version, one))
        assert "already, in active" in said


def test_another_version_tries_beside_what_decides(here, version, newer, family, recipe):
    third = rows.version(family, recipe, number="1.2.0")
    put(here.station, version)
    put(here.station, newer, Mode.CANARY)
    put(here.station, third, Mode.SHADOW)
    assert running(here.station) == {("active", "1.0.0"), ("canary", "1.1.0"), ("shadow", "1.2.0")}
    put(here.station, third, Mode.CANARY)
    assert running(here.station) == {("active", "1.0.0"), ("canary", "1.2.0")}
    put(here.station, newer, Mode.SHADOW)
    put(here.station, third)
    assert running(here.station) == {("active", "1.2.0"), ("shadow", "1.1.0")}
    put(here.station, version, Mode.SHADOW)
    assert running(here.station) == {("active", "1.2.0"), ("shadow", "1.0.0")}


def test_a_trial_is_stopped_and_what_decides_is_not(here, version, newer, ines, otto):
    shadow = put(here.station, newer, Mode.SHADOW)
    decides = put(here.station, version)
    refused(NotAllowed, lambda: deployments.stop(scope_for(otto), shadow, reason="slow"))
    said = refused(Conflict, lambda: deployments.stop(scope_for(ines), decides))
    assert "roll back" in said
    stopped = [deployments.stop(scope_for(ines), shadow, reason="slow") for _ in range(2)]
    assert all(one.ended_by == "ines" for one in stopped)
    assert told(2) == ["deployment.started", "deployment.ended"]
    assert LedgerEntry.objects.latest("sequence").details["reason"] == "slow"


def test_a_reason_is_kept_within_bounds(here, version):
    shadow = put(here.station, version, Mode.SHADOW)
    for reason in ("x" * 2_001, "a\x00b"):
        said = refused(Invalid, lambda text=reason: deployments.stop(_portal, shadow, reason=text))
        assert said == "The reason cannot be kept."
    longest = "x" * 2_000
    deployments.stop(_portal, shadow, reason=longest)
    assert LedgerEntry.objects.latest("sequence").details["reason"] == longest


def test_nothing_starts_at_a_closed_place_and_what_ran_there_ends(here, version, newer, family):
    put(here.station, version)
    shadow = put(here.station, newer, Mode.SHADOW)
    beside = lines.open_station(_portal, here.line, code="cam-b", name="B", family=family)
    put(beside, version)
    lines.close_station(_portal, here.station)
    assert running(here.station) == set()
    assert running(beside) == {("active", "1.0.0")}
    assert told(3) == ["deployment.ended", "deployment.ended", "station.closed"]
    assert "closed" in refused(Conflict, lambda: put(here.station, version))
    assert "closed" in refused(Conflict, lambda: deployments.stop(_portal, shadow))
    lines.close_line(_portal, here.line)
    assert running(beside) == set()
    assert told(2) == ["deployment.ended", "line.closed"]


def test_a_closed_plant_runs_nothing(here, version, graz):
    put(here.station, version)
    sites.close_plant(_portal, graz)
    assert running(here.station) == set()
    assert told(2) == ["deployment.ended", "plant.closed"]
    assert "closed" in refused(Conflict, lambda: put(here.station, version))


def test_a_station_keeps_its_family_while_a_version_is_meant_to_run_there(here, version, family):
    other = rows.family("weld-seams")
    shadow = put(here.station, version, Mode.SHADOW)
    change = {"name": "Camera A", "family": other}
    said = refused(Conflict, lambda: lines.change_station(_portal, here.station, **change))
    assert "end that" in said
    table = b"line,station,name,family\nline-1,cam-a,Camera A,weld-seams\n"
    imported = {"kind": "stations", "raw": table}
    said = refused(Conflict, lambda: imports.carry_out(_portal, here.line.plant, **imported))
    assert said.startswith("Line 2: ")
    renamed = lines.change_station(_portal, here.station, name="Eye", family=family)
    assert renamed.name == "Eye"
    deployments.stop(_portal, shadow)
    imports.carry_out(_portal, here.line.plant, **imported)
    here.station.refresh_from_db()
    assert here.station.family == other


def test_the_database_keeps_one_that_decides_and_a_clearance_behind_every_model(here, version):
    put(here.station, version)
    common = {"station": here.station, "started_by": "sql"}
    for wrong in (
        {"mode": "human_gate"},
        {"mode": "shadow", "version": version},
        {"mode": "canary", "version": version, "clearance": uuid.uuid4(), "share": 51},
        {"mode": "shadow", "version": version, "clearance": uuid.uuid4(), "share": 5},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Deployment.objects.create(**common, **wrong)
    assert running(here.station) == {("active", "1.0.0")}
