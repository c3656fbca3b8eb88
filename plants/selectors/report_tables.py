"""What a plant has on record, read for an import to compare and an export to write."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from plants.domain.imports import facts
from plants.domain.rosters import Shift, Span
from plants.models import (
    ContactKind,
    ContactMethod,
    Line,
    OnCallShift,
    Ownership,
    Person,
    Plant,
    Runbook,
    RunbookVersion,
    Station,
    Worker,
    WorkerReading,
)
from registry.domain.access import PlantScope
from registry.models import ModelFamily

# What a figure is written with; the machine's own are no more exact.
_DECIMALS = 12


def present(scope: PlantScope, plant: Plant, kind: str) -> facts.Present:
    """Everything that a table of this kind and plant can meet; at most ten queries."""
    lines = Line.objects.visible_to(scope).filter(plant=plant)
    stations = Station.objects.visible_to(scope).filter(line__plant=plant)
    return facts.Present(
        zone=ZoneInfo(plant.time_zone),
        now=timezone.now(),
        lines={one.code: facts.Line(one.name, one.closed_at is not None) for one in lines},
        stations={
            (one.line.code, one.code): facts.Station(
                one.name, one.family.slug if one.family else "", one.closed_at is not None
            )
            for one in stations.select_related("line", "family")
        },
        people=_people(scope, plant),
        owned=_owned(scope, plant),
        shifts=_shifts(scope, plant),
        families=frozenset(ModelFamily.objects.visible_to(scope).values_list("slug", flat=True)),
        **_long(scope, plant, kind),
    )


def _long(scope: PlantScope, plant: Plant, kind: str) -> dict[str, Any]:
    """What is too long to read for tables about something else."""
    if kind == "runbooks":
        return {"runbooks": _runbooks(scope, plant)}
    if kind == "metrics":
        names = Worker.objects.visible_to(scope).filter(plant=plant).values_list("name", flat=True)
        return {"workers": frozenset(names), "readings": _readings(scope, plant)}
    return {}


def _runbooks(scope: PlantScope, plant: Plant) -> dict[str, facts.Runbook]:
    texts = RunbookVersion.objects.visible_to(scope).filter(runbook__plant=plant)
    # By number, so that the newest stays.
    newest = {
        runbook: (number, markdown)
        for runbook, number, markdown in texts.order_by("number").values_list(
            "runbook", "number", "markdown"
        )
    }
    rows = Runbook.objects.visible_to(scope).filter(plant=plant)
    return {
        one.slug: facts.Runbook(
            title=one.title,
            markdown=newest[one.pk][1],
            families=tuple(sorted(family.slug for family in one.families.all())),
            lines=tuple(sorted(line.code for line in one.lines.all())),
            reviewed_on=one.reviewed_on,
            version=newest[one.pk][0],
            is_retired=one.retired_at is not None,
        )
        for one in rows.prefetch_related("families", "lines")
    }


def _readings(scope: PlantScope, plant: Plant) -> dict[tuple[str, datetime], dict[str, float]]:
    rows = WorkerReading.objects.visible_to(scope).filter(worker__plant=plant)
    # A table tells seconds; no worker is read twice in one.
    return {
        (worker, read_at.replace(microsecond=0)): {
            name: round(float(figure), _DECIMALS) for name, figure in metrics.items()
        }
        for worker, read_at, metrics in rows.values_list("worker__name", "read_at", "metrics")
    }


def _people(scope: PlantScope, plant: Plant) -> dict[str, facts.Person]:
    contacts = ContactMethod.objects.visible_to(scope).filter(person__plant=plant)
    known: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for person, kind, address in contacts.values_list("person", "kind", "address"):
        known[person, kind].append(address)
    return {
        one.code: facts.Person(
            one.name,
            one.left_at is not None,
            tuple(known[one.pk, ContactKind.PHONE]),
            tuple(known[one.pk, ContactKind.EMAIL]),
        )
        for one in Person.objects.visible_to(scope).filter(plant=plant)
    }


def _owned(scope: PlantScope, plant: Plant) -> dict[str, facts.Owned]:
    rows: Any = Ownership.objects.visible_to(scope).current().filter(line__plant=plant)
    return {
        one.line.code: facts.Owned(
            one.team,
            one.owner.code,
            one.deputy.code if one.deputy else "",
            one.rollback_authority.code,
        )
        for one in rows.select_related("line", "owner", "deputy", "rollback_authority")
    }


def _shifts(scope: PlantScope, plant: Plant) -> tuple[Shift, ...]:
    rows = OnCallShift.objects.visible_to(scope).filter(plant=plant)
    names = ("starts_at", "ends_at", "person__code", "line__code", "level")
    return tuple(
        Shift(Span(starts, ends), person, line, level)
        for starts, ends, person, line, level in rows.values_list(*names)
    )
