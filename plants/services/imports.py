"""Tables of a plant's reports: planned line by line, then carried out all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from plants.domain.imports import facts, tables
from plants.domain.imports.planning import Change, Plan
from plants.domain.imports.planning import plan as plan_of
from plants.models import Line, Person, Plant, Station
from plants.selectors import report_tables
from plants.services import lines, ownership, people, rosters
from plants.services.checks import lock_plant
from registry.domain import wording
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid, PlatformError
from registry.models import ModelFamily

_MOST_NAMED = 50


def plan(scope: PlantScope, plant: Plant, *, kind: str, raw: bytes) -> Plan:
    """What the table would do; nothing is written.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Invalid, TooLarge: it is no table of that kind.
    """
    scope.require(Role.ENGINEER, plant.code)
    if kind not in facts.KINDS:
        raise Invalid(
            "There is no such kind of table.",
            fields={"kind": [f"Choose one of: {', '.join(facts.KINDS)}."]},
        )
    described = facts.KINDS[kind]
    records = tables.read(raw, described.columns, described.required)
    return plan_of(kind, records, report_tables.present(scope, plant))


@transaction.atomic
def carry_out(
    scope: PlantScope, plant: Plant, *, kind: str, raw: bytes, expected: str = ""
) -> Plan:
    """Do what the table says, whole or not at all; it is checked again before and meanwhile.

    Args:
        expected: the digest of the plan that a person was shown.

    Raises:
        Invalid: a line cannot be imported; `fields` names line and column of each.
        Conflict: it would no longer do what was shown.
    """
    scope.require(Role.ENGINEER, plant.code)
    lock_plant(plant.code)
    planned = plan(scope, plant, kind=kind, raw=raw)
    refuse_problems(planned)
    if expected and planned.digest != expected:
        raise Conflict(
            "The plant's data has changed since the preview; look at the new one.",
            code="plan-changed",
        )
    write = _WRITERS[kind]
    known = _Known(scope, plant)
    for change in planned.changes:
        if change.action == "unchanged":
            continue
        try:
            write(known, change)
        except PlatformError as refusal:
            sentences = {
                f"line {change.line}, {column}": found for column, found in refusal.fields.items()
            }
            raise type(refusal)(
                f"Line {change.line}: {refusal.message} Nothing is imported.",
                code=refusal.code,
                fields=sentences,
            ) from None
    return planned


def refuse_problems(planned: Plan) -> None:
    """Refuse a plan with lines that cannot be imported.

    Raises:
        Invalid: `fields` names line and column of each.
    """
    if not planned.problems:
        return
    fields: dict[str, list[str]] = {}
    for one in planned.problems[:_MOST_NAMED]:
        place = f"line {one.line}, {one.column}" if one.column else f"line {one.line}"
        fields.setdefault(place, []).append(one.sentence)
    raise Invalid(
        f"{wording.counted(len(planned.problems), 'line')} cannot be imported, so nothing is.",
        code="bad-lines",
        fields=fields,
    )


class _Known:
    """The rows that lines name by code, read once."""

    def __init__(self, scope: PlantScope, plant: Plant) -> None:
        self.scope, self.plant = scope, plant
        self.lines = {one.code: one for one in Line.objects.visible_to(scope).filter(plant=plant)}
        rows = Person.objects.visible_to(scope).filter(plant=plant)
        self.people = {one.code: one for one in rows}
        self.families = {one.slug: one for one in ModelFamily.objects.visible_to(scope)}


def _line(known: _Known, change: Change) -> None:
    code, name = change.values["line"], change.values["name"]
    if change.action == "create":
        lines.open_line(known.scope, plant_code=known.plant.code, code=code, name=name)
    else:
        lines.rename_line(known.scope, known.lines[code], name=name)


def _station(known: _Known, change: Change) -> None:
    values, line = change.values, known.lines[change.values["line"]]
    family = known.families.get(values.get("family", ""))
    if change.action == "create":
        code, name = values["station"], values["name"]
        lines.open_station(known.scope, line, code=code, name=name, family=family)
    else:
        rows = Station.objects.visible_to(known.scope).select_related("line")
        station = rows.get(line=line, code=values["station"])
        lines.change_station(known.scope, station, name=values["name"], family=family)


def _person(known: _Known, change: Change) -> None:
    code, name = change.values["person"], change.values["name"]
    if change.action == "create":
        person = people.add(known.scope, plant_code=known.plant.code, code=code, name=name)
    else:
        person = people.rename(known.scope, known.people[code], name=name)
    ranks = {contact.address: contact.rank for contact in person.contacts.all()}
    for kind in ("phone", "email"):
        address = change.values.get(kind, "")
        if address and address not in ranks:
            people.set_contact(known.scope, person, kind=kind, address=address)


def _owner(known: _Known, change: Change) -> None:
    values: Mapping[str, Any] = change.values
    ownership.declare(
        known.scope,
        known.lines[values["line"]],
        team=values["team"],
        owner=known.people[values["owner"]],
        deputy=known.people.get(values.get("deputy", "")),
        rollback_authority=known.people[values["rollback_authority"]],
    )


def _shift(known: _Known, change: Change) -> None:
    values = change.values
    rosters.enter(
        known.scope,
        person=known.people[values["person"]],
        line=known.lines[values["line"]] if values["line"] else None,
        level=values["level"],
        starts_at=values["starts_at"],
        ends_at=values["ends_at"],
    )


_WRITERS: Mapping[str, Callable[[_Known, Change], None]] = {
    "lines": _line,
    "stations": _station,
    "people": _person,
    "ownership": _owner,
    "shifts": _shift,
}
