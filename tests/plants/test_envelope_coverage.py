"""A line's images beside the training set of what is meant to run there: read, shown, told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from plants.domain.desired_state import Mode
from plants.models import Deployment, Line, LineEnvelope, Station
from plants.selectors.envelopes import coverage_of, coverage_of_many
from plants.services import deployments, lines
from registry.domain.access import CENTRE, PlantScope, Role, portal_scope
from tests.factories import envelopes as made
from tests.factories import registry as rows
from tests.factories.deployments import put
from tests.factories.world import client_of, world, world_and_folders

__all__ = ["world", "world_and_folders"]

pytestmark = pytest.mark.django_db

SCOPE = portal_scope()


@pytest.fixture
def line(world) -> Line:
    """A line on which nothing is meant to run yet."""
    return lines.open_line(SCOPE, plant_code="graz", code="line-3", name="Line 3")


@pytest.fixture
def station(world, line) -> Station:
    return lines.open_station(SCOPE, line, code="cam-z", name="Camera Z", family=world.family)


@pytest.fixture
def version(world, station):
    """The newest of Graz, trained on images that were looked at."""
    return rows.version(world.family, world.recipe, "graz", "3.0.0", manifest=made.manifest("graz"))


def test_a_line_whose_images_were_never_measured_has_no_coverage(line):
    assert coverage_of(SCOPE, line) is None
    assert coverage_of_many(SCOPE, []) == {}


def test_without_anything_meant_to_run_the_plants_newest_version_is_asked(line, version):
    made.measured(line)
    found = coverage_of(SCOPE, line)
    assert (found.version, found.manifest) == (version, version.manifest)
    assert "it is the plant's newest" in found.basis
    assert found.sentence == (
        "94 % of the last 7 days' images lie where the training set has images; "
        "21 images above 190 mean grey, 06:00\u201307:30, do not."
    )


def test_what_decides_most_is_asked_first_and_a_stopped_version_no_more(world, line, station):
    made.measured(line)
    bright = made.looks((60, 124.0, [16]), (60, 196.0, [12]))
    other, shadow = (
        rows.version(
            world.family, world.recipe, "graz", number, manifest=made.manifest("graz", looked)
        )
        for number, looked in (("2.0.0", bright), ("2.1.0", None))
    )
    put(station, shadow, Mode.SHADOW)
    put(station, other, Mode.CANARY)
    found = coverage_of(SCOPE, line)
    assert (found.version, found.basis) == (other, "it is meant to run at Camera Z (canary)")
    assert found.coverage.regions == (), "it was trained on bright mornings"
    deployments.stop(SCOPE, Deployment.objects.get(version=other), reason="Enough seen.")
    assert coverage_of(SCOPE, line).version == shadow


def test_the_newest_measurement_counts_and_only_of_its_own_line(world, line, version):
    made.measured(line)
    newest = made.measured(line, made.line(bright=0))
    other = made.measured(world.graz.reports.line)
    found = coverage_of_many(SCOPE, [line, world.graz.reports.line])
    assert {key: one.envelope for key, one in found.items()} == {
        line.pk: newest,
        other.line_id: other,
    }
    assert found[line.pk].coverage.low == 1


def test_what_cannot_be_held_against_anything_says_why_and_the_way_out(world, line, version):
    second = world.graz.reports.second
    made.measured(line), made.measured(second)
    assert "choose a family for a station" in coverage_of(SCOPE, second).sentence
    plain = rows.version(world.family, world.recipe, "graz", "3.1.0")
    found = coverage_of(SCOPE, line)
    assert (found.version, found.coverage) == (plain, None)
    assert "train again with a worker that is up to date" in found.sentence
    rows.version(world.family, world.recipe, "graz", "3.2.0")
    world_family = rows.family("welds")
    lines.open_station(SCOPE, second, code="cam-w", name="Camera W", family=world_family)
    assert "train one, or release one" in coverage_of(SCOPE, second).sentence


def test_another_plants_people_and_what_they_may_not_know_stay_apart(world, line, station):
    made.measured(line)
    leipzig = world.leipzig.scope
    assert coverage_of(leipzig, line) is None
    hidden = rows.version(
        world.family, world.recipe, "leipzig", "4.0.0", manifest=made.manifest("leipzig")
    )
    put(station, hidden)
    found = coverage_of(PlantScope(world.graz.scope.actor, at=world.graz.scope.at), line)
    assert (found.version, found.coverage) == (None, None)
    assert "a plant that you may not see" in found.sentence
    assert coverage_of(SCOPE, line).version == hidden


def test_a_published_baseline_of_the_centre_may_be_held_against(world, line):
    welds = rows.family("welds")
    base = rows.version(welds, world.recipe, CENTRE, "4.0.0", manifest=made.manifest(CENTRE))
    rows.baseline(base)
    made.measured(line)
    camera = lines.open_station(SCOPE, line, code="cam-w", name="Camera W", family=welds)
    put(camera, base)
    found = coverage_of(world.graz.scope, line)
    assert found.version == base
    assert found.coverage.high == pytest.approx(329 / 350)


def test_many_lines_take_as_many_queries_as_one(world, line, version):
    def asked(of: list[Line]) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(coverage_of_many(SCOPE, of)) == len(of)
        return len(queries)

    of = [line]
    made.measured(line)
    few = asked(of)
    for number in range(6):
        one = lines.open_line(SCOPE, plant_code="graz", code=f"l-{number}", name=f"L {number}")
        station = lines.open_station(SCOPE, one, code="cam", name="Camera", family=world.family)
        made.measured(one)
        if number % 2:
            put(station, version)
        of.append(one)
    assert asked(of) == few <= 4


# --- The page and its operation ------------------------------------------------------------------
def page(who, name: str = "plants:line-envelope", **more):
    return client_of(who).get(reverse(name, kwargs={"code": "graz", "line": "line-3"}), more)


def test_the_page_says_the_answer_first_then_what_is_not_covered(world, line, version):
    made.measured(line)
    text = page(world.graz.people[Role.VIEWER]).content.decode()
    answer = "94 % of the last 7 days&#x27; images lie where the training set has images"
    region = "21 images above 190 mean grey, 06:00\u201307:30, are not in the training set."
    assert 0 < text.index(answer) < text.index(region) < text.index("Colour temperature")
    assert "castings" in text
    assert "21 images taken 06:00\u201307:30, when the training set has none." in text


def test_the_page_of_a_manifest_says_that_looks_are_on_record(world, version):
    reader = client_of(world.graz.people[Role.VIEWER])
    text = reader.get(version.manifest.get_absolute_url()).content.decode()
    assert "training images by light, sharpness and framing" in text


def test_the_page_of_a_line_never_measured_says_how(world, line):
    text = page(world.graz.people[Role.VIEWER]).content.decode()
    assert "python -m plants.agent measure-line line-3 --data DIR" in text


def test_the_page_says_why_nothing_can_be_compared(world, line, station):
    made.measured(line)
    text = page(world.graz.people[Role.ENGINEER]).content.decode()
    assert "does not tell what its images look like" in text
    assert "Not in the training set" not in text


def test_the_operation_says_the_same(world, line, version):
    who = world.graz.people[Role.VIEWER]
    unmeasured = page(who, "plants-api:line-envelope").json()
    assert (unmeasured["measured_at"], unmeasured["coverage"]) == (None, None)
    assert "measure-line" in unmeasured["sentence"]
    made.measured(line)
    told = page(who, "plants-api:line-envelope").json()
    assert told["sentence"].startswith("94 %")
    assert (told["images"], told["version"]) == (350, str(version.pk))
    brightness = told["coverage"]["measures"][0]
    assert brightness["regions"] == [
        {
            "measure": "brightness",
            "images": 21,
            "hours": "06:00\u201307:30",
            "sentence": "21 images above 190 mean grey, 06:00\u201307:30, "
            "are not in the training set",
        }
    ]
    assert told["coverage"]["hours"]["regions"][0]["hours"] == "06:00\u201307:30"


def test_a_closed_lines_envelope_stays_to_be_read(world, line, version):
    kept = made.measured(line)
    lines.close_line(SCOPE, line)
    line.refresh_from_db()
    found = coverage_of(SCOPE, line)
    assert found.envelope == kept == LineEnvelope.objects.get()
    assert found.coverage is None, "its stations closed with it"
    assert kept.measured_at - line.closed_at < timedelta(minutes=1)
