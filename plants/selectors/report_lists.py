"""Lines and runbooks of all plants as lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import CharField, Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from plants.domain.reporting import STALE_MONTHS
from plants.domain.rosters import PRIMARY
from plants.models import Line, OnCallShift, Ownership, Runbook
from registry.domain.access import PlantScope
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow

_DAYS_A_MONTH = 30.4


def _owned(rows: Any, answer: str) -> Any:
    return rows.filter(owner_name__isnull=answer == "no")


def _on_call(rows: Any, answer: str) -> Any:
    return rows.filter(answering__isnull=answer == "no")


def lines(
    scope: PlantScope, parameters: Mapping[str, str], plants: Sequence[tuple[str, str]]
) -> Listing:
    """Open lines of every plant the caller may know of, with owner and who is on call now."""
    now = timezone.now()
    current = Ownership.objects.current().filter(line=OuterRef("pk"))
    running = OnCallShift.objects.filter(
        Q(line=OuterRef("pk")) | Q(line=None),
        plant=OuterRef("plant"),
        level=PRIMARY,
        starts_at__lte=now,
        ends_at__gt=now,
    ).order_by(F("line").asc(nulls_last=True))
    rows = (
        Line.objects.visible_to(scope)
        .open()
        .filter(plant__closed_at=None)
        .select_related("plant")
        .annotate(
            owner_name=Subquery(current.values("owner__name")[:1], output_field=CharField()),
            owner_left=Subquery(current.values("owner__left_at")[:1]),
            team=Subquery(current.values("team")[:1]),
            answering=Subquery(running.values("person__name")[:1]),
            open_stations=Count("stations", filter=Q(stations__closed_at=None)),
        )
    )
    return narrow(rows, parameters, _line_shape(plants))


def _line_shape(plants: Sequence[tuple[str, str]]) -> Shape:
    return Shape(
        columns=(
            Column("line", "Line", lambda one: one.name, ("name",)),
            Column("code", "Code", lambda one: one.code, ("code",), on_page=False),
            Column("plant", "Plant", lambda one: one.plant_id, ("plant__name", "code")),
            Column("owner", "Owner", lambda one: one.owner_name or "", ("owner_name",)),
            Column("team", "Team", lambda one: one.team or "", ("team",)),
            Column("on_call", "On call now", lambda one: one.answering or "", ("answering",)),
            Column(
                "stations",
                "Stations",
                lambda one: one.open_stations,
                ("open_stations",),
                is_number=True,
            ),
        ),
        search=("name", "code", "plant__name", "owner_name", "team"),
        filters=(
            Filter("plant", "Plant", plants, lambda rows, code: rows.filter(plant=code)),
            Filter("owned", "Owner", (("yes", "declared"), ("no", "nobody")), _owned, "any"),
            Filter("on-call", "On call", (("yes", "somebody"), ("no", "nobody")), _on_call, "any"),
        ),
        sort="plant",
    )


def _stale(rows: Any, answer: str) -> Any:
    limit = timezone.now().date() - timedelta(days=round(STALE_MONTHS * _DAYS_A_MONTH))
    stale = Q(reviewed_on__lte=limit)
    return rows.filter(stale if answer == "old" else ~stale)


def _standing(rows: Any, answer: str) -> Any:
    return rows.filter(retired_at__isnull=False)


def runbooks(
    scope: PlantScope,
    parameters: Mapping[str, str],
    plants: Sequence[tuple[str, str]] = (),
    plant_code: str = "",
) -> Listing:
    """Runbooks of every plant the caller may know of, or of one."""
    rows = Runbook.objects.visible_to(scope).select_related("plant")
    if plant_code:
        rows = rows.filter(plant=plant_code)
    if parameters.get("standing") != "retired":
        rows = rows.filter(retired_at=None)
    texts = Count("versions", distinct=True)
    rows = rows.annotate(texts=texts).prefetch_related("families", "lines")
    return narrow(rows, parameters, _runbook_shape(plants))


def _runbook_shape(plants: Sequence[tuple[str, str]]) -> Shape:
    places = (
        (Filter("plant", "Plant", plants, lambda rows, code: rows.filter(plant=code)),)
        if plants
        else ()
    )
    return Shape(
        columns=(
            Column("runbook", "Runbook", lambda one: one.title, ("title",)),
            Column("name", "Name", lambda one: one.slug, ("slug",), on_page=False),
            Column(
                "plant",
                "Plant",
                lambda one: one.plant_id,
                ("plant__name", "slug"),
                on_page=bool(plants),
            ),
            Column("families", "For", lambda one: " ".join(f.slug for f in one.families.all())),
            Column("reviewed", "Reviewed", lambda one: one.reviewed_on, ("reviewed_on",)),
            Column("by", "By", lambda one: one.reviewed_by, ("reviewed_by",)),
            Column("versions", "Versions", lambda one: one.texts, ("texts",), is_number=True),
        ),
        search=("title", "slug", "plant__name", "families__title"),
        filters=(
            *places,
            Filter(
                "age",
                "Review",
                (("old", "a year ago or more"), ("fresh", "within a year")),
                _stale,
                "any",
            ),
            Filter("standing", "Standing", (("retired", "retired"),), _standing, "in use"),
        ),
        sort="plant" if plants else "runbook",
    )
