from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api.views import one
from registry.http import scope_of
from registry.models import ModelFamily
from registry.selectors import fleet_evaluations
from registry.selectors.fleet_evaluations import MAX_LATEST, FleetEvaluations

_LATEST = 200


class ComparisonIn(serializers.Serializer[Any]):
    latest = serializers.IntegerField(
        min_value=1,
        max_value=MAX_LATEST,
        default=_LATEST,
        help_text="How many of each plant's newest evaluations to answer.",
    )


class ComparedVersionOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    version = serializers.CharField()
    origin = serializers.CharField()


class PlantColumnsOut(serializers.Serializer[Any]):
    plant = serializers.CharField()
    version = serializers.ListField(
        child=serializers.IntegerField(), help_text="Places in `versions`, counted from 0."
    )
    value = serializers.ListField(child=serializers.FloatField(allow_null=True))
    low = serializers.ListField(
        child=serializers.FloatField(allow_null=True), help_text="Lower ends of 95 % intervals."
    )
    high = serializers.ListField(child=serializers.FloatField(allow_null=True))
    n = serializers.ListField(child=serializers.IntegerField(), help_text="Rows judged.")
    evaluated_at = serializers.ListField(
        child=serializers.IntegerField(), help_text="Seconds since 1970-01-01 UTC."
    )


class ComparisonOut(serializers.Serializer[Any]):
    family = serializers.CharField()
    metric = serializers.CharField(help_text="The family's metric that counts.")
    latest = serializers.IntegerField()
    versions = ComparedVersionOut(many=True)
    plants = PlantColumnsOut(many=True, help_text="Newest evaluation first.")


class FamilyComparison(APIView):
    @extend_schema(
        summary="Every plant's newest evaluations of a family, as columns",
        parameters=[ComparisonIn],
        responses={200: ComparisonOut},
    )
    @method_decorator(gzip_page)
    def get(self, request: Request, slug: str) -> Response:
        scope = scope_of(request)
        family = one(ModelFamily.objects.visible_to(scope), "family", slug=slug)
        wanted = ComparisonIn(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        count = wanted.validated_data["latest"]
        found = fleet_evaluations.latest(scope, family, count)
        return Response(
            {
                "family": family.slug,
                "metric": family.primary_metric,
                "latest": count,
                **_columns(found),
            }
        )


def _columns(found: FleetEvaluations) -> dict[str, Any]:
    """By hand: serializers would look at each of 60,000 figures."""
    names = ("plant", "version", "value", "low", "high", "n", "evaluated_at")
    return {
        "versions": [
            {"id": one.id, "version": one.version, "origin": one.origin} for one in found.versions
        ],
        "plants": [{name: getattr(one, name) for name in names} for one in found.plants],
    }
