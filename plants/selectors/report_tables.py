"""What a plant has on record, read for an import to compare and an export to write."""

from __future__ import annotations

from collections import defaultdict
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
    Station,
)
from registry.domain.access import PlantScope
from registry.models import ModelFamily


def present(scope: PlantScope, plant: Plant) -> facts.Present:
    """Everything that a table of this plant can meet; seven queries."""
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
    )


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
