from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.domain.clauses import CLAUSES


class ClauseOut(serializers.Serializer[Any]):
    standard = serializers.CharField()
    clause = serializers.CharField()
    asks = serializers.CharField(help_text="What it asks for, told in short.")
    state = serializers.ChoiceField(choices=["kept", "in part", "not yet"])
    kept = serializers.CharField(help_text="What is on record for it.")
    missing = serializers.CharField(help_text="What is not covered.")


class ClausesOut(serializers.Serializer[Any]):
    clauses = ClauseOut(many=True)


class Clauses(APIView):
    @extend_schema(
        summary="Clauses of standards and laws beside what is on record", responses=ClausesOut
    )
    def get(self, request: Request) -> Response:
        return Response(ClausesOut({"clauses": CLAUSES}).data)
