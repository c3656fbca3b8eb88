from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from plants.api.of_plant import OfPlant, one
from plants.domain.half_hours import in_words
from plants.models import Line
from plants.selectors import envelopes
from registry.http import scope_of

NEVER = "Its images were never measured: run measure-line at the plant."


class RegionOut(serializers.Serializer[Any]):
    measure = serializers.CharField()
    images = serializers.IntegerField()
    hours = serializers.SerializerMethodField(help_text="In the plant's time; empty: not known.")
    sentence = serializers.CharField(source="in_words")

    def get_hours(self, region: Any) -> str:
        return in_words(region.slots)


class MeasureOut(serializers.Serializer[Any]):
    measure = serializers.CharField()
    images = serializers.IntegerField(source="told", help_text="Those whose bin is told.")
    covered = serializers.IntegerField(help_text="Those in bins that the training set covers.")
    share = serializers.FloatField(allow_null=True)
    regions = RegionOut(many=True, help_text="What the training set does not cover.")


class CoverageOut(serializers.Serializer[Any]):
    low = serializers.FloatField(help_text="At least this share is covered by every measure.")
    high = serializers.FloatField(help_text="At most this share is.")
    measures = MeasureOut(many=True)
    hours = MeasureOut(allow_null=True, help_text="Null: times of day are not known.")


class EnvelopeOut(serializers.Serializer[Any]):
    sentence = serializers.CharField(help_text="The answer in words.")
    measured_at = serializers.DateTimeField(source="envelope.measured_at", allow_null=True)
    images = serializers.IntegerField(source="envelope.images", allow_null=True)
    days = serializers.IntegerField(allow_null=True, help_text="Over which they were collected.")
    version = serializers.UUIDField(source="version.pk", allow_null=True, default=None)
    manifest = serializers.UUIDField(source="manifest.pk", allow_null=True, default=None)
    basis = serializers.CharField(help_text="Why the images are held against this version's.")
    coverage = CoverageOut(allow_null=True)


class Envelope(OfPlant):
    @extend_schema(
        summary="What a line's recent images look like beside its training set",
        responses={200: EnvelopeOut},
    )
    def get(self, request: Request, code: str, line: str) -> Response:
        scope = scope_of(request)
        rows = Line.objects.visible_to(scope).filter(plant=self.plant)
        held = envelopes.coverage_of(scope, one(rows, "line", code=line))
        if held is None:
            return Response(dict.fromkeys(EnvelopeOut().fields) | {"sentence": NEVER, "basis": ""})
        return Response(EnvelopeOut(held).data)
