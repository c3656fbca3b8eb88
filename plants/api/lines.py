from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from plants.api.of_plant import (
    ListOfPlant,
    OfPlant,
    checked,
    family_named,
    line_named,
    one,
    person_named,
)
from plants.models import Line, Ownership, Station
from plants.services import lines, ownership
from registry.http import scope_of

_CODE = "1 to 31 lower-case letters, digits and hyphens; it never changes."


class LineOut(serializers.ModelSerializer[Line]):
    class Meta:
        model = Line
        fields = ("code", "name", "opened_at", "closed_at")


class LineIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=31, help_text=_CODE)
    name = serializers.CharField(max_length=120)


class LineNameIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=True)


class Lines(ListOfPlant):
    rows = Line.objects.order_by("code")
    serializer_class = LineOut

    @extend_schema(summary="Open a line", request=LineIn, responses={201: LineOut})
    def post(self, request: Request, code: str) -> Response:
        wanted = checked(LineIn, request)
        line = lines.open_line(scope_of(request), plant_code=code, **wanted)
        return Response(LineOut(line).data, status=201)


class LineDetail(OfPlant):
    def line(self, code: str) -> Line:
        rows = Line.objects.visible_to(scope_of(self.request)).filter(plant=self.plant)
        return one(rows, "line", code=code)  # type: ignore[no-any-return]

    @extend_schema(summary="One line", responses={200: LineOut})
    def get(self, request: Request, code: str, line: str) -> Response:
        return Response(LineOut(self.line(line)).data)

    @extend_schema(summary="Rename a line", request=LineNameIn, responses={200: LineOut})
    def patch(self, request: Request, code: str, line: str) -> Response:
        found = self.line(line)
        wanted = checked(LineNameIn, request)
        renamed = lines.rename_line(scope_of(request), found, name=wanted.get("name", found.name))
        return Response(LineOut(renamed).data)

    @extend_schema(summary="Close a line; its records stay", responses={204: None})
    def delete(self, request: Request, code: str, line: str) -> Response:
        lines.close_line(scope_of(request), self.line(line))
        return Response(status=204)


class StationOut(serializers.ModelSerializer[Station]):
    line = serializers.SlugRelatedField[Line](slug_field="code", read_only=True)
    family = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)

    class Meta:
        model = Station
        fields = ("line", "code", "name", "family", "opened_at", "closed_at")


class StationChangeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    family = serializers.SlugField(
        max_length=64, required=False, allow_blank=True, help_text="Empty: not decided yet."
    )


class StationIn(StationChangeIn):
    line = serializers.CharField(max_length=31)
    code = serializers.CharField(max_length=31, help_text=_CODE)


class Stations(ListOfPlant):
    rows = Station.objects.select_related("line", "family").order_by("pk")
    plant_field = "line__plant"
    filters = {"line": "line__code", "family": "family__slug"}
    serializer_class = StationOut

    @extend_schema(summary="Open a station on a line", request=StationIn, responses=StationOut)
    def post(self, request: Request, code: str) -> Response:
        wanted = checked(StationIn, request)
        slug = wanted.get("family", "")
        made = lines.open_station(
            scope_of(request),
            line_named(request, self.plant, wanted["line"]),
            code=wanted["code"],
            name=wanted["name"],
            family=family_named(request, slug) if slug else None,
        )
        return Response(StationOut(made).data, status=201)


class StationDetail(OfPlant):
    def station(self, line: str, station: str) -> Station:
        rows = Station.objects.visible_to(scope_of(self.request)).select_related("line", "family")
        key = {"line__plant": self.plant, "line__code": line, "code": station}
        return one(rows, "station", **key)  # type: ignore[no-any-return]

    @extend_schema(summary="One station", responses={200: StationOut})
    def get(self, request: Request, code: str, line: str, station: str) -> Response:
        return Response(StationOut(self.station(line, station)).data)

    @extend_schema(
        summary="Change a station's name or family",
        request=StationChangeIn,
        responses={200: StationOut},
    )
    def patch(self, request: Request, code: str, line: str, station: str) -> Response:
        found = self.station(line, station)
        wanted = checked(StationChangeIn, request)
        family = found.family
        if "family" in wanted:
            slug = wanted["family"]
            family = family_named(request, slug) if slug else None
        changed = lines.change_station(
            scope_of(request), found, name=wanted.get("name", found.name), family=family
        )
        return Response(StationOut(changed).data)

    @extend_schema(summary="Close a station; its records stay", responses={204: None})
    def delete(self, request: Request, code: str, line: str, station: str) -> Response:
        lines.close_station(scope_of(request), self.station(line, station))
        return Response(status=204)


class OwnershipOut(serializers.ModelSerializer[Ownership]):
    line = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    owner = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    deputy = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    rollback_authority = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)

    class Meta:
        model = Ownership
        fields = (
            *("line", "team", "owner", "deputy", "rollback_authority"),
            *("since", "until", "declared_by"),
        )


class OwnershipIn(serializers.Serializer[Any]):
    line = serializers.CharField(max_length=31)
    team = serializers.CharField(max_length=120)
    owner = serializers.CharField(max_length=31, help_text="The person's code.")
    deputy = serializers.CharField(max_length=31, required=False, allow_blank=True, default="")
    rollback_authority = serializers.CharField(max_length=31)


class Ownerships(ListOfPlant):
    rows = Ownership.objects.select_related(
        "line", "owner", "deputy", "rollback_authority"
    ).order_by("pk")
    plant_field = "line__plant"
    filters = {"line": "line__code"}
    serializer_class = OwnershipOut

    @extend_schema(
        summary="Declare who owns a line; the former declaration ends",
        request=OwnershipIn,
        responses={201: OwnershipOut},
    )
    def post(self, request: Request, code: str) -> Response:
        wanted = checked(OwnershipIn, request)
        roles = {
            role: person_named(request, self.plant, wanted[role], role) if wanted[role] else None
            for role in ("owner", "deputy", "rollback_authority")
        }
        line = line_named(request, self.plant, wanted["line"])
        made = ownership.declare(
            scope_of(request),
            line,
            team=wanted["team"],
            **roles,  # type: ignore[arg-type]
        )
        return Response(OwnershipOut(made).data, status=201)
