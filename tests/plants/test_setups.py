"""How a line is set up: each change is a record with a reason, and the same again is none."""

from __future__ import annotations

import pytest

from plants.models import LineSetup
from plants.selectors import setups as reads
from plants.services import lines, setups, sites
from plants.services.access import scope_for
from registry.domain.access import portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry
from tests.factories.reports import reports

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")
_FACTS = {"supplier": "Voest", "lens": "16 mm", "cycle_ms": "400"}


@pytest.fixture
def here(graz):
    return reports(graz)


@pytest.fixture
def line(here):
    """The one of which nothing is reported yet."""
    return here.second


def report(line, scope=_portal, reason="First report.", **changes):
    return setups.report_setup(scope, line, document=_FACTS | changes, reason=reason)


def refused(error, call) -> Exception:
    before = (LineSetup.objects.count(), LedgerEntry.objects.count())
    with pytest.raises(error) as refusal:
        call()
    assert (LineSetup.objects.count(), LedgerEntry.objects.count()) == before
    return refusal.value


def test_an_engineer_reports_and_nobody_else(line, ines, otto, clara, stan):
    for person in (otto, clara):
        refused(NotAllowed, lambda who=person: report(line, scope_for(who)))
    refused(NotFound, lambda: report(line, scope_for(stan)))
    made = report(line, scope_for(ines), supplier=" Voest ")
    assert (made.number, made.document["supplier"]) == (1, "Voest")
    assert (made.reported_by, made.changed) == ("ines", ["supplier", "lens", "cycle_ms"])
    entry = LedgerEntry.objects.latest("sequence")
    assert (entry.verb, entry.subject) == ("setup.reported", "line:graz/line-2")
    assert entry.details["changed"] == ["supplier", "lens", "cycle_ms"]


def test_the_same_again_is_no_report_and_a_change_is_the_next_number(line):
    first = report(line)
    entries = LedgerEntry.objects.count()
    assert report(line, reason="Again.") == first
    assert LedgerEntry.objects.count() == entries
    second = report(line, supplier="Salzgitter", reason="Voest delivers late.")
    assert (second.number, second.changed) == (2, ["supplier"])
    first.refresh_from_db()
    assert first.document["supplier"] == "Voest"


@pytest.mark.parametrize(
    ("changes", "reason", "fields"),
    [
        ({"colour": "red"}, "x", {"colour"}),
        ({"cycle_ms": "fast"}, "", {"cycle_ms", "reason"}),
        ({"lens": "a" * 201}, "x", {"lens"}),
        ({"lens": "16\u202emm"}, "x", {"lens"}),
        ({}, " ", {"reason"}),
        ({}, "x" * 2_001, {"reason"}),
        ({}, "a\x00", {"reason"}),
    ],
)
def test_all_that_is_wrong_is_said_at_once(line, changes, reason, fields):
    refusal = refused(Invalid, lambda: report(line, reason=reason, **changes))
    assert refusal.fields.keys() == fields
    assert report(line).number == 1


def test_what_is_closed_is_set_up_no_more(here, line, graz):
    lines.close_line(_portal, line)
    assert "is closed" in str(refused(Conflict, lambda: report(line)))
    sites.close_plant(_portal, graz)
    assert "is closed" in str(refused(Conflict, lambda: report(here.line)))


def test_what_is_in_force_is_read_for_all_lines_at_once(here, line, django_assert_num_queries):
    report(line)
    newest = report(line, lens="25 mm", reason="New lens.")
    with django_assert_num_queries(1):
        found = reads.current([line, here.line])
    assert found == {line.pk: newest, here.line.pk: here.line.setups.get()}
    told = [(one.title, one.text) for one in reads.facts(newest)]
    assert ("Lens", "25 mm") in told
    assert ("Camera", "") in told


def test_the_history_says_what_was_and_what_is(here, line, django_assert_num_queries):
    report(line)
    report(line, lens="25 mm", supplier="", reason="New lens, and a second supplier.")
    report(here.line, lens="8 mm")
    listing = reads.history(_portal, line, {})
    with django_assert_num_queries(1):
        newest, oldest = listing.page.object_list
    said = [(one.title, one.was, one.now) for one in reads.changes(newest)]
    assert said == [("Supplier", "Voest", ""), ("Lens", "16 mm", "25 mm")]
    assert all(one.was == "" for one in reads.changes(oldest))
    row = dict(zip(listing.export_header(), next(listing.export_rows()), strict=True))
    assert row["changed"] == "Supplier: Voest → not said; Lens: 16 mm → 25 mm"
    assert (row["lens"], row["number"]) == ("25 mm", 2)


@pytest.mark.parametrize(("fact", "numbers"), [("lens", [2, 1]), ("camera", []), ("cycle_ms", [1])])
def test_the_history_can_be_asked_for_one_fact(line, fact, numbers):
    report(line)
    report(line, lens="25 mm", reason="New lens.")
    found = reads.history(_portal, line, {"fact": fact}).matching
    assert [one.number for one in found] == numbers
