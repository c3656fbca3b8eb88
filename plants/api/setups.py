from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from plants.api.of_plant import ListOfPlant, OfPlant, checked, one
from plants.domain.line_setup import FIELDS
from plants.models import Line, LineSetup
from plants.selectors import setups as reads
from plants.services import setups
from registry.domain.errors import NotFound
from registry.http import scope_of

_FACTS = f"The facts by name: {', '.join(FIELDS)}; what is left out is not said."


class SetupOut(serializers.ModelSerializer[LineSetup]):
    document = serializers.DictField(child=serializers.CharField(), help_text=_FACTS)
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the facts that differ from before."
    )

    class Meta:
        model = LineSetup
        fields = ("number", "document", "changed", "reason", "reported_by", "since")


class SetupIn(serializers.Serializer[Any]):
    document = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=2_000),
        allow_empty=False,
        help_text=_FACTS,
    )
    reason = serializers.CharField(max_length=setups.MAX_REASON)


_EXAMPLE = OpenApiExample(
    "Another supplier",
    {
        "document": {
            "product": "Housing 4711, variants A and B",
            "supplier": "Salzgitter",
            "camera": "Mono, 5 megapixels, 200 microseconds",
            "lens": "16 mm, f/5.6",
            "cycle_ms": "400",
        },
        "reason": "The former supplier delivers late.",
    },
    request_only=True,
)


class _OfLine(OfPlant):
    def line(self, code: str) -> Line:
        rows = Line.objects.visible_to(scope_of(self.request)).filter(plant=self.plant)
        return one(rows, "line", code=code)  # type: ignore[no-any-return]


class Setup(_OfLine):
    @extend_schema(summary="How a line is set up now", responses={200: SetupOut})
    def get(self, request: Request, code: str, line: str) -> Response:
        found = self.line(line)
        now = reads.current([found]).get(found.pk)
        if now is None:
            raise NotFound(f"Nobody has reported how {found.name} is set up; send the first.")
        return Response(SetupOut(now).data)

    @extend_schema(
        summary="Report how a line is set up; the whole of it, with what changed and why",
        request=SetupIn,
        responses={201: SetupOut},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, code: str, line: str) -> Response:
        found = self.line(line)
        wanted = checked(SetupIn, request)
        made = setups.report_setup(scope_of(request), found, **wanted)
        return Response(SetupOut(made).data, status=201)


class Setups(_OfLine, ListOfPlant):
    """What was reported of a line, the newest first."""

    rows = LineSetup.objects.order_by("-number")
    plant_field = "line__plant"
    serializer_class = SetupOut

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows.filter(line=self.line(self.kwargs["line"]))
