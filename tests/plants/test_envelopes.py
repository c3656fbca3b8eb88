"""What a plant tells of its lines' images: kept once, only of its own open lines, or refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from plants.models import Line, LineEnvelope
from plants.services import envelopes
from registry.domain.access import Role
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.models import LedgerEntry
from tests.factories import envelopes as made
from tests.factories.world import World, client_of, world, world_and_folders

__all__ = ["world", "world_and_folders"]

pytestmark = pytest.mark.django_db

URL = "/api/v1/worker/envelopes/"


@pytest.fixture
def line(world: World) -> Line:
    return world.graz.reports.line


def reported(world: World, document=None, *, line: str = "line-1", plant: str = "graz"):
    return envelopes.report_envelope(world.graz.scope, plant, line, document or made.line())


def entries() -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(verb="envelope.reported").order_by("sequence"))


def test_an_envelope_is_kept_and_the_same_again_changes_nothing(world, line):
    first = reported(world)
    assert (first.line, first.images) == (line, 350)
    assert reported(world) == first
    other = reported(world, made.line(bright=0))
    assert other != first
    assert reported(world) not in (first, other), "what was before is news again"
    assert [one.details["images"] for one in entries()] == [350, 329, 350]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"line": "line-9"}, NotFound),
        ({"plant": "leipzig"}, NotFound),
        ({"document": {**made.line(), "images": 12}}, Invalid),
        ({"document": {**made.line(), "dates": ["2026-09-01"]}}, Invalid),
        ({"document": []}, Invalid),
    ],
)
def test_another_plants_line_no_line_and_no_envelope_are_refused(world, asked, error):
    document = asked.get("document", made.line())
    with pytest.raises(error):
        envelopes.report_envelope(
            world.graz.scope, asked.get("plant", "graz"), asked.get("line", "line-1"), document
        )
    assert not LineEnvelope.objects.exists()
    assert entries() == []


def test_of_a_closed_line_nothing_is_kept(world, line):
    Line.objects.filter(pk=line.pk).update(closed_at=timezone.now() - timedelta(days=1))
    with pytest.raises(Conflict, match="closed"):
        reported(world)
    assert not LineEnvelope.objects.exists()


def send(client, document, line="line-1", **more):
    return client.post(
        URL, {"line": line, "envelope": document, **more}, content_type="application/json"
    )


def test_the_agent_reports_and_a_person_may_not(world):
    answer = send(world.graz.agent(), made.line())
    assert (answer.status_code, answer.json()) == (201, {"line": "line-1", "images": 350})
    assert send(world.graz.agent(), made.line()).status_code == 201
    assert LineEnvelope.objects.count() == 1
    engineer = client_of(world.graz.people[Role.ENGINEER])
    assert send(engineer, made.line(bright=0)).status_code == 403
    assert LineEnvelope.objects.count() == 1


def test_what_is_no_message_is_refused_by_its_place_and_nothing_is_kept(world):
    agent = world.graz.agent()
    cells = made.line()
    cells["measures"]["brightness"]["cells"] = [[12, 12, 16, 16, 4]]
    huge = made.line()
    huge["measures"]["contrast"]["cells"] = [[0, 0, 0, 0, 5]] * 800
    wrong = made.line()
    wrong["hours"] = [[16, 16, 350, 1]]
    for document, place in (
        (cells, "measures.brightness.cells.0.4"),
        (huge, "measures.contrast.cells"),
        (wrong, "hours.0"),
        ({**made.line(), "file": "0001.png"}, "file"),
    ):
        answer = send(agent, document)
        assert answer.status_code == 422
        assert place in answer.json()["fields"]
    vast = made.line()
    vast["measures"]["contrast"]["cells"] = [[0, 0, 0, 0, 5]] * 10_000
    assert send(agent, vast).status_code == 413
    assert send(agent, made.line(), line="../line").status_code == 422
    assert send(agent, made.line(), line="line-9").status_code == 404
    assert send(agent, made.line(), note="hello").status_code == 422
    assert not LineEnvelope.objects.exists()


def test_a_heartbeat_is_answered_with_the_plants_time_zone(world):
    beat = {"worker": "graz-1", "boot": "0a0b0c0d", "agent_version": "1", "datasets": []}
    answer = world.graz.agent().post(
        "/api/v1/worker/heartbeat/", {**beat, "operations": []}, content_type="application/json"
    )
    assert answer.json() == {"seen": True, "time_zone": world.graz.plant.time_zone}
