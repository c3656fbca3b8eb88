"""What a plant has not reported, in words, worst first; each with where to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum
from zoneinfo import ZoneInfo

from plants.domain import rosters
from plants.domain.local_times import between
from plants.domain.rosters import Shift, Span
from registry.domain import wording

# Older than this a runbook is doubted: people, machines and numbers change within a year.
STALE_MONTHS = 12
_MONTHS_A_YEAR = 12


class Severity(IntEnum):
    """How soon it hurts."""

    TONIGHT = 0
    OPEN = 1
    AGEING = 2


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing, as a sentence.

    Attributes:
        noun: what the way out leads to: line, people, runbook, runbooks, roster, lines or workers.
        code: which line or runbook.
        action: what the link says.
        line: the code of the line that lacks it; empty where the whole plant does.
        kind, about: what is missing and of what, so that many of a kind are told together.
    """

    severity: Severity
    sentence: str
    noun: str
    code: str
    action: str
    line: str = ""
    kind: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """Somebody who is counted on."""

    name: str
    has_phone: bool
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """An open line: who answers for it, and what is inspected on it (slug and title)."""

    code: str
    name: str
    owner: PersonFacts | None = None
    deputy: PersonFacts | None = None
    rollback_authority: PersonFacts | None = None
    families: tuple[tuple[str, str], ...] = ()
    without_family: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunbookFacts:
    """A runbook in use; without lines it is for all of them."""

    slug: str
    title: str
    reviewed_on: date
    families: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reported:
    """Everything a plant has reported."""

    lines: tuple[LineFacts, ...] = ()
    runbooks: tuple[RunbookFacts, ...] = ()
    shifts: tuple[Shift, ...] = ()
    on_call: tuple[PersonFacts, ...] = ()
    workers: int = 0


def missing(facts: Reported, now: datetime, zone: ZoneInfo) -> list[Missing]:
    """What a plant has yet to report, worst first."""
    if not facts.lines:
        found = [Missing(Severity.OPEN, "No line is reported yet.", "lines", "", "Open a line")]
    else:
        found = [
            replace(one, line=line.code)
            for line in facts.lines
            for one in _of_line(line, facts, now, zone)
        ]
    found += _ages(facts.runbooks, now.astimezone(zone).date())
    found += _phones(facts)
    if not facts.workers:
        found.append(
            Missing(Severity.OPEN, "No worker has reported yet.", "workers", "", "Enrol a machine")
        )
    return sorted(found, key=lambda one: one.severity)


# --- One line ------------------------------------------------------------------------------------
def _of_line(line: LineFacts, facts: Reported, now: datetime, zone: ZoneInfo) -> Iterator[Missing]:
    yield from _tonight(line, facts.shifts, now, zone)
    if line.owner is None:
        said = ("line", line.code, "Declare an owner")
        sentence = f"{line.name} has no owner."
        yield Missing(Severity.OPEN, sentence, *said, kind="owner", about=line.name)
    yield from _left(line)
    for slug, title in line.families:
        if not any(covers(runbook, slug, line.code) for runbook in facts.runbooks):
            sentence = f"No runbook covers {title}, inspected on {line.name}."
            said = ("runbooks", "", "Write or link a runbook")
            about = f"{title} on {line.name}"
            yield Missing(Severity.OPEN, sentence, *said, kind="runbook", about=about)
    for station in line.without_family:
        sentence = f"{station} on {line.name} has no family: nobody knows what is inspected there."
        said = ("line", line.code, "Choose its family")
        about = f"{station} on {line.name}"
        yield Missing(Severity.AGEING, sentence, *said, kind="family", about=about)


def _tonight(
    line: LineFacts, shifts: Iterable[Shift], now: datetime, zone: ZoneInfo
) -> Iterator[Missing]:
    night, known = rosters.tonight(now, zone), list(shifts)
    ahead = rosters.still_to_come(night, now)
    if ahead is None:
        return
    for gap in rosters.open_spans(known, line.code, ahead):
        seconds = rosters.answering(known, line.code, rosters.SECONDARY)
        has_second = _is_covered(gap, seconds)
        who = "only a second" if has_second else "nobody"
        when = "" if gap == night else f" {between(*gap, zone)}"
        sentence = f"{line.name} has {who} on call tonight{when}."
        said = ("roster", "", "Enter a shift")
        # All that is left of a running night counts as the night: its first hours are over.
        kind = "second" if has_second else "nobody" if gap == ahead else "hours"
        yield Missing(Severity.TONIGHT, sentence, *said, kind=kind, about=line.name)


