from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Case, Value, When
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from plants.api.of_plant import ListOfPlant, OfPlant, checked, one
from plants.models import Deployment, Station
from plants.services import deployments, rollbacks
from plants.services.intentions import MAX_REASON
from registry.http import scope_of


class DeploymentOut(serializers.ModelSerializer[Deployment]):
    line = serializers.CharField(source="station.line.code", read_only=True)
    station = serializers.CharField(source="station.code", read_only=True)
    version_name = serializers.SerializerMethodField(help_text="Empty where no model decides.")
    back_to = serializers.PrimaryKeyRelatedField[Any](
        read_only=True, allow_null=True, help_text="The release that a rollback restored."
    )

    class Meta:
        model = Deployment
        fields = (
            *("id", "line", "station", "mode", "version", "version_name", "share"),
            *("clearance", "back_to", "reason"),
            *("started_by", "started_at", "ended_by", "ended_at"),
        )

    def get_version_name(self, row: Deployment) -> str:
        return str(row.version or "")


class StopIn(serializers.Serializer[Any]):
    reason = serializers.CharField(
        max_length=MAX_REASON, required=False, allow_blank=True, default=""
    )


class RollbackIn(StopIn):
    to = serializers.ChoiceField(
        choices=rollbacks.WAYS,
        help_text="previous: a running canary ends, or else the release before the present one "
        "decides again; human_gate: a person inspects every part; permissive: every part passes "
        "and is flagged.",
    )
    away_from = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="With previous: the deployment that you saw and want away; refused if it no "
        "longer runs, so that a second call does not go back twice.",
    )


_RUNNING = Case(When(ended_at__isnull=True, then=Value("yes")), default=Value("no"))


class Deployments(ListOfPlant):
    """What stations are meant to run, and were meant to run; `running` is yes or no."""

    rows = (
        Deployment.objects.select_related("station__line", "version__family")
        .annotate(is_running=_RUNNING)
        .order_by("-started_at", "pk")
    )
    plant_field = "station__line__plant"
    filters = {
        "line": "station__line__code",
        "station": "station__code",
        "mode": "mode",
        "running": "is_running",
    }
    serializer_class = DeploymentOut


_AT_NIGHT = OpenApiExample("At night", {"to": "human_gate"}, request_only=True)
_ONCE = OpenApiExample(
    "Back by one, once",
    {
        "to": "previous",
        "reason": "Scratches pass unseen since the new version.",
        "away_from": "3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a10",
    },
    request_only=True,
)


class Rollback(OfPlant):
    @extend_schema(
        summary="Put a station back at once; no approval, gate or clearance is asked",
        request=RollbackIn,
        responses={200: DeploymentOut},
        examples=[_AT_NIGHT, _ONCE],
    )
    def post(self, request: Request, code: str, line: str, station: str) -> Response:
        rows = Station.objects.visible_to(scope_of(request)).select_related("line", "family")
        key = {"line__plant": self.plant, "line__code": line, "code": station}
        found = one(rows, "station", **key)
        wanted = checked(RollbackIn, request)
        row = rollbacks.roll_back(scope_of(request), found, **wanted)
        return Response(DeploymentOut(row).data)


class Stop(OfPlant):
    @extend_schema(
        summary="End a shadow or a canary; what decides is rolled back instead",
        request=StopIn,
        responses={200: DeploymentOut},
        examples=[
            OpenApiExample(
                "With a reason", {"reason": "Too slow for the cycle time."}, request_only=True
            )
        ],
    )
    def post(self, request: Request, code: str, pk: UUID) -> Response:
        rows = Deployment.objects.visible_to(scope_of(request)).filter(
            station__line__plant=self.plant
        )
        found = one(rows.select_related("station__line"), "deployment", pk=pk)
        wanted = checked(StopIn, request)
        return Response(DeploymentOut(deployments.stop(scope_of(request), found, **wanted)).data)
