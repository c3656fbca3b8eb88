"""Tables from plants: previewed line by line, imported whole or not at all, or refused."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from plants.domain.imports import facts, tables
from plants.models import ContactMethod, Line, OnCallShift, Person, Station
from plants.selectors import report_tables
from plants.services import imports, lines, people, rosters, workers
from plants.services.access import scope_for
from registry.domain import spreadsheets
from registry.domain.access import portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound, TooLarge
from registry.models import LedgerEntry
from tests.factories.registry import family
from tests.factories.reports import reports

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")

YESTERDAY = (timezone.now() - timedelta(days=1)).date()
TABLES = {
    "lines": "line,name\nline-1,Line 1\nline-2,Press\nline-3,Oven\n",
    "stations": "line,station,name,family\nline-1,cam-a,Camera A,surface-defects\n"
    "line-2,cam-a,Camera A,\n",
    "people": "person,name,phone,email\nanna-huber,Anna Huber,+43 316 555 0101,\n"
    'carl,"Reiter, Carl",+43 660 1234567,carl@plant.example\n',
    "ownership": "line,team,owner,deputy,rollback_authority\nline-2,Night,berta-wolf,,anna-huber\n",
    "shifts": "person,line,level,starts_at,ends_at\n"
    "berta-wolf,line-2,,2031-01-06 18:00,2031-01-07T06:00+01:00\n"
    "anna-huber,,secondary,2031-01-06 18:00,2031-01-07 06:00\n",
    "runbooks": "runbook,title,markdown,families,lines,reviewed_on\n"
    'lamp-is-off,When the lamp is off,"# Lamp\n\n- stop, then ""wait""\n",surface-defects,'
    "line-1 line-2,2026-01-31\n"
    "belt-slips,When the belt slips,Press the button.,,,\n",
    "metrics": "worker,at,load_share,disk_free_gb\n"
    f"worker-1,{YESTERDAY}T18:00:00Z,0.42,120\nworker-1,{YESTERDAY}T18:15:00Z,0.4375,\n",
}
WOULD = {"lines": (1, 1, 1), "stations": (1, 0, 1), "people": (1, 0, 1)}


@pytest.fixture
def here(graz):
    beat(graz)
    return reports(graz, family())


def beat(plant):
    return workers.beat(
        _portal,
        plant_code=plant.code,
        name="worker-1",
        boot="0a1b2c3d",
        agent_version="1.0",
        datasets=[],
        operations=[],
        metrics={"load_share": 1 / 3, "jobs_done": 2},
    )


def plan(graz, kind: str, text: str | bytes):
    raw = text.encode() if isinstance(text, str) else text
    return imports.plan(_portal, graz, kind=kind, raw=raw)


def do(graz, kind: str, text: str, **options):
    return imports.carry_out(_portal, graz, kind=kind, raw=text.encode(), **options)


def counts(planned) -> tuple[int, int, int]:
    return tuple(planned.count(action) for action in ("create", "change", "unchanged"))


def problems(graz, kind: str, text: str) -> list[tuple[int, str]]:
    before = LedgerEntry.objects.count()
    found = plan(graz, kind, text).problems
    with pytest.raises(Invalid, match="cannot be imported"):
        do(graz, kind, text)
    assert LedgerEntry.objects.count() == before, "nothing is written"
    return [(one.line, one.column) for one in found]


# --- What it does --------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", TABLES)
def test_a_preview_writes_nothing_and_says_what_the_import_then_does(graz, here, kind):
    before = LedgerEntry.objects.count()
    planned = plan(graz, kind, TABLES[kind])
    assert planned.problems == []
    assert counts(planned) == WOULD.get(kind, (len(planned.changes), 0, 0))
    assert LedgerEntry.objects.count() == before
    done = do(graz, kind, TABLES[kind], expected=planned.digest)
    assert done.digest == planned.digest
    again = plan(graz, kind, TABLES[kind])
    assert counts(again) == (0, 0, len(planned.changes)), "a second time it changes nothing"
    entries = LedgerEntry.objects.count()
    do(graz, kind, TABLES[kind])
    assert LedgerEntry.objects.count() == entries


@pytest.mark.parametrize("kind", facts.KINDS)
def test_what_is_exported_and_imported_again_changes_nothing(graz, here, kind):
    do(graz, "people", TABLES["people"])
    lines.rename_line(_portal, here.second, name='=1+1 "quoted", with; marks')
    people.rename(_portal, here.berta, name="-berta")
    rows = list(facts.exported(kind, report_tables.present(_portal, graz, kind)))
    text = "".join(spreadsheets.lines(facts.KINDS[kind].columns, rows))
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]
    planned = plan(graz, kind, text)
    assert rows
    assert planned.problems == []
    assert counts(planned) == (0, 0, len(rows))


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffline,name\r\nline-9,Press\r\n",
        'Line;Name\r\n"line-9";"Press"\r\n',
        "NAME\tLine\nPress\tline-9\n",
        "line,name\n\n , \nline-9,  Press  ",
    ],
    ids=["bom", "semicolons", "tabs", "blank lines"],
)
def test_what_spreadsheets_write_is_read(graz, here, text):
    (change,) = plan(graz, "lines", text).changes
    assert (change.values["line"], change.values["name"]) == ("line-9", "Press")


# --- What it refuses -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "row", "column"),
    [
        ("lines", "line-9,", "name"),
        ("lines", ",Press", "line"),
        ("lines", "line-9,Press,more", ""),
        ("lines", "line-9", ""),
        ("stations", "line-9,cam,Camera,", "line"),
        ("stations", "line-1,cam,Camera,no-such-family", "family"),
        ("people", "dora,Dora,0660 123,", "phone"),
        ("people", "dora,Dora,,dora", "email"),
        ("ownership", "line-1,T,nobody,,anna-huber", "owner"),
        ("ownership", "line-1,T,anna-huber,anna-huber,anna-huber", "deputy"),
        ("ownership", "line-9,T,anna-huber,,anna-huber", "line"),
        ("shifts", "nobody,line-1,,2031-01-06 18:00,2031-01-07 06:00", "person"),
        ("shifts", "anna-huber,line-9,,2031-01-06 18:00,2031-01-07 06:00", "line"),
        ("shifts", "anna-huber,line-1,third,2031-01-06 18:00,2031-01-07 06:00", "level"),
        ("shifts", "anna-huber,line-1,,tomorrow,2031-01-07 06:00", "starts_at"),
        ("shifts", "anna-huber,line-1,,2031-01-06 18:00,2031-01-06 06:00", "ends_at"),
        ("shifts", "anna-huber,line-1,,2031-01-06 18:00,2031-03-07 06:00", "ends_at"),
        ("runbooks", "two words,Title,Text,,,", "runbook"),
        ("runbooks", "new,Title,,,,", "markdown"),
        ("runbooks", "new,,Text,,,", "title"),
        ("runbooks", "new,Ti\u202etle,Text,,,", "title"),
        ("runbooks", f"new,{'x' * 121},Text,,,", "title"),
        ("runbooks", f"new,Title,{'x' * 200_001},,,", "markdown"),
        ("runbooks", "new,Title,Text,no-such,,", "families"),
        ("runbooks", "new,Title,Text,,line-9,", "lines"),
        ("runbooks", "new,Title,Text,,,31.1.2026", "reviewed_on"),
        ("runbooks", "new,Title,Text,,,2026-02-30", "reviewed_on"),
        ("runbooks", "new,Title,Text,,,2126-01-31", "reviewed_on"),
        ("runbooks", "camera-misbehaves,Title,Text,,,", "change_note"),
        ("runbooks", "camera-misbehaves,Title,Text,,,2001-01-31", "reviewed_on"),
        ("metrics", f"worker-9,{YESTERDAY}T12:00:00Z,0.4,", "worker"),
        ("metrics", f"worker-1,{YESTERDAY}T12:00:00,0.4,", "at"),
        ("metrics", "worker-1,noon,0.4,", "at"),
        ("metrics", "worker-1,2020-01-31T12:00:00Z,0.4,", "at"),
        ("metrics", "worker-1,2126-01-31T12:00:00Z,0.4,", "at"),
        ("metrics", f"worker-1,{YESTERDAY}T19:00:00+01:00,0.4,", "at"),
        ("metrics", f"worker-1,{YESTERDAY}T12:00:00Z,,", ""),
        ("metrics", f'worker-1,{YESTERDAY}T12:00:00Z,"0,4",', "load_share"),
        ("metrics", f"worker-1,{YESTERDAY}T12:00:00Z,-1,", "load_share"),
        ("metrics", f"worker-1,{YESTERDAY}T12:00:00Z,nan,", "load_share"),
        ("metrics", f"worker-1,{YESTERDAY}T12:00:00Z,0.4,9999999999", "disk_free_gb"),
        ("shifts", "anna-huber,line-1,,2020-01-06 18:00,2020-01-07 06:00", "ends_at"),
        # The clocks of Vienna go forward on 28 March 2027 and back on 31 October.
        ("shifts", "anna-huber,line-1,,2027-03-28 02:30,2027-03-28 06:00", "starts_at"),
        ("shifts", "anna-huber,line-1,,2027-10-31 01:00,2027-10-31 02:30", "ends_at"),
    ],
)
def test_a_wrong_line_is_named_with_its_column_and_nothing_is_written(
    graz, here, kind, row, column
):
    good = TABLES[kind]
    found = plan(graz, kind, f"{good}{row}\n").problems
    assert len(found) == 1
    assert re.search(r"[.!]$", found[0].sentence)
    assert problems(graz, kind, f"{good}{row}\n") == [(good.count("\n") + 1, column)]


def test_lines_that_repeat_or_clash_are_named(graz, here):
    assert problems(graz, "lines", "line,name\nline-9,A\nline-9,B\n") == [(3, "line")]
    header = "person,line,level,starts_at,ends_at\n"
    night = "line-2,,2031-01-06 18:00,2031-01-07 06:00\n"
    later = "line-2,,2031-01-06 08:00,2031-01-06 18:00\n"
    assert counts(plan(graz, "shifts", f"{header}anna-huber,{night}berta-wolf,{later}")) == (
        2,
        0,
        0,
    )
    clash = f"{header}anna-huber,{night}berta-wolf,{night}"
    assert problems(graz, "shifts", clash) == [(3, "starts_at")]
    rosters.enter(
        _portal,
        person=here.anna,
        line=here.second,
        starts_at=here.shift.starts_at,
        ends_at=here.shift.ends_at,
    )
    taken = f"berta-wolf,line-2,,{here.shift.starts_at.isoformat()[:16]}Z,"
    taken += f"{here.shift.ends_at.isoformat()[:16]}Z\n"
    assert problems(graz, "shifts", header + taken) == [(2, "starts_at")]


def test_a_table_of_shifts_may_be_imported_again_when_they_are_over(graz, here):
    person, line = "anna-huber", "line-1"
    OnCallShift.objects.create(
        plant=graz,
        person=here.anna,
        line=here.line,
        starts_at="2020-01-06T17:00Z",
        ends_at="2020-01-07T05:00Z",
        entered_by="test",
    )
    text = f"person,line,starts_at,ends_at\n{person},{line},2020-01-06T17:00Z,2020-01-07T05:00Z\n"
    assert counts(plan(graz, "shifts", text)) == (0, 0, 1)


def test_what_is_closed_or_has_left_is_not_brought_back(graz, here):
    lines.close_line(_portal, here.line)
    people.leave(_portal, here.anna)
    assert problems(graz, "lines", "line,name\nline-1,Line 1\n") == [(2, "line")]
    assert problems(graz, "people", "person,name\nanna-huber,Anna\n") == [(2, "person")]
    assert problems(graz, "stations", "line,station,name\nline-1,cam-a,A\n") == [(2, "line")]


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", Invalid),
        (b"\x00\x01\x02", Invalid),
        ("line,name\nlöng,x\n".encode("latin-1"), Invalid),
        (b"PK\x03\x04" + b"\xff" * 100, Invalid),
        (b'line,name\nline-9,"never closed\n', Invalid),
        (b'line,name\nline-9,"a"b\n', Invalid),
        (b"line\nline-9\n", Invalid),
        (b"line,name,name\nline-9,a,b\n", Invalid),
        (b"line,name,owner\nline-9,a,b\n", Invalid),
        (b"{}", Invalid),
        (b"line,name\n" + b"line-9,Press\n" * 5_001, TooLarge),
        (b"line,name\nline-9," + b"x" * 1_000_000, TooLarge),
        (b"line,name\nline-9," + b"x" * 200_000, Invalid),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value[:14]),
)
def test_what_is_no_table_is_refused_in_a_sentence(graz, here, raw, error):
    with pytest.raises(error) as refusal:
        plan(graz, "lines", raw)
    assert refusal.value.message.endswith(".")
    assert refusal.value.fields["file"]


def test_a_table_for_another_kind_is_refused(graz, here):
    with pytest.raises(Invalid, match="header lacks"):
        plan(graz, "shifts", TABLES["people"])
    with pytest.raises(Invalid) as refusal:
        plan(graz, "secrets", TABLES["people"])
    assert "kind" in refusal.value.fields


def test_one_bad_name_stops_the_whole_import(graz, here):
    for row, column in (("Line 9!,Bad", "line"), (f"line-9,{'x' * 121}", "name")):
        assert problems(graz, "lines", f"line,name\nline-8,Good\n{row}\n") == [(3, column)]
    assert not Line.objects.filter(code="line-8").exists()


def test_an_import_that_would_do_something_else_by_now_is_refused(graz, here):
    planned = plan(graz, "lines", TABLES["lines"])
    lines.rename_line(_portal, here.second, name="Press")
    with pytest.raises(Conflict, match="changed since the preview"):
        do(graz, "lines", TABLES["lines"], expected=planned.digest)
    assert not Line.objects.filter(code="line-3").exists()


def test_only_engineers_of_the_plant_import(graz, here, otto, clara, stan):
    for who, error in ((otto, NotAllowed), (clara, NotAllowed), (stan, NotFound)):
        for call in (imports.plan, imports.carry_out):
            with pytest.raises(error):
                call(scope_for(who), graz, kind="lines", raw=TABLES["lines"].encode())
    assert not Line.objects.filter(code="line-3").exists()


def test_a_table_of_one_plant_knows_nobody_of_another(graz, leipzig, here):
    for kind in ("ownership", "shifts", "stations"):
        planned = plan(leipzig, kind, TABLES[kind])
        assert planned.changes == []
        assert planned.problems
    do(leipzig, "lines", TABLES["lines"])
    assert Line.objects.filter(plant=leipzig).count() == 3
    assert Line.objects.filter(plant=graz).count() == 2


def test_addresses_are_added_and_never_taken_away(graz, here):
    do(graz, "people", "person,name,phone\nanna-huber,Anna Huber,+436601112223\n")
    do(graz, "people", "person,name,phone\nanna-huber,Anna Huber,\n")
    kept = ContactMethod.objects.filter(person=here.anna, kind="phone")
    assert sorted(kept.values_list("address", flat=True)) == ["+433165550101", "+436601112223"]


@pytest.mark.slow
def test_the_longest_table_is_imported_whole(graz, here):
    rows = [f"line-{number},Line {number}" for number in range(10, 10 + tables.MAX_LINES)]
    done = do(graz, "lines", "line,name\n" + "\n".join(rows))
    assert done.count("create") == tables.MAX_LINES
    assert Line.objects.filter(plant=graz).count() == tables.MAX_LINES + 2
    assert (Station.objects.count(), Person.objects.count()) == (1, 2)
    assert OnCallShift.objects.count() == 7
