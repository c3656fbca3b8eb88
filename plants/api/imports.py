from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from plants.api.of_plant import OfPlant
from plants.domain.imports import facts, tables
from plants.domain.imports.changes import Plan
from plants.selectors import report_tables
from plants.services import imports
from registry.domain import spreadsheets
from registry.domain.access import Role
from registry.domain.errors import Invalid, TooLarge
from registry.http import scope_of

_KIND = OpenApiParameter("kind", str, required=True, enum=list(facts.KINDS))


def _example(kind: facts.Kind) -> OpenApiExample:
    text = "".join(spreadsheets.lines(kind.columns, [kind.example]))
    return OpenApiExample(
        kind.title, text.lstrip("\ufeff"), request_only=True, media_type="text/csv"
    )


class BoundedCSV(BaseParser):
    """A table up to a size; more is refused unread."""

    media_type = "text/csv"

    # The base class expects parsed fields; a table is read by the rules of its kind.
    def parse(  # type: ignore[override]
        self, stream: Any, media_type: Any = None, parser_context: Any = None
    ) -> bytes:
        data: bytes = stream.read(tables.MAX_BYTES + 1)
        if len(data) > tables.MAX_BYTES:
            raise TooLarge(
                f"A table has at most {tables.MAX_BYTES} bytes.",
                fields={"body": ["Send it in parts."]},
            )
        return data


class ImportLineOut(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    action = serializers.CharField(help_text="create, change or unchanged")
    what = serializers.CharField()


class ImportOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    dry_run = serializers.BooleanField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    lines = ImportLineOut(many=True)


class Imports(OfPlant):
    parser_classes = (BoundedCSV,)

    @extend_schema(
        summary="The rows on record as the import of the same kind reads them",
        parameters=[_KIND],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        scope = scope_of(request)
        scope.require(Role.ENGINEER, code)
        kind = _kind(request)
        rows = facts.exported(kind, report_tables.present(scope, self.plant, kind))
        return StreamingHttpResponse(
            spreadsheets.lines(facts.KINDS[kind].columns, rows),
            content_type="text/csv; charset=utf-8",
        )

    @extend_schema(
        summary="Import a table, all of it or nothing; dry_run only says what it would do",
        parameters=[_KIND, OpenApiParameter("dry_run", bool)],
        request={"text/csv": OpenApiTypes.STR},
        description="Its first line names the columns. A runbook's Markdown stands in one quoted "
        "cell of many lines; worker metrics take times with their offset.",
        examples=[_example(one) for one in facts.KINDS.values()],
        responses={200: ImportOut, 201: ImportOut},
    )
    def post(self, request: Request, code: str) -> Response:
        scope = scope_of(request)
        scope.require(Role.ENGINEER, code)
        kind = _kind(request)
        sent: Any = request.data
        raw = sent if isinstance(sent, bytes) else b""
        is_dry = request.query_params.get("dry_run", "").lower() in {"1", "true", "yes"}
        if is_dry:
            planned = imports.plan(scope, self.plant, kind=kind, raw=raw)
            imports.refuse_problems(planned)
        else:
            planned = imports.carry_out(scope, self.plant, kind=kind, raw=raw)
        return Response(_answer(planned, is_dry=is_dry), status=200 if is_dry else 201)


def _kind(request: Request) -> str:
    kind = request.query_params.get("kind", "")
    if kind not in facts.KINDS:
        raise Invalid(
            "There is no such kind of table.",
            fields={"kind": [f"Choose one of: {', '.join(facts.KINDS)}."]},
        )
    return kind


def _answer(planned: Plan, *, is_dry: bool) -> dict[str, Any]:
    return {
        "kind": planned.kind,
        "dry_run": is_dry,
        "created": planned.count("create"),
        "changed": planned.count("change"),
        "unchanged": planned.count("unchanged"),
        "lines": [
            {"line": one.line, "action": one.action, "what": one.what} for one in planned.changes
        ],
    }
