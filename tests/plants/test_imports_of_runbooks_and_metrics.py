"""Tables of runbooks and of worker metrics: texts of many lines, readings that never change."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from plants.domain.imports import facts, tables
from plants.models import Runbook, RunbookVersion, Worker, WorkerReading
from plants.services import imports, lines, runbooks, workers
from plants.services.access import scope_for
from registry.domain import spreadsheets
from registry.domain.access import portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry
from tests.factories.registry import family
from tests.factories.reports import RUNBOOK, reports
from tests.factories.world import client_of

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")
NIGHT = (timezone.now() - timedelta(days=1)).replace(hour=18, minute=0, second=0, microsecond=0)
HOSTILE = "# Stop\n\n<script>alert(1)</script> [go](javascript:alert(1)) ![x](//evil.example/x.png)"
OTHER = "camera-misbehaves"


@pytest.fixture
def here(graz):
    beat(graz, "worker-1")
    return reports(graz, family())


def beat(plant, name: str) -> Worker:
    return workers.beat(
        _portal,
        plant_code=plant.code,
        name=name,
        boot="0a1b2c3d",
        agent_version="1.0",
        datasets=[],
        operations=[],
    )


def do(plant, kind: str, rows: list[tuple[str, ...]], header: tuple[str, ...] = (), **options):
    text = "".join(spreadsheets.lines(header or facts.KINDS[kind].columns, rows))
    return imports.carry_out(_portal, plant, kind=kind, raw=text.encode(), **options)


def refused(plant, kind: str, rows: list[tuple[str, ...]], header: tuple[str, ...] = ()):
    before = LedgerEntry.objects.count()
    with pytest.raises(Invalid) as refusal:
        do(plant, kind, rows, header)
    assert LedgerEntry.objects.count() == before, "nothing is written"
    return refusal.value.fields


def verbs() -> list[str]:
    return list(LedgerEntry.objects.order_by("sequence").values_list("verb", flat=True))


def reading(moment, load: str = "0.42", worker: str = "worker-1") -> tuple[str, ...]:
    return (worker, f"{moment:%Y-%m-%dT%H:%M:%SZ}", load)


METRICS = ("worker", "at", "load_share")


# --- Runbooks ------------------------------------------------------------------------------------
def test_a_runbook_is_brought_with_its_links_and_the_day_of_its_review(graz, here):
    row = ("lamp", "Lamp", "# Lamp\n\n    code\n", "surface-defects", "line-1 line-2")
    do(graz, "runbooks", [(*row, "2025-01-31", "")])
    made = Runbook.objects.get(slug="lamp")
    assert str(made.reviewed_on) == "2025-01-31"
    assert [line.code for line in made.lines.all()] == ["line-1", "line-2"]
    assert [one.slug for one in made.families.all()] == ["surface-defects"]
    (version,) = made.versions.all()
    assert (version.number, version.markdown) == (1, "# Lamp\n\n    code\n")
    assert verbs()[-1] == "runbook.created"


def test_each_thing_that_changes_is_on_record_once(graz, here):
    before = verbs()
    # As the plant dates it: an hour before midnight in UTC it is tomorrow in Graz.
    today = str(timezone.now().astimezone(ZoneInfo(graz.time_zone)).date())
    row = (OTHER, "New title", f"{RUNBOOK}\nMore.", "surface-defects", "line-1", today, "more")
    do(graz, "runbooks", [row])
    assert verbs()[len(before) :] == ["runbook.described", "runbook.written"]
    do(graz, "runbooks", [row])
    assert len(verbs()) == len(before) + 2, "a second time it changes nothing"
    assert list(here.runbook.versions.values_list("number", "change_note").order_by("number")) == [
        (1, "First version."),
        (2, "more"),
    ]


def test_a_later_review_counts_and_an_earlier_one_is_refused(graz, here):
    Runbook.objects.update(reviewed_on="2025-01-31", reviewed_by="berta")
    row = (OTHER, "When the camera misbehaves", RUNBOOK)
    header = ("runbook", "title", "markdown", "reviewed_on")
    do(graz, "runbooks", [(*row, "2025-06-30")], header)
    here.runbook.refresh_from_db()
    assert (str(here.runbook.reviewed_on), verbs()[-1]) == ("2025-06-30", "runbook.reviewed")
    assert here.runbook.reviewed_by == _portal.actor.name
    assert here.runbook.versions.count() == 1
    assert set(refused(graz, "runbooks", [(*row, "2025-06-29")], header)) == {"line 2, reviewed_on"}


def test_columns_that_a_table_leaves_out_stay_and_empty_cells_take_links_away(graz, here):
    bare = ("runbook", "title", "markdown")
    do(graz, "runbooks", [(OTHER, "Renamed", RUNBOOK)], bare)
    assert here.runbook.families.count() == 1
    do(graz, "runbooks", [(OTHER, "Renamed", RUNBOOK, "")], (*bare, "families"))
    assert here.runbook.families.count() == 0


def test_a_closed_line_stays_where_it_is_linked_and_is_linked_nowhere_else(graz, here):
    header = ("runbook", "title", "markdown", "lines")
    do(graz, "runbooks", [(OTHER, "Title", RUNBOOK, "line-1")], header)
    lines.close_line(_portal, here.line)
    do(graz, "runbooks", [(OTHER, "Title anew", RUNBOOK, "line-1")], header)
    assert here.runbook.lines.count() == 1
    assert set(refused(graz, "runbooks", [("new", "New", "Text", "line-1")], header)) == {
        "line 2, lines"
    }


def test_a_retired_runbook_is_not_brought_back(graz, here):
    runbooks.retire(_portal, here.runbook)
    found = refused(graz, "runbooks", [(OTHER, "T", "Text", "", "", "", "x")])
    assert set(found) == {"line 2, runbook"}
    assert "choose another" in found["line 2, runbook"][0]


def test_a_wrong_line_below_a_text_of_many_lines_is_counted_as_an_editor_does(graz, here):
    good = ("lamp", "Lamp", "# Lamp\n\n1. stop\n2. wait", "", "", "", "")
    found = refused(graz, "runbooks", [good, ("belt", "", "Text", "", "", "", "")])
    assert set(found) == {"line 6, title"}
    assert not Runbook.objects.filter(slug="lamp").exists()


def test_the_longest_text_of_a_runbook_is_taken_and_one_byte_more_is_not(graz, here):
    text = "x" * 199_999
    do(graz, "runbooks", [("long", "Long", text, "", "", "", "")])
    assert len(RunbookVersion.objects.get(runbook__slug="long").markdown) == 200_000
    assert set(refused(graz, "runbooks", [("longer", "L", text + "x", "", "", "", "")])) == {
        "line 2, markdown"
    }


def test_a_version_written_since_the_preview_stops_the_import(graz, here):
    row = (OTHER, "T", "New text", "", "", "", "why")
    text = "".join(spreadsheets.lines(facts.KINDS["runbooks"].columns, [row]))
    shown = imports.plan(_portal, graz, kind="runbooks", raw=text.encode())
    runbooks.write(_portal, here.runbook, markdown="Somebody else's", change_note="theirs")
    with pytest.raises(Conflict, match="changed since the preview"):
        do(graz, "runbooks", [row], expected=shown.digest)
    assert here.runbook.versions.count() == 2


def test_by_page_a_text_of_many_lines_is_previewed_then_written_and_is_inert(graz, here, ines):
    client = client_of(ines)
    row = ("stop", "<b>Stop</b>", HOSTILE, "", "", "", "")
    text = "".join(spreadsheets.lines(facts.KINDS["runbooks"].columns, [row]))
    # A browser sends the ends of lines so.
    sent = {"kind": "runbooks", "text": text.replace("\r\n", "\n").replace("\n", "\r\n")}
    page = client.post("/plants/graz/imports/", sent).content.decode()
    assert "It would create 1" in page
    assert "&lt;b&gt;Stop&lt;/b&gt; (stop)" in page
    assert "<script>alert" not in page
    assert not Runbook.objects.filter(slug="stop").exists()
    expected = page.split('name="expected" value="')[1].split('"')[0]
    answer = client.post("/plants/graz/imports/", sent | {"expected": expected, "confirmed": "yes"})
    assert (answer.status_code, answer["Location"]) == (302, "/plants/graz/runbooks/")
    shown = client.get("/plants/graz/runbooks/stop/").content.decode()
    assert "&lt;script&gt;" in shown
    for live in ("<script>alert", 'href="javascript:', "<img", "<b>Stop"):
        assert live not in shown
    assert RunbookVersion.objects.get(runbook__slug="stop").written_by == ines.username


# --- Worker metrics ------------------------------------------------------------------------------
def test_readings_are_kept_with_their_figures_and_told_once_per_worker(graz, here):
    beat(graz, "worker-2")
    before = len(verbs())
    rows = [reading(NIGHT + timedelta(minutes=n)) for n in range(4)]
    do(graz, "metrics", [*rows, reading(NIGHT, "1", "worker-2")], METRICS)
    assert verbs()[before:] == ["readings.imported", "readings.imported"]
    entry = LedgerEntry.objects.order_by("sequence").last()
    assert (entry.subject, entry.details["count"]) == ("worker:graz/worker-2", 1)
    first = WorkerReading.objects.get(worker__name="worker-1", read_at=NIGHT)
    assert first.metrics == {"load_share": 0.42}
    assert Worker.objects.get(name="worker-1").metrics == {}, "the newest is its own heartbeat's"
    do(graz, "metrics", rows, METRICS)
    assert (WorkerReading.objects.count(), len(verbs())) == (5, before + 2)


def test_a_reading_of_a_moment_is_never_changed(graz, here):
    do(graz, "metrics", [reading(NIGHT)], METRICS)
    rows = [reading(NIGHT, "0.5"), reading(NIGHT + timedelta(hours=1))]
    found = refused(graz, "metrics", rows, METRICS)
    assert set(found) == {"line 2, at"}
    assert "leave this line out" in found["line 2, at"][0]
    assert WorkerReading.objects.count() == 1


def test_the_same_moment_in_two_offsets_is_one(graz, here):
    other = ("worker-1", f"{NIGHT + timedelta(hours=1):%Y-%m-%dT%H:%M}+01:00", "0.42")
    assert set(refused(graz, "metrics", [reading(NIGHT), other], METRICS)) == {"line 3, at"}


def test_a_worker_of_another_plant_is_unknown_and_known_ones_are_named(graz, leipzig, here):
    found = refused(leipzig, "metrics", [reading(NIGHT)], METRICS)
    assert "start it, so that it reports once" in found["line 2, worker"][0]
    found = refused(graz, "metrics", [reading(NIGHT, "1", "worker-9")], METRICS)
    assert "known here: worker-1" in found["line 2, worker"][0]
    assert not WorkerReading.objects.exists()


# --- Both ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["runbooks", "metrics"])
def test_only_engineers_of_the_plant_bring_them(kind, graz, here, otto, clara, stan):
    text = "".join(spreadsheets.lines(facts.KINDS[kind].columns, [facts.KINDS[kind].example]))
    for who, error in ((otto, NotAllowed), (clara, NotAllowed), (stan, NotFound)):
        for call in (imports.plan, imports.carry_out):
            with pytest.raises(error):
                call(scope_for(who), graz, kind=kind, raw=text.encode())
    assert (Runbook.objects.count(), WorkerReading.objects.count()) == (1, 0)


@pytest.mark.parametrize("kind", facts.KINDS)
def test_the_example_of_each_table_is_read_by_its_import(kind, graz, here, ines):
    answer = client_of(ines).get(f"/plants/graz/exports/{kind}/?example")
    assert f"{kind}-example.csv" in answer["Content-Disposition"]
    described = facts.KINDS[kind]
    raw = b"".join(answer)
    (record,) = tables.read(raw, described.columns, described.required, described.prose)
    assert tuple(record.cells.values()) == described.example
    assert not record.is_misshapen


@pytest.mark.parametrize("kind", ["runbooks", "metrics"])
def test_by_api_they_are_tried_then_imported_then_read_again(kind, graz, here, ines):
    client = client_of(ines)
    path = f"/api/v1/plants/graz/imports/?kind={kind}"
    rows = {"runbooks": [facts.KINDS[kind].example], "metrics": [reading(NIGHT)]}[kind]
    header = {"runbooks": facts.KINDS[kind].columns, "metrics": METRICS}[kind]
    text = "".join(spreadsheets.lines(header, rows))
    dry = client.post(f"{path}&dry_run=1", text, content_type="text/csv")
    assert (dry.status_code, dry.json()["created"]) == (200, 1)
    assert (Runbook.objects.count(), WorkerReading.objects.count()) == (1, 0)
    done = client.post(path, text, content_type="text/csv")
    assert (done.status_code, done.json()["lines"]) == (201, dry.json()["lines"])
    again = client.post(path, b"".join(client.get(path)), content_type="text/csv").json()
    assert (again["created"], again["changed"]) == (0, 0)
    assert again["unchanged"] >= 1
    bad = client.post(path, text.replace("line-1", "line-9").replace("0.42", "much"), "text/csv")
    assert bad.status_code == 422
    assert list(bad.json()["fields"]) == [
        {"runbooks": "line 2, lines"}.get(kind, "line 2, load_share")
    ]


def test_the_description_of_the_interface_shows_each_table(client, ines):
    document = client_of(ines).get("/api/v1/schema/?format=json").json()
    described = document["paths"]["/api/v1/plants/{code}/imports/"]["post"]
    shown = described["requestBody"]["content"]["text/csv"]["examples"]
    assert [one["value"].split(",")[0] for one in shown.values()] == [
        one.columns[0] for one in facts.KINDS.values()
    ]
