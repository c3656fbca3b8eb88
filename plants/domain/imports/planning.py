"""What each line of a table would do, or why it cannot be; nothing here writes."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from plants.domain.contacts import checked_address
from plants.domain.imports.changes import (
    Action,
    Change,
    Plan,
    Problem,
    Reader,
    Refused,
    action_of,
    check_line,
)
from plants.domain.imports.facts import KINDS, Line, Owned, Present, Station
from plants.domain.imports.readings import reader as _metrics
from plants.domain.imports.runbooks import reader as _runbooks
from plants.domain.imports.tables import Record
from plants.domain.local_times import instant_of
from plants.domain.rosters import (
    LEVELS,
    PRIMARY,
    Shift,
    Span,
    check_ahead,
    check_span,
    refuse_overlap,
)
from plants.domain.seen_words import unseen
from registry.domain.errors import PlatformError

# What the rows of lines, stations and people take.
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
# What the rows take of a line of text, by column.
_MAX_CHARACTERS = {"name": 120, "team": 120, "title": 120, "change_note": 200}


def plan(kind: str, records: Sequence[Record], present: Present) -> Plan:
    """What the records would do to what is present."""
    found, seen = Plan(kind), dict[tuple[str, ...], int]()
    reader = _READERS[kind](present)
    for record in records:
        try:
            _check_shape(kind, record)
            _check_new(kind, record, seen)
            found.changes.append(reader(record))
        except Refused as refusal:
            found.problems.append(Problem(record.line, refusal.column, refusal.sentence))
        except PlatformError as refusal:
            found.problems += _problems(record.line, refusal)
    return found


def _check_shape(kind: str, record: Record) -> None:
    if record.is_misshapen:
        raise Refused("", "It has more or fewer cells than the header; look for a missing quote.")
    for column in KINDS[kind].required:
        if not record.cells.get(column):
            raise Refused(column, "It is empty; fill it in.")
    for column, most in _MAX_CHARACTERS.items():
        if len(record.cells.get(column, "")) > most:
            raise Refused(column, f"It has more than {most} characters; shorten it.")
        if sentence := unseen(record.cells.get(column, "")):
            raise Refused(column, sentence)


def _check_new(kind: str, record: Record, seen: dict[tuple[str, ...], int]) -> None:
    key = _key(kind, record.cells)
    if key in seen:
        raise Refused(KINDS[kind].columns[0], f"It repeats line {seen[key]}; leave one of them.")
    seen[key] = record.line


# How many of the first columns tell one line from another, where it is not one.
_KEYS = {"stations": 2, "shifts": 5, "metrics": 2}


def _key(kind: str, cells: Mapping[str, str]) -> tuple[str, ...]:
    columns = KINDS[kind].columns[: _KEYS.get(kind, 1)]
    return tuple(cells.get(column, "") for column in columns)


def _problems(line: int, refusal: PlatformError) -> Iterable[Problem]:
    if not refusal.fields:
        yield Problem(line, "", refusal.message)
    for column, sentences in refusal.fields.items():
        yield Problem(line, column, f"{refusal.message} {' '.join(sentences)}")


def _check_code(column: str, code: str) -> None:
    if not _CODE.fullmatch(code):
        raise Refused(column, "A code is 1 to 31 lower-case letters, digits and hyphens.")


# --- What each kind of line would do ------------------------------------------------------------
def _lines(present: Present) -> Reader:
    def read(record: Record) -> Change:
        code, name = record.cells["line"], record.cells["name"]
        _check_code("line", code)
        former = present.lines.get(code)
        if former and former.is_closed:
            raise Refused("line", f"The line {code} is closed; choose another code.")
        words = f"{name} ({code})"
        if former and former.name != name:
            words = f"{former.name} becomes {name} ({code})"
        return Change(record.line, action_of(former, Line(name)), words, record.cells)

    return read


def _stations(present: Present) -> Reader:
    def read(record: Record) -> Change:
        cells = record.cells
        line, code, family = cells["line"], cells["station"], cells.get("family", "")
        check_line(present, line)
        _check_code("station", code)
        if family and family not in present.families:
            raise Refused("family", f"There is no family {family[:64]}; leave it empty or fix it.")
        former = present.stations.get((line, code))
        if former and former.is_closed:
            raise Refused("station", f"The station {code} is closed; choose another code.")
        action = action_of(former, Station(cells["name"], family))
        inspects = f", inspects {family}" if family else ""
        words = f"{cells['name']} ({code}) on {line}{inspects}"
        return Change(record.line, action, words, cells)

    return read


def _check_person(present: Present, column: str, code: str) -> None:
    person = present.people.get(code)
    if person is None:
        raise Refused(
            column, f"Nobody at this plant has the code {code[:31]}; import people first."
        )
    if person.has_left:
        raise Refused(column, f"{person.name} has left; name somebody else.")


def _people(present: Present) -> Reader:
    def read(record: Record) -> Change:
        cells, kept = record.cells, {}
        _check_code("person", cells["person"])
        for column in ("phone", "email"):
            if address := cells.get(column, ""):
                kept[column] = _address(column, address)
        former = present.people.get(cells["person"])
        words = f"{cells['name']} ({cells['person']})"
        values = {**cells, **kept}
        if former is None:
            return Change(record.line, "create", words, values)
        if former.has_left:
            raise Refused("person", f"{former.name} has left and keeps the code; choose another.")
        known = {"phone": former.phones, "email": former.emails}
        new = [column for column, address in kept.items() if address not in known[column]]
        is_same = former.name == cells["name"] and not new
        added = f", with another {' and '.join(new)}" if new else ""
        return Change(record.line, "unchanged" if is_same else "change", words + added, values)

    return read


def _address(column: str, text: str) -> str:
    try:
        return checked_address(column, text)
    except PlatformError as refusal:
        raise Refused(
            column, f"{refusal.message} {' '.join(refusal.fields.get('address', []))}"
        ) from None


def _ownership(present: Present) -> Reader:
    def read(record: Record) -> Change:
        cells = record.cells
        line, deputy = cells["line"], cells.get("deputy", "")
        check_line(present, line)
        for column in ("owner", "deputy", "rollback_authority"):
            if cells.get(column):
                _check_person(present, column, cells[column])
        if deputy == cells["owner"]:
            raise Refused("deputy", "The owner cannot deputise for themselves; leave it empty.")
        wanted = Owned(cells["team"], cells["owner"], deputy, cells["rollback_authority"])
        words = f"{line}: {wanted.team}, owner {wanted.owner}"
        return Change(record.line, action_of(present.owned.get(line), wanted), words, cells)

    return read


def _shifts(present: Present) -> Reader:
    # People never hold one post at once, so only a shift's neighbours on its post can clash.
    posts: defaultdict[tuple[str | None, str], list[tuple[Span, Shift]]] = defaultdict(list)
    for shift in sorted(present.shifts, key=lambda one: one.span):
        posts[shift.line, shift.level].append((shift.span, shift))

    def read(record: Record) -> Change:
        wanted = _shift(record.cells, present)
        post = posts[wanted.line, wanted.level]
        place = bisect_left(post, wanted.span, key=lambda entry: entry[0])
        neighbours = [shift for _, shift in post[max(0, place - 1) : place + 2]]
        is_there = refuse_overlap(wanted, neighbours)
        if not is_there:
            check_ahead(wanted.span, present.now)
            insort(post, (wanted.span, wanted), key=lambda entry: entry[0])
        where = wanted.line or "every line"
        begins, ends = (moment.astimezone(present.zone) for moment in wanted.span)
        span = f"{begins:%a %-d %b %Y %H:%M %Z} to {ends:%a %-d %b %H:%M %Z}"
        values = {
            "person": wanted.person,
            "line": wanted.line,
            "level": wanted.level,
            "starts_at": wanted.span.start,
            "ends_at": wanted.span.end,
        }
        action: Action = "unchanged" if is_there else "create"
        return Change(record.line, action, f"{wanted.person}, {where}, {span}", values)

    return read


def _shift(cells: Mapping[str, str], present: Present) -> Shift:
    line, level = cells.get("line", ""), cells.get("level", "") or PRIMARY
    _check_person(present, "person", cells["person"])
    if line:
        check_line(present, line)
    if level not in LEVELS:
        raise Refused("level", f"Write one of: {', '.join(LEVELS)}; empty means {PRIMARY}.")
    starts = instant_of(cells["starts_at"], present.zone, "starts_at")
    ends = instant_of(cells["ends_at"], present.zone, "ends_at")
    return Shift(check_span(starts, ends), cells["person"], line or None, level)


_READERS: Mapping[str, Callable[[Present], Reader]] = {
    "lines": _lines,
    "stations": _stations,
    "people": _people,
    "ownership": _ownership,
    "shifts": _shifts,
    "runbooks": _runbooks,
    "metrics": _metrics,
}
