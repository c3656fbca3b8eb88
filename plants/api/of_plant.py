from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from plants.models import Line, Person, Plant
from registry.domain.errors import Invalid, NotFound
from registry.http import filtered, scope_of, searched
from registry.models import ModelFamily


def plant_of(request: Request, code: str) -> Plant:
    """The plant of the address, if the caller may know of it."""
    plant = Plant.objects.visible_to(scope_of(request)).filter(pk=code).first()
    if plant is None:
        raise NotFound("There is no such plant, or you hold no role there.")
    return plant


def zone_of(plant: Plant) -> ZoneInfo:
    return ZoneInfo(plant.time_zone)


def one(rows: Any, what: str, **key: Any) -> Any:
    """The row that the address names, or a 404 that says no more than that."""
    row = rows.filter(**key).first()
    if row is None:
        raise NotFound(f"There is no such {what}, or you may not know of it.")
    return row


def checked(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body as its serializer reads it; refused by field."""
    wanted = shape(data=request.data, partial=request.method == "PATCH")
    wanted.is_valid(raise_exception=True)
    found: dict[str, Any] = wanted.validated_data
    return found


def named(rows: Any, field: str, what: str, **key: Any) -> Any:
    """The row that a field of the body names."""
    row = rows.filter(**key).first()
    if row is None:
        raise Invalid(
            "Some fields need correction; see fields.",
            fields={field: [f"There is no {what} {next(iter(key.values()))!s:.64}."]},
        )
    return row


def line_named(request: Request, plant: Plant, code: str, field: str = "line") -> Line:
    rows = Line.objects.visible_to(scope_of(request)).filter(plant=plant)
    return named(rows, field, "line", code=code)  # type: ignore[no-any-return]


def person_named(request: Request, plant: Plant, code: str, field: str) -> Person:
    rows = Person.objects.visible_to(scope_of(request)).filter(plant=plant)
    return named(rows, field, "person", code=code)  # type: ignore[no-any-return]


def family_named(request: Request, slug: str, field: str = "family") -> ModelFamily:
    rows = ModelFamily.objects.visible_to(scope_of(request))
    return named(rows, field, "family", slug=slug)  # type: ignore[no-any-return]


class OfPlant(APIView):
    """Something below /plants/<code>/: nothing is looked at before the plant itself."""

    plant: Plant

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # A method that there is not is no secret; what the plant has is one.
        if getattr(self, (request.method or "").lower(), None) is not None:
            self.plant = plant_of(request, kwargs["code"])


class ScopedRows(generics.ListAPIView[Any]):
    """Rows of every plant that the caller may know of; `filters` maps query words to lookups."""

    rows: QuerySet[Any]
    filters: dict[str, str] = {}
    search: tuple[str, ...] = ()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.rows.none()
        rows: Any = self.rows.all()
        rows = rows.visible_to(scope_of(self.request))
        rows = filtered(self.request, rows, self.filters)
        return searched(self.request, rows, self.search)


class ListOfPlant(OfPlant, ScopedRows):
    """Rows of one plant."""

    plant_field = "plant"

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows.filter(**{self.plant_field: self.plant})
