"""People of a plant: who they are, how to reach them, what they own and when they are on call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from governance.management.seeding.history import History
from governance.management.seeding.places import FIRST_NAMES, LAST_NAMES, Place
from plants.models import (
    ContactKind,
    ContactMethod,
    Line,
    OnCallShift,
    Ownership,
    Person,
    ShiftLevel,
)

_PEOPLE = 11
_ROSTER_DAYS = (-7, 28)
_SHIFT_HOURS = (6, 18)  # day shift and night shift begin, on the plant's clocks
_UNOWNED, _WITHOUT_DEPUTY, _MISSING_SHIFT = 0.06, 0.2, 0.015
_TEAMS = ("Vision", "Quality", "Line maintenance", "Process engineering")


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a plant is seeded.

    Attributes:
        now: the moment that the fleet is seeded for.
        first: the first day of its recorded work.
    """

    place: Place
    now: datetime
    first: datetime

    @property
    def engineer(self) -> str:
        """The log-in in whose name the plant reports."""
        return f"engineer-{self.place.code}"

    @property
    def actor(self) -> str:
        """The same as the ledger writes it."""
        return f"person:{self.engineer}"


def people(random: np.random.Generator, at: Setting, history: History) -> list[Person]:
    """A crew with names of many countries, each with one to three ways to be reached."""
    firsts = random.choice(FIRST_NAMES, _PEOPLE, replace=False)
    lasts = random.choice(LAST_NAMES, _PEOPLE, replace=False)
    crew = Person.objects.bulk_create(
        Person(plant_id=at.place.code, code=f"p{number:02d}", name=f"{first} {last}")
        for number, (first, last) in enumerate(zip(firsts, lasts, strict=True), start=1)
    )
    contacts = []
    for number, person in enumerate(crew):
        history.add(
            at.first,
            at.actor,
            at.place.code,
            "person.added",
            f"person:{at.place.code}/{person.code}",
        )
        # A number of the range that is kept free for fiction (ITU-T E.164, +1 555 01xx).
        ways = [(ContactKind.PHONE, f"+1 202 555 01{number:02d}")]
        if random.random() < 0.6:
            ways.append((ContactKind.SMS, ways[0][1]))
        if random.random() < 0.8:
            ways.append((ContactKind.EMAIL, f"{person.code}@{at.place.code}.example"))
        contacts += [
            ContactMethod(person=person, kind=kind, address=address, rank=rank)
            for rank, (kind, address) in enumerate(ways, start=1)
        ]
    ContactMethod.objects.bulk_create(contacts)
    return crew


def owners(
    random: np.random.Generator,
    at: Setting,
    lines: list[Line],
    crew: list[Person],
    history: History,
) -> None:
    """Most lines have an owner and a deputy; some had another one before, a few have nobody."""
    rows = []
    for line in lines:
        owner, deputy, former, authority = (
            crew[place] for place in random.choice(len(crew), 4, replace=False)
        )
        team = f"{random.choice(_TEAMS)} {at.place.name}"
        changed = at.first + timedelta(days=float(random.uniform(1, 60)))
        changed = min(changed, at.now - timedelta(hours=2))
        if random.random() < 0.3:
            rows.append(_ownership(at, line, team, former, None, owner, at.first, changed))
        if random.random() >= _UNOWNED:
            second = None if random.random() < _WITHOUT_DEPUTY else deputy
            rows.append(_ownership(at, line, team, owner, second, authority, changed, None))
    for row in Ownership.objects.bulk_create(rows):
        history.add(
            row.since,
            at.actor,
            at.place.code,
            "ownership.declared",
            f"line:{at.place.code}/{row.line.code}",
            team=row.team,
            owner=row.owner.code,
            deputy=row.deputy.code if row.deputy else "",
            rollback_authority=row.rollback_authority.code,
        )


def _ownership(
    at: Setting,
    line: Line,
    team: str,
    owner: Person,
    deputy: Person | None,
    authority: Person,
    since: datetime,
    until: datetime | None,
) -> Ownership:
    return Ownership(
        line=line,
        team=team,
        owner=owner,
        deputy=deputy,
        rollback_authority=authority,
        since=since,
        until=until,
        declared_by=at.engineer,
    )


def roster(random: np.random.Generator, at: Setting, crew: list[Person], history: History) -> None:
    """Day and night shifts for the whole plant from last week on, and a second person by week.

    Some shifts are missing; every ninth plant has entered no more than the next few days.
    """
    zone, today = ZoneInfo(at.place.zone), at.now.astimezone(ZoneInfo(at.place.zone)).date()
    until = 4 if random.random() < 0.11 else _ROSTER_DAYS[1]
    shifts = []
    for offset in range(_ROSTER_DAYS[0], until):
        day = today + timedelta(days=offset)
        for half, begins in enumerate(_SHIFT_HOURS):
            if random.random() >= _MISSING_SHIFT:
                ends = (day, _SHIFT_HOURS[1]) if not half else (day + timedelta(days=1), 6)
                person = crew[(offset * 2 + half) % (len(crew) - 2)]
                span = _moment(day, begins, zone), _moment(*ends, zone)
                shifts.append(_shift(at, person, ShiftLevel.PRIMARY, *span))
    for week in range(_ROSTER_DAYS[0], until, 7):
        begin, end = (today + timedelta(days=week + days) for days in (0, 7))
        span = _moment(begin, 6, zone), _moment(end, 6, zone)
        person = crew[-1 - (week // 7) % 2]
        shifts.append(_shift(at, person, ShiftLevel.SECONDARY, *span))
    for shift in OnCallShift.objects.bulk_create(shifts):
        history.add(
            shift.entered_at,
            at.actor,
            at.place.code,
            "shift.entered",
            f"shift:{shift.pk}",
            person=shift.person.code,
            line="",
            level=str(shift.level),
            **{"from": shift.starts_at.isoformat(), "to": shift.ends_at.isoformat()},
        )


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC)


def _shift(
    at: Setting, person: Person, level: str, starts_at: datetime, ends_at: datetime
) -> OnCallShift:
    entered = min(starts_at - timedelta(days=9), at.now - timedelta(hours=5))
    return OnCallShift(
        plant_id=at.place.code,
        person=person,
        level=level,
        starts_at=starts_at,
        ends_at=ends_at,
        entered_by=at.engineer,
        entered_at=max(entered, at.first),
    )
