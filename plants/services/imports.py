"""Tables of a plant's reports: planned line by line, then carried out all or nothing."""

from __future__ import annotations

from django.db import transaction

from plants.domain.imports import facts, tables
from plants.domain.imports.changes import Plan
from plants.domain.imports.planning import plan as plan_of
from plants.models import Plant
from plants.selectors import report_tables
from plants.services.checks import lock_plant
from plants.services.import_writers import WRITERS
from plants.services.imported import Known
from registry.domain import wording
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.services import ledger

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
    records = tables.read(raw, described.columns, described.required, described.prose)
    return plan_of(kind, records, report_tables.present(scope, plant, kind))


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
    changes = [one for one in planned.changes if one.action != "unchanged"]
    if changes:
        ledger.record_all(scope, WRITERS[kind](Known(scope, plant), changes))
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
