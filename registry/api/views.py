from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api import files
from registry.api import serializers as shapes
from registry.domain.errors import NotAllowed, NotFound
from registry.http import filtered, scope_of, searched
from registry.models import (
    DatasetManifest,
    Evaluation,
    Job,
    LedgerEntry,
    ModelFamily,
    ModelVersion,
    Recipe,
)
from registry.selectors import jobs as job_reads
from registry.services import artifacts, families, jobs, recipes, versions


def one(queryset: models.QuerySet[Any], what: str, **key: Any) -> Any:
    """The row that the caller may see, or a 404 that says no more than that."""
    row = queryset.filter(**key).first()
    if row is None:
        raise NotFound(f"There is no such {what}, or you may not know of it.")
    return row


class ScopedList(generics.ListAPIView[Any]):
    """Rows of one model within the caller's scope; `filters` maps query words to lookups.

    `search` names the columns in which each word of `q` has to occur, as on the pages.
    """

    queryset: models.QuerySet[Any]
    filters: dict[str, str] = {}
    search: tuple[str, ...] = ()

    def get_queryset(self) -> models.QuerySet[Any]:
        rows: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows  # type: ignore[no-any-return]
        rows = rows.visible_to(scope_of(self.request))
        rows = filtered(self.request, rows, self.filters)
        return searched(self.request, rows, self.search)  # type: ignore[no-any-return]


class ScopedDetail(generics.RetrieveAPIView[Any]):
    """One row within the caller's scope."""

    def get_queryset(self) -> models.QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows.visible_to(scope_of(self.request))  # type: ignore[attr-defined, no-any-return]


_VERSIONS = ModelVersion.objects.select_related("family", "artifact", "manifest", "recipe")


class Families(ScopedList):
    queryset = ModelFamily.objects.all()
    serializer_class = shapes.FamilyOut
    search = ("slug", "title", "description")
    filters = {"task_kind": "task_kind"}

    @extend_schema(
        summary="Declare a family", request=shapes.FamilyIn, responses={201: shapes.FamilyOut}
    )
    def post(self, request: Request) -> Response:
        wanted = shapes.FamilyIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        family = families.declare(scope_of(request), **wanted.validated_data)
        return Response(shapes.FamilyOut(family).data, status=201)


class FamilyDetail(ScopedDetail):
    queryset = ModelFamily.objects.all()
    serializer_class = shapes.FamilyOut
    lookup_field = "slug"


class Recipes(ScopedList):
    queryset = Recipe.objects.all()
    serializer_class = shapes.RecipeOut
    search = ("name", "version", "digest", "published_by")
    filters = {"name": "name", "task_kind": "task_kind"}

    @extend_schema(
        summary="Publish a recipe", request=shapes.RecipeIn, responses={201: shapes.RecipeOut}
    )
    def post(self, request: Request) -> Response:
        wanted = shapes.RecipeIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        recipe = recipes.publish(scope_of(request), source=wanted.validated_data["yaml"])
        return Response(shapes.RecipeOut(recipe).data, status=201)


class RecipeDetail(ScopedDetail):
    queryset = Recipe.objects.all()
    serializer_class = shapes.RecipeOut


class Manifests(ScopedList):
    queryset = DatasetManifest.objects.all()
    serializer_class = shapes.ManifestOut
    search = ("dataset", "plant_code", "digest")
    filters = {"plant": "plant_code", "dataset": "dataset"}


class ManifestDetail(ScopedDetail):
    queryset = DatasetManifest.objects.all()
    serializer_class = shapes.ManifestOut


class Versions(ScopedList):
    queryset = _VERSIONS
    serializer_class = shapes.VersionOut
    search = ("family__slug", "version", "origin", "recipe__name", "artifact__sha256")
    filters = {
        "family": "family__slug",
        "origin": "origin",
        "kind": "kind",
        "stage": "stage",
        "recipe": "recipe_id",
        "manifest": "manifest_id",
        "parent": "parent_id",
    }


class VersionDetail(ScopedDetail):
    queryset = _VERSIONS
    serializer_class = shapes.VersionOut


