"""Reports of a plant: what changes, what is refused, and that no plant touches another's."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from plants.models import (
    ContactMethod,
    Line,
    OnCallShift,
    Ownership,
    Person,
    Runbook,
    RunbookVersion,
)
from plants.services import lines, ownership, people, rosters, runbooks, sites
from plants.services.access import scope_for
from registry.domain.access import portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound, TooLarge
from registry.models import LedgerEntry
from registry.models.base import Immutable
from tests.factories.reports import reports
from tests.registry.triggers import triggers_of

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")


@pytest.fixture
def here(graz):
    return reports(graz)


@pytest.fixture
def there(leipzig):
    return reports(leipzig)


def state() -> tuple[object, ...]:
    """Everything that a refused service may not have touched."""
    tables = (Line, Person, ContactMethod, Ownership, OnCallShift, Runbook, RunbookVersion)
    rows = [sorted(map(str, table._base_manager.values_list())) for table in tables]
    return (*map(tuple, rows), LedgerEntry.objects.count())


def refused(error, call, *names: str) -> str:
    """The sentence of a refusal that named these fields and wrote nothing."""
    before = state()
    with pytest.raises(error) as refusal:
        call()
    assert state() == before
    for name in names:
        assert refusal.value.fields[name]
    return refusal.value.message


# --- Roles and plants ----------------------------------------------------------------------------
_BY = {
    "open": lambda s, r: lines.open_line(s, plant_code="graz", code="line-9", name="Line 9"),
    "rename": lambda s, r: lines.rename_line(s, r.line, name="Press"),
    "close": lambda s, r: lines.close_line(s, r.line),
    "station": lambda s, r: lines.open_station(s, r.line, code="cam-z", name="Z"),
    "declare": lambda s, r: ownership.declare(
        s, r.second, team="T", owner=r.anna, rollback_authority=r.anna
    ),
    "person": lambda s, r: people.add(s, plant_code="graz", code="carl", name="Carl"),
    "leave": lambda s, r: people.leave(s, r.anna),
    "contact": lambda s, r: people.set_contact(s, r.berta, kind="phone", address="+4366012345678"),
    "forget": lambda s, r: people.remove_contact(s, r.contact),
    "shift": lambda s, r: rosters.remove(s, r.shift),
    "write": lambda s, r: runbooks.write(s, r.runbook, markdown="Stop.", change_note="x"),
    "retire": lambda s, r: runbooks.retire(s, r.runbook),
}


@pytest.mark.parametrize("name", _BY)
def test_engineers_of_the_plant_report_and_nobody_else(name, here, ines, otto, vera, stan, clara):
    for person in (otto, vera, clara):
        refused(NotAllowed, lambda who=person: _BY[name](scope_for(who), here))
    refused(NotFound, lambda: _BY[name](scope_for(stan), here))
    before = state()
    _BY[name](scope_for(ines), here)
    assert state() != before


def test_nothing_is_tied_to_another_plants_people_or_lines(here, there):
    who = {"team": "T", "owner": here.anna, "rollback_authority": here.anna}
    refused(
        Invalid,
        lambda: ownership.declare(_portal, here.second, **{**who, "owner": there.anna}),
        "owner",
    )
    refused(
        Invalid,
        lambda: ownership.declare(_portal, here.second, **who, deputy=there.berta),
        "deputy",
    )
    span = {"starts_at": timezone.now(), "ends_at": timezone.now() + timedelta(hours=1)}
    refused(
        Invalid, lambda: rosters.enter(_portal, person=here.anna, line=there.line, **span), "line"
    )
    text = {"title": "T", "markdown": "x", "lines": [there.line]}
    refused(Invalid, lambda: runbooks.create(_portal, plant_code="graz", slug="t", **text), "lines")
    assert not Ownership.objects.filter(line=here.second).exists()
    assert not OnCallShift.objects.filter(line=there.line, person=here.anna).exists()


def test_a_closed_plant_reports_no_more(here, graz):
    sites.close_plant(_portal, graz)
    for name in ("open", "write"):
        assert "closed" in refused(Conflict, lambda what=name: _BY[what](_portal, here))


# --- Lines ---------------------------------------------------------------------------------------
def test_a_code_is_taken_for_ever(here):
    lines.close_line(_portal, here.line)
    again = {"plant_code": "graz", "code": "line-1", "name": "New"}
    assert "line-1" in refused(Conflict, lambda: lines.open_line(_portal, **again), "code")
    for code in ("Line 1", "", "-x", "a" * 32, "l\n"):
        refused(Invalid, lambda bad=code: lines.open_line(_portal, **again | {"code": bad}), "code")


def test_a_closed_line_ends_what_hung_on_it(here):
    night = here.line.shifts.order_by("starts_at").first()
    OnCallShift.objects.filter(pk=night.pk).update(
        starts_at=timezone.now() - timedelta(hours=1), ends_at=timezone.now() + timedelta(hours=1)
    )
    line = lines.close_line(_portal, here.line)
    assert line.stations.open().count() == 0
    assert Ownership.objects.current().filter(line=line).count() == 0
    assert OnCallShift.objects.get(line=line).ends_at == line.closed_at
    refused(Conflict, lambda: lines.rename_line(_portal, line, name="x"))
    refused(Conflict, lambda: lines.open_station(_portal, line, code="cam-z", name="Z"))


# --- Ownership -----------------------------------------------------------------------------------
def test_a_declaration_ends_the_former_and_keeps_it(here):
    former = Ownership.objects.current().get(line=here.line)
    made = ownership.declare(
        _portal, here.line, team="Night", owner=here.berta, rollback_authority=here.anna
    )
    former.refresh_from_db()
    assert former.until is not None
    assert former.until <= made.since
    assert list(here.line.ownerships.current()) == [made]
    assert here.line.ownerships.count() == 2


def test_nobody_who_left_owns_a_line_nor_deputises_for_themselves(here):
    people.leave(_portal, here.berta)
    here.berta.refresh_from_db()
    who = {"team": "T", "rollback_authority": here.anna}
    refused(
        Invalid,
        lambda: ownership.declare(_portal, here.line, **who, owner=here.berta),
        "owner",
    )
    refused(
        Invalid,
        lambda: ownership.declare(_portal, here.line, **who, owner=here.anna, deputy=here.anna),
        "deputy",
    )
    refused(
        Invalid,
        lambda: ownership.declare(_portal, here.line, **{**who, "team": " ", "owner": here.anna}),
        "team",
    )
    made = ownership.declare(_portal, here.line, **who, owner=here.anna)
    assert (made.owner, made.deputy) == (here.anna, None)


# --- People --------------------------------------------------------------------------------------
def test_who_leaves_takes_addresses_and_shifts_along_but_stays_named(here):
    now = timezone.now()
    running = rosters.enter(
        _portal, person=here.anna, starts_at=now - timedelta(hours=2), ends_at=now + timedelta(1)
    )
    hers = OnCallShift.objects.filter(person=here.anna)
    # Whatever the hour, her nights to come are more than those that have begun.
    begun = set(hers.filter(starts_at__lte=now))
    assert running in begun
    assert begun < set(hers.all())
    people.leave(_portal, here.anna)
    here.anna.refresh_from_db()
    assert set(hers.all()) == begun
    assert set(hers.values_list("ends_at", flat=True)) == {here.anna.left_at}
    assert not here.anna.contacts.exists()
    assert Ownership.objects.current().get(line=here.line).owner == here.anna
    refused(Conflict, lambda: people.rename(_portal, here.anna, name="x"))


def test_no_address_reaches_the_ledger(here):
    people.set_contact(_portal, here.berta, kind="sms", address="+43 660 99 88 776")
    people.set_contact(_portal, here.berta, kind="email", address="berta@plant.example")
    people.remove_contact(_portal, here.contact)
    people.leave(_portal, here.berta)
    words = json.dumps(list(LedgerEntry.objects.values_list("subject", "details")))
    assert not [bit for bit in ("+43", "99887", "@", "5550101") if bit in words]


def test_a_contact_is_kept_once_and_ranked(here):
    again = people.set_contact(
        _portal, here.anna, kind="phone", address="+43 (316) 555 0101", rank=3
    )
    assert again.pk == here.contact.pk
    assert here.anna.contacts.get(kind="phone").rank == 3
    for rank in (0, 10, -1):
        refused(
            Invalid,
            lambda bad=rank: people.set_contact(
                _portal, here.anna, kind="email", address="a@b.example", rank=bad
            ),
            "rank",
        )


# --- Roster --------------------------------------------------------------------------------------
def test_two_people_never_hold_one_post_at_once(here):
    span = {"starts_at": here.shift.starts_at, "ends_at": here.shift.ends_at}
    again = rosters.enter(_portal, person=here.anna, line=here.line, **span)
    assert again.pk == here.shift.pk
    refused(
        Conflict,
        lambda: rosters.enter(_portal, person=here.berta, line=here.line, **span),
        "starts_at",
    )
    for other in ({"line": here.second}, {"line": None}, {"line": here.line, "level": "secondary"}):
        rosters.enter(_portal, person=here.berta, **other, **span)
    assert OnCallShift.objects.filter(person=here.berta).count() == 3


def test_a_shift_moves_only_where_there_is_room(here):
    first = here.line.shifts.order_by("starts_at").first()
    refused(
        Conflict,
        lambda: rosters.move(
            _portal, here.shift, starts_at=first.starts_at, ends_at=first.ends_at + timedelta(1)
        ),
        "starts_at",
    )
    refused(
        Invalid,
        lambda: rosters.move(
            _portal, here.shift, starts_at=first.starts_at, ends_at=first.starts_at
        ),
        "ends_at",
    )
    moved = rosters.move(
        _portal,
        here.shift,
        starts_at=here.shift.starts_at + timedelta(hours=1),
        ends_at=here.shift.ends_at + timedelta(hours=1),
    )
    assert moved.starts_at == here.shift.starts_at + timedelta(hours=1)


def test_nobody_who_left_and_no_closed_line_is_put_on_call(here):
    people.leave(_portal, here.berta)
    lines.close_line(_portal, here.second)
    span = {"starts_at": timezone.now(), "ends_at": timezone.now() + timedelta(hours=1)}
    berta, second = Person.objects.get(pk=here.berta.pk), Line.objects.get(pk=here.second.pk)
    refused(Invalid, lambda: rosters.enter(_portal, person=berta, **span), "person")
    refused(Invalid, lambda: rosters.enter(_portal, person=here.anna, line=second, **span), "line")
    refused(
        Invalid,
        lambda: rosters.enter(_portal, person=here.anna, level="third", **span),
        "level",
    )
    assert not OnCallShift.objects.filter(person=berta).exists()
    assert not OnCallShift.objects.filter(line=second, ends_at__gt=span["ends_at"]).exists()


# --- Runbooks ------------------------------------------------------------------------------------
def test_versions_are_numbered_and_the_same_text_makes_none(here):
    text = here.runbook.versions.get().markdown
    assert runbooks.write(_portal, here.runbook, markdown=text + "\r\n", change_note="").number == 1
    second = runbooks.write(_portal, here.runbook, markdown="Stop.", change_note="Shorter.")
    assert (second.number, second.markdown) == (2, "Stop.\n")
    refused(
        Invalid,
        lambda: runbooks.write(_portal, here.runbook, markdown="Go.", change_note=" "),
        "change_note",
    )
    refused(
        TooLarge,
        lambda: runbooks.write(_portal, here.runbook, markdown="x" * 1_000_000, change_note="x"),
        "markdown",
    )


def test_a_new_text_is_a_review_only_if_its_writer_says_so(here):
    Runbook.objects.update(reviewed_on=date(2025, 1, 1))
    runbooks.write(_portal, here.runbook, markdown="Stop.", change_note="x")
    assert Runbook.objects.get(pk=here.runbook.pk).reviewed_on == date(2025, 1, 1)
    runbooks.write(_portal, here.runbook, markdown="Halt.", change_note="x", is_review=True)
    assert Runbook.objects.get(pk=here.runbook.pk).reviewed_on > date(2025, 1, 1)


def test_a_review_lies_between_the_last_one_and_today(here):
    Runbook.objects.update(reviewed_on=date(2026, 1, 1))
    runbook = Runbook.objects.get()
    for day in (date(2025, 12, 31), timezone.now().date() + timedelta(days=2)):
        refused(Invalid, lambda bad=day: runbooks.review(_portal, runbook, on=bad), "reviewed_on")
    assert runbooks.review(_portal, runbook, on=date(2026, 2, 1)).reviewed_by == "test"


def test_a_retired_runbook_is_written_no_more_and_keeps_its_name(here):
    runbooks.retire(_portal, here.runbook)
    refused(Conflict, lambda: _BY["write"](_portal, here))
    refused(
        Conflict,
        lambda: runbooks.create(
            _portal, plant_code="graz", slug=here.runbook.slug, title="T", markdown="x"
        ),
        "slug",
    )
    assert Runbook.objects.get(slug=here.runbook.slug).retired_at


def test_a_text_on_record_cannot_change_whoever_asks(here):
    version = here.runbook.versions.get()
    version.markdown = "Forged."
    for way in (
        version.save,
        lambda: RunbookVersion.objects.filter(pk=version.pk).update(markdown="Forged."),
        version.delete,
        RunbookVersion.objects.all().delete,
    ):
        with pytest.raises(Immutable):
            way()
    assert len(triggers_of("plants_runbookversion")) == 2
    for statement in (
        "UPDATE plants_runbookversion SET markdown = 'Forged.'",
        "DELETE FROM plants_runbookversion",
    ):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert "Forged" not in RunbookVersion.objects.get(pk=version.pk).markdown
