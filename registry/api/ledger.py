from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api.views import ScopedDetail, ScopedList
from registry.http import scope_of
from registry.models import LedgerCheck, LedgerCheckpoint
from registry.services import ledger_checks, ledger_export


class CheckpointOut(serializers.ModelSerializer[LedgerCheckpoint]):
    class Meta:
        model = LedgerCheckpoint
        fields = ("number", "sequence", "digest", "made_at", "public_key", "signature")


class LedgerCheckOut(serializers.ModelSerializer[LedgerCheck]):
    is_intact = serializers.BooleanField(
        help_text="Whether it has ended and found nothing.", read_only=True
    )

    class Meta:
        model = LedgerCheck
        fields = (
            "id",
            "asked_by",
            "asked_at",
            "finished_at",
            "is_intact",
            "entries",
            "checkpoints",
            "artifacts",
            "broken_at",
            "reason",
        )


class Checkpoints(ScopedList):
    queryset = LedgerCheckpoint.objects.all()
    serializer_class = CheckpointOut


class Checks(ScopedList):
    queryset = LedgerCheck.objects.all()
    serializer_class = LedgerCheckOut

    @extend_schema(
        summary="Have the whole ledger read and checked",
        request=None,
        responses={202: LedgerCheckOut},
    )
    def post(self, request: Request) -> Response:
        check = ledger_checks.order(scope_of(request))
        return Response(LedgerCheckOut(check).data, status=202)


class CheckDetail(ScopedDetail):
    queryset = LedgerCheck.objects.all()
    serializer_class = LedgerCheckOut


class LedgerExport(APIView):
    @extend_schema(
        summary="The whole ledger with its signed checkpoints, as JSON Lines",
        responses={(200, "application/jsonl"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Any:
        return StreamingHttpResponse(
            ledger_export.lines(scope_of(request)), content_type="application/jsonl"
        )