class VersionArtifact(APIView):
    @extend_schema(
        summary="The version's ONNX file",
        description="Its digest is checked before the first byte leaves; it is the ETag, and a "
        "download that was cut goes on with Range.",
        parameters=[
            OpenApiParameter(
                "Range",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="One range, e.g. bytes=1048576-; 206 answers with it.",
            )
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        version = one(_VERSIONS.visible_to(scope_of(request)), "version", pk=pk)
        path = artifacts.checked_path(version.artifact)
        return files.send(request, path, version.artifact_id)


class VersionByName(APIView):
    """Family, origin and number together name one version for ever."""

    @extend_schema(summary="A version by its name", responses={200: shapes.VersionOut})
    def get(self, request: Request, slug: str, origin: str, semver: str) -> Response:
        seen = _VERSIONS.visible_to(scope_of(request))
        version = one(seen, "version", family__slug=slug, origin=origin, version=semver)
        return Response(shapes.VersionOut(version).data)


class FamilyBaseline(APIView):
    """Another version after the centre has published one."""

    @extend_schema(
        summary="The version that the centre offers now", responses={200: shapes.VersionOut}
    )
    def get(self, request: Request, slug: str) -> Response:
        seen = _VERSIONS.visible_to(scope_of(request)).filter(family__slug=slug)
        current = {"baseline__isnull": False, "baseline__superseded_at__isnull": True}
        return Response(shapes.VersionOut(one(seen, "baseline", **current)).data)


class VersionStage(APIView):
    @extend_schema(
        summary="Move a version to another stage",
        request=shapes.StageIn,
        responses={200: shapes.VersionOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        version = one(_VERSIONS.visible_to(scope_of(request)), "version", pk=pk)
        wanted = shapes.StageIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        moved = versions.move(scope_of(request), version, to=wanted.validated_data["to"])
        return Response(shapes.VersionOut(moved).data)


class VersionBaseline(APIView):
    @extend_schema(
        summary="Publish a version of the centre as the family's baseline",
        request=shapes.BaselineIn,
        responses={201: shapes.BaselineOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        version = one(_VERSIONS.visible_to(scope_of(request)), "version", pk=pk)
        wanted = shapes.BaselineIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        baseline = versions.publish_baseline(scope_of(request), version, **wanted.validated_data)
        return Response(shapes.BaselineOut(baseline).data, status=201)


class Evaluations(ScopedList):
    queryset = Evaluation.objects.all()
    serializer_class = shapes.EvaluationOut
    filters = {
        "version": "version_id",
        "manifest": "manifest_id",
        "plant": "plant_code",
        "family": "version__family__slug",
    }


class EvaluationDetail(ScopedDetail):
    queryset = Evaluation.objects.all()
    serializer_class = shapes.EvaluationOut


class Jobs(ScopedList):
    queryset = Job.objects.select_related("family")
    serializer_class = shapes.JobOut
    search = ("dataset", "plant_code", "family__slug", "recipe__name", "requested_by")
    filters = {
        "plant": "plant_code",
        "state": "state",
        "kind": "kind",
        "family": "family__slug",
        "recipe": "recipe_id",
    }


class JobQueues(APIView):
    @extend_schema(
        summary="What waits and runs at each plant, the longest queue first",
        responses={200: shapes.QueueOut(many=True)},
    )
    def get(self, request: Request) -> Response:
        return Response(shapes.QueueOut(job_reads.queues(scope_of(request)), many=True).data)


class JobDetail(ScopedDetail):
    queryset = Job.objects.select_related("family")
    serializer_class = shapes.JobOut


class JobCancellation(APIView):
    @extend_schema(summary="Cancel a job", request=None, responses={200: shapes.JobOut})
    def post(self, request: Request, pk: UUID) -> Response:
        job = jobs.cancel(scope_of(request), jobs.find(scope_of(request), pk))
        return Response(shapes.JobOut(job).data)


class JobRetry(APIView):
    @extend_schema(summary="Order an ended job again", request=None, responses={201: shapes.JobOut})
    def post(self, request: Request, pk: UUID) -> Response:
        job = jobs.retry(scope_of(request), jobs.find(scope_of(request), pk))
        return Response(shapes.JobOut(job).data, status=201)


class Ledger(ScopedList):
    queryset = LedgerEntry.objects.all()
    serializer_class = shapes.LedgerOut
    filters = {"subject": "subject", "verb": "verb", "plant": "plant_code"}


class RecipeSchema(APIView):
    @extend_schema(summary="JSON Schema of recipes", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        if not scope_of(request).sees(None):
            raise NotAllowed("You hold no role yet; ask an administrator.", code="role-missing")
        return Response(recipes.published_schema())