def _is_covered(gap: Span, shifts: Iterable[Shift]) -> bool:
    return not rosters.gaps(gap, (one.span for one in shifts))


def _left(line: LineFacts) -> Iterator[Missing]:
    roles = (
        ("Owner", line.owner),
        ("Deputy", line.deputy),
        ("Rollback authority", line.rollback_authority),
    )
    for role, person in roles:
        if person and person.left_on:
            sentence = f"{role} {person.name} of {line.name} left on {_day(person.left_on)}."
            said = ("line", line.code, "Declare somebody else")
            about = f"{role.lower()} {person.name} of {line.name}"
            yield Missing(Severity.OPEN, sentence, *said, kind="left", about=about)


def covers(runbook: RunbookFacts, family: str, line: str) -> bool:
    """Whether a runbook says what to do about a family on a line."""
    return family in runbook.families and (not runbook.lines or line in runbook.lines)


# --- The whole plant -----------------------------------------------------------------------------
def _ages(runbooks: Iterable[RunbookFacts], today: date) -> Iterator[Missing]:
    for runbook in runbooks:
        age = months_between(runbook.reviewed_on, today)
        if age >= STALE_MONTHS:
            sentence = f"The runbook “{runbook.title}” was last reviewed {age} months ago."
            said = ("runbook", runbook.slug, "Review it")
            about = f"“{runbook.title}” ({age} months ago)"
            yield Missing(Severity.AGEING, sentence, *said, kind="age", about=about)


def _phones(facts: Reported) -> Iterator[Missing]:
    owners = (person for line in facts.lines for person in (line.owner, line.deputy))
    counted_on = {one for one in (*owners, *facts.on_call) if one and not one.left_on}
    for person in sorted(counted_on, key=lambda one: one.name):
        if not person.has_phone:
            sentence = f"No phone number is known for {person.name}."
            said = ("people", "", "Add a number")
            yield Missing(Severity.OPEN, sentence, *said, kind="phone", about=person.name)


def months_between(former: date, latter: date) -> int:
    """Whole months from one day to another.

    >>> (
    ...     months_between(date(2025, 9, 30), date(2026, 11, 21)),
    ...     months_between(date(2026, 11, 22), date(2026, 11, 21)),
    ... )
    (13, 0)
    """
    months = (latter.year - former.year) * _MONTHS_A_YEAR + latter.month - former.month
    return max(0, months - (latter.day < former.day))


def age(day: date, today: date) -> str:
    """How long ago a day was.

    >>> age(date(2026, 11, 21), date(2026, 11, 21)), age(date(2026, 11, 1), date(2026, 11, 21))
    ('today', '20 days ago')
    >>> age(date(2026, 1, 1), date(2026, 11, 21))
    '10 months ago'
    """
    days, months = (today - day).days, months_between(day, today)
    if days < 1:
        return "today"
    if months < 2:  # "one month" says less than its days
        return f"{wording.counted(days, 'day')} ago"
    return f"{wording.counted(months, 'month')} ago"


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"


# --- The weeks ahead -----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which nobody would be told first, in the plant's words."""

    span: Span
    line: str
    sentence: str


def gaps_ahead(
    lines: Iterable[tuple[str, str]], shifts: Iterable[Shift], span: Span, zone: ZoneInfo
) -> list[Gap]:
    """Per line (code and name) when nobody is on call; the same gap of all lines is said once."""
    known, per_line = list(shifts), {}
    for code, name in lines:
        per_line[name] = rosters.open_spans(known, code, span)
    everywhere = [
        gap
        for gap in next(iter(per_line.values()), [])
        if len(per_line) > 1 and all(gap in gaps for gaps in per_line.values())
    ]
    found = [Gap(gap, "", f"Nobody, on any line, {_dated(gap, zone)}.") for gap in everywhere]
    for name, gaps in per_line.items():
        own = (gap for gap in gaps if gap not in everywhere)
        found += [Gap(gap, name, f"Nobody on {name} {_dated(gap, zone)}.") for gap in own]
    return sorted(found, key=lambda gap: (gap.span, gap.line))


def _dated(gap: Span, zone: ZoneInfo) -> str:
    first, last = gap.start.astimezone(zone), gap.end.astimezone(zone)
    return f"from {first:%a %-d %b %H:%M %Z} to {last:%a %-d %b %H:%M %Z}"
