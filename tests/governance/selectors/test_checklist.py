"""What the portal's own records say to a line's checklist, and how much reading it takes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.domain.checklist import State
from governance.selectors.checklist import standing_of, standings
from plants.domain.desired_state import Mode
from plants.domain.line_setup import check
from plants.models import Line, LineEnvelope, LineSetup, Worker
from plants.services import lines, ownership, people, rosters, runbooks, sites, workers
from registry.domain.access import portal_scope
from registry.models import DatasetManifest
from tests.factories import envelopes
from tests.factories import registry as rows
from tests.factories.deployments import put
from tests.factories.reports import reports
from tests.registry.rows import an_artifact

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
def bare(here, graz, family):
    """A line with a station, and nothing else on record."""
    line = lines.open_line(_portal, plant_code=graz.code, code="line-3", name="Line 3")
    lines.open_station(_portal, line, code="cam-z", name="Camera Z", family=family)
    return line


def found(line, slug: str, **later):
    now = timezone.now() + timedelta(**later)
    items = standing_of(_portal, line, now).standing.items
    return next(one for one in items if one.item.slug == slug)


def state(line, slug: str, **later) -> tuple[State, str]:
    one = found(line, slug, **later)
    return one.state, one.answer.said if one.answer else ""


def set_up(line, number: int = 1, **facts) -> LineSetup:
    document = check(facts)
    return LineSetup.objects.create(
        line=line, number=number, document=document, reason="Told.", reported_by="ines"
    )


# --- The set-up ----------------------------------------------------------------------------------


def test_a_line_without_a_set_up_says_so_of_each_of_its_questions(bare):
    for item in ("lighting.setup", "parts.setup", "conveyor.setup", "camera.setup"):
        assert state(bare, item) == (State.FAILS, "No set-up of the line is on record.")


def test_the_set_up_in_force_is_read_and_what_it_lacks_is_named(here, bare):
    set_up(bare, lighting="Ring light", lens="16 mm")
    set_up(bare, 2, lighting="Two bars", camera="acA", lens="16 mm", product="P-7")
    assert state(bare, "lighting.setup") == (
        State.PROVED,
        "The set-up on record says: Two bars.",
    )
    lacking = "The set-up on record does not name mounting."
    assert state(bare, "camera.setup") == (State.FAILS, lacking)
    assert state(here.second, "lighting.setup")[0] is State.FAILS, "the other line has none"


# --- Pace and scores -----------------------------------------------------------------------------


def test_a_model_is_faster_than_the_line_or_it_is_not(bare, family, recipe):
    rows.version(family, recipe)
    assert state(bare, "conveyor.pace")[0] is State.UNANSWERED, "no cycle time is known"
    set_up(bare, conveyor="Belt", cycle_ms="400")
    told, said = state(bare, "conveyor.pace")
    assert told is State.PROVED
    assert "the line cycles every 400 ms" in said
    set_up(bare, 2, conveyor="Belt", cycle_ms="1")
    assert state(bare, "conveyor.pace")[0] is State.FAILS


def test_without_an_evaluation_at_the_plant_nothing_is_said_of_the_pace(here, bare):
    set_up(bare, conveyor="Belt", cycle_ms="400")
    assert state(bare, "conveyor.pace")[0] is State.UNANSWERED
    assert state(bare, "drift.scored")[0] is State.FAILS
    assert state(here.second, "drift.scored")[0] is State.UNANSWERED, "it has no station"


def test_an_evaluation_proves_for_a_month_and_half_for_another(here, family, recipe):
    rows.version(family, recipe, "leipzig", "0.9.0", artifact=an_artifact(b"elsewhere"))
    assert state(here.line, "drift.scored")[0] is State.FAILS, "what counts is the plant's own"
    rows.version(family, recipe)
    assert [state(here.line, "drift.scored", days=days)[0] for days in (0, 31, 61)] == [
        *(State.PROVED, State.AGEING, State.DECAYED)
    ]


# --- The worker ----------------------------------------------------------------------------------


def test_a_worker_that_was_never_seen_and_one_that_was(here, graz):
    assert state(here.line, "drift.worker")[0] is State.FAILS
    Worker.objects.create(plant=graz, name="graz-1", boot="0a", last_seen_at=timezone.now())
    assert state(here.line, "drift.worker")[0] is State.PROVED
    assert state(here.line, "drift.worker", days=3)[0] is State.DECAYED


# --- What the line's images look like ------------------------------------------------------------


ENVELOPED = ("lighting.covered", "lighting.hours", "camera.framing", "camera.sharpness")


def seen(line, document) -> None:
    LineEnvelope.objects.create(line=line, document=document, images=document["images"])


def trained(family, recipe, looks):
    """A version of the plant whose training images look so."""
    data = DatasetManifest.objects.create(
        plant_code="graz",
        dataset="castings",
        digest="e" * 64,
        rows=300,
        document={**rows.manifest_document(), "envelope": looks},
    )
    return rows.version(family, recipe, manifest=data)


def test_nothing_is_said_of_images_that_nobody_measured_or_that_nothing_was_trained_beside(
    here, family, recipe
):
    assert {state(here.line, item)[0] for item in ENVELOPED} == {State.UNANSWERED}
    rows.version(family, recipe)
    seen(here.line, envelopes.line())
    assert {state(here.line, item)[0] for item in ENVELOPED} == {State.UNANSWERED}


def test_bright_mornings_that_are_not_in_the_training_set_are_named(here, family, recipe):
    trained(family, recipe, envelopes.training())
    seen(here.line, envelopes.line(bright=30))
    told, said = state(here.line, "lighting.covered")
    assert told is State.FAILS
    assert said == (
        "91 % of the recent images are covered; 30 images above 190 mean grey, 06:00\u2013"
        "07:30, are "
        "not in the training set."
    )
    assert state(here.line, "lighting.hours")[0] is State.FAILS
    assert state(here.line, "parts.variants")[0] is State.FAILS
    assert state(here.line, "camera.framing")[0] is State.PROVED
    assert state(here.second, "camera.framing")[0] is State.UNANSWERED, "of it nothing was seen"


def test_ordinary_light_is_covered_and_the_proof_ages_with_the_images(here, family, recipe):
    trained(family, recipe, envelopes.training())
    seen(here.line, envelopes.line(bright=0))
    for item in (*ENVELOPED, "parts.variants"):
        assert state(here.line, item)[0] is State.PROVED, item
    assert found(here.line, "lighting.covered").falls_to == 0.5
    assert state(here.line, "lighting.covered", days=31)[0] is State.AGEING


# --- Going back ----------------------------------------------------------------------------------


def test_a_first_release_leaves_the_way_back_to_peoples_word(here, family, recipe):
    assert state(here.line, "rollback.target")[0] is State.UNANSWERED
    put(here.station, rows.version(family, recipe, number="1.0.0"))
    assert state(here.line, "rollback.target")[0] is State.UNANSWERED
    put(here.station, rows.version(family, recipe, number="1.1.0", artifact=an_artifact(b"newer")))
    told, said = state(here.line, "rollback.target")
    assert told is State.PROVED
    assert said.startswith("A rollback takes Camera A to ")
    lines.open_station(_portal, here.line, code="cam-b", name="Camera B", family=family)
    assert state(here.line, "rollback.target")[0] is State.UNANSWERED, "of one it is not known"


def test_a_shadow_is_nothing_to_go_back_to(here, family, recipe):
    put(here.station, rows.version(family, recipe, number="1.0.0"), Mode.SHADOW)
    assert state(here.line, "rollback.target")[0] is State.UNANSWERED


# --- Ownership -----------------------------------------------------------------------------------


def test_owner_deputy_and_authority_are_declared_and_still_there(here):
    assert state(here.line, "ownership.owner")[0] is State.PROVED
    assert state(here.line, "ownership.authority")[1] == "Anna Huber may put the line back."
    assert state(here.second, "ownership.owner") == (State.FAILS, "Nobody owns this line.")


def test_an_owner_without_a_deputy_is_not_enough(here):
    ownership.declare(
        _portal, here.line, team="Night", owner=here.anna, rollback_authority=here.anna
    )
    told, said = state(here.line, "ownership.owner")
    assert (told, said) == (
        State.FAILS,
        "Anna Huber owns it; nobody is declared in their place.",
    )


def test_who_has_left_owns_nothing(here):
    people.leave(_portal, here.anna)
    assert state(here.line, "ownership.owner") == (State.FAILS, "Anna Huber left the plant.")
    assert state(here.line, "ownership.authority")[0] is State.FAILS


def test_the_roster_has_to_cover_every_hour_of_the_week_ahead(here):
    told, said = state(here.line, "ownership.on_call")
    assert told is State.FAILS
    assert said.startswith("Nobody is on call from ")
    start = timezone.now() - timedelta(hours=1)
    rosters.enter(_portal, person=here.berta, starts_at=start, ends_at=start + timedelta(days=8))
    assert state(here.line, "ownership.on_call")[0] is State.PROVED
    assert state(here.line, "ownership.on_call", days=2)[0] is State.FAILS


def test_a_runbook_counts_from_its_review(here):
    assert state(here.line, "ownership.runbook")[0] is State.PROVED
    assert state(here.line, "ownership.runbook", days=367)[0] is State.AGEING
    assert state(here.second, "ownership.runbook")[0] is State.FAILS, "nothing is inspected there"
    lines.open_station(_portal, here.line, code="w", name="W", family=rows.family("weld-seams"))
    told = (State.FAILS, "No runbook covers Weld seams.")
    assert state(here.line, "ownership.runbook") == told, "every family needs one"
    runbooks.retire(_portal, here.runbook)
    told = (State.FAILS, "No runbook covers Surface defects and Weld seams.")
    assert state(here.line, "ownership.runbook") == told


# --- Many lines ----------------------------------------------------------------------------------


def test_ten_lines_take_as_many_queries_as_two(here, graz, family, recipe):
    def asked() -> tuple[int, int]:
        known = list(Line.objects.order_by("pk"))
        with CaptureQueriesContext(connection) as queries:
            found = standings(_portal, known)
        assert [one.line for one in found] == known
        return len(found), len(queries)

    rows.version(family, recipe)
    set_up(here.second, lighting="Ring light")
    seen(here.line, envelopes.line())
    before = asked()
    for number in range(4):
        plant = sites.open_plant(_portal, code=f"nova-{number}", name=f"Nova {number}")
        made = reports(plant, family)
        set_up(made.second, lighting="Bar light")
        seen(made.line, envelopes.line())
        workers.beat(
            _portal,
            plant_code=plant.code,
            name="one",
            boot="0a0b0c0d",
            agent_version="1",
            datasets=[],
            operations=[],
        )
    after = asked()
    assert (before[0], after[0]) == (2, 10)
    assert after[1] == before[1]
