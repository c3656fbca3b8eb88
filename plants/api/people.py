from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plants.models import Plant, PlantCredential
from plants.services import credentials, orders, sites
from registry.domain.access import PlantScope
from registry.domain.errors import NotFound
from registry.domain.jobs import JobKind
from registry.http import scope_of, searched
from registry.models import Job, ModelFamily, ModelVersion, Recipe
from registry.services import jobs


class PlantOut(serializers.ModelSerializer[Plant]):
    is_centre = serializers.BooleanField(read_only=True)

    class Meta:
        model = Plant
        fields = ("code", "name", "time_zone", "is_centre", "opened_at", "closed_at")


class PlantIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=120)
    time_zone = serializers.CharField(max_length=64, default="UTC")


class CredentialOut(serializers.ModelSerializer[PlantCredential]):
    class Meta:
        model = PlantCredential
        fields = ("id", "issued_at", "activated_at", "last_used_at", "revoked_at", "revoked_by")


def _plant(request: Request, code: str) -> Plant:
    plant = Plant.objects.visible_to(request.auth).filter(pk=code).first()  # type: ignore[arg-type]
    if plant is None:
        raise NotFound("There is no such plant, or you hold no role there.")
    return plant


class Plants(generics.ListAPIView[Plant]):
    serializer_class = PlantOut
    search = ("name", "code")

    def get_queryset(self) -> Any:
        rows = Plant.objects.visible_to(self.request.auth)  # type: ignore[arg-type]
        return searched(self.request, rows, self.search)

    @extend_schema(summary="Open a plant", request=PlantIn, responses={201: PlantOut})
    def post(self, request: Request) -> Response:
        wanted = PlantIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        plant = sites.open_plant(request.auth, **wanted.validated_data)  # type: ignore[arg-type]
        return Response(PlantOut(plant).data, status=201)


class PlantDetail(APIView):
    @extend_schema(summary="One plant", responses={200: PlantOut})
    def get(self, request: Request, code: str) -> Response:
        return Response(PlantOut(_plant(request, code)).data)


class JobIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in JobKind])
    family = serializers.SlugField(max_length=64)
    dataset = serializers.RegexField(r"^[a-z0-9][a-z0-9._-]{0,63}\Z")
    recipe = serializers.UUIDField()
    overrides = serializers.DictField(default=dict)
    version = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The version to start from (retrain) or to score (evaluate).",
    )
    against = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="A second version to score on the same rows (evaluate only).",
    )
    idempotency_key = serializers.CharField(max_length=100, allow_blank=True, default="")


class JobOrderedOut(serializers.ModelSerializer[Job]):
    class Meta:
        model = Job
        fields = ("id", "kind", "plant_code", "dataset", "state", "resolved_digest", "requested_at")


class PlantJobs(APIView):
    @extend_schema(summary="Order a job at a plant", request=JobIn, responses={201: JobOrderedOut})
    def post(self, request: Request, code: str) -> Response:
        wanted = JobIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        scope = scope_of(request)
        job = orders.order(scope, _wish(scope, code, wanted.validated_data))
        return Response(JobOrderedOut(job).data, status=201)


def _wish(scope: PlantScope, code: str, wanted: dict[str, Any]) -> jobs.Wish:
    return jobs.Wish(
        kind=JobKind(wanted["kind"]),
        plant_code=code,
        family=_one(ModelFamily.objects.visible_to(scope), "family", slug=wanted["family"]),
        dataset=wanted["dataset"],
        recipe=_one(Recipe.objects.visible_to(scope), "recipe", pk=wanted["recipe"]),
        overrides=wanted["overrides"],
        parent=_version(scope, wanted["version"]),
        against=_version(scope, wanted["against"]),
        idempotency_key=wanted["idempotency_key"],
    )


def _version(scope: PlantScope, pk: UUID | None) -> ModelVersion | None:
    if pk is None:
        return None
    found: ModelVersion = _one(ModelVersion.objects.visible_to(scope), "version", pk=pk)
    return found


def _one(rows: Any, what: str, **key: Any) -> Any:
    row = rows.filter(**key).first()
    if row is None:
        raise NotFound(f"There is no such {what}, or you may not know of it.")
    return row


class EnrolmentCodes(APIView):
    answers_with_secret = True

    @extend_schema(
        summary="Issue a single-use enrolment code; it is shown this once",
        request=None,
        responses={201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, code: str) -> Response:
        plant = _plant(request, code)
        issued = credentials.issue_code(request.auth, plant)  # type: ignore[arg-type]
        return Response({"code": issued}, status=201, headers={"Cache-Control": "no-store"})


class Credentials(generics.ListAPIView[PlantCredential]):
    serializer_class = CredentialOut

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return PlantCredential.objects.none()
        return _plant(self.request, self.kwargs["code"]).credentials.all()


class Revocation(APIView):
    @extend_schema(summary="Revoke a credential at once", request=None, responses={204: None})
    def post(self, request: Request, code: str, pk: UUID) -> Response:
        credential = _plant(request, code).credentials.filter(pk=pk).first()
        if credential is None:
            raise NotFound("This plant has no such credential.")
        credentials.revoke(request.auth, credential)  # type: ignore[arg-type]
        return Response(status=204)
