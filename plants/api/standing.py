from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from plants import selectors
from plants.api.of_plant import ListOfPlant, OfPlant
from plants.models import Worker
from plants.selectors.reports import LineRow, Reports
from registry.http import scope_of
from registry.selectors.offers import offers_to


class WorkerOut(serializers.ModelSerializer[Worker]):
    datasets = serializers.JSONField(help_text="Name, kind and row count of each.")
    operations = serializers.ListField(child=serializers.CharField())
    metrics = serializers.JSONField(help_text="Load, memory and disk as of the last heartbeat.")

    class Meta:
        model = Worker
        fields = (
            *("name", "agent_version", "first_seen_at", "last_seen_at"),
            *("datasets", "operations", "metrics"),
        )


class Workers(ListOfPlant):
    rows = Worker.objects.order_by("name")
    serializer_class = WorkerOut


class DatasetOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True)
    workers = serializers.ListField(child=serializers.CharField())


class Datasets(OfPlant):
    @extend_schema(
        summary="The data sets that a plant's workers name",
        responses={200: DatasetOut(many=True)},
    )
    def get(self, request: Request, code: str) -> Response:
        found = selectors.offers_at(scope_of(request), code)
        return Response(DatasetOut(found, many=True).data)


class PlantStandingOut(serializers.Serializer[Any]):
    standing = serializers.CharField(
        source="facts.standing", help_text="at work, silent, no worker or closed."
    )
    last_seen_at = serializers.DateTimeField(source="facts.last_seen_at", allow_null=True)
    waiting = serializers.IntegerField(source="work.waiting", help_text="Jobs for its worker.")
    at_work = serializers.IntegerField(source="work.at_work", help_text="Jobs under way.")
    ended = serializers.DictField(child=serializers.IntegerField(), help_text="Jobs by end.")
    newest_versions = serializers.SerializerMethodField(help_text="Its own, newest first.")
    open_codes = serializers.SerializerMethodField(
        help_text="Until when each unused enrolment code waits."
    )

    def get_newest_versions(self, page: selectors.PlantPage) -> list[str]:
        return [str(version.pk) for version in page.versions]

    def get_open_codes(self, page: selectors.PlantPage) -> list[str]:
        return [code.expires_at.isoformat() for code in page.codes]


class PlantStanding(OfPlant):
    @extend_schema(
        summary="How a plant stands: its workers, its queue, what it made last",
        responses={200: PlantStandingOut},
    )
    def get(self, request: Request, code: str) -> Response:
        return Response(PlantStandingOut(selectors.plant_page(scope_of(request), self.plant)).data)


class PooledOut(serializers.Serializer[Any]):
    plants = serializers.IntegerField()
    rows = serializers.IntegerField()
    median = serializers.FloatField(allow_null=True, help_text="Null: too few plants to say.")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class OfferOut(serializers.Serializer[Any]):
    family = serializers.CharField(source="baseline.family.slug")
    version = serializers.UUIDField(source="baseline.version_id")
    number = serializers.CharField(source="baseline.version.version")
    release_notes = serializers.CharField(source="baseline.release_notes", allow_blank=True)
    published_at = serializers.DateTimeField(source="baseline.published_at")
    former = serializers.UUIDField(
        source="former.version_id", default=None, allow_null=True, help_text="What it replaced."
    )
    changes = serializers.IntegerField(help_text="Values of the recipe that it changes.")
    elsewhere = PooledOut(help_text="At plants with the same classes, none of them named.")


class Offers(OfPlant):
    @extend_schema(
        summary="Baselines that a plant has neither scored nor begun from",
        responses={200: OfferOut(many=True)},
    )
    def get(self, request: Request, code: str) -> Response:
        found = [] if self.plant.closed_at else offers_to(scope_of(request), code)
        return Response(OfferOut(found, many=True).data)


class CallOut(serializers.Serializer[Any]):
    person = serializers.CharField()
    starts_at = serializers.DateTimeField(source="span.start")
    ends_at = serializers.DateTimeField(source="span.end")
    is_of_line = serializers.SerializerMethodField(help_text="Else of the whole plant.")

    def get_is_of_line(self, shift: Any) -> bool:
        return shift.line is not None


class LineCallOut(serializers.Serializer[Any]):
    line = serializers.CharField(source="line.code")
    owner = serializers.CharField(source="ownership.owner.code", default=None, allow_null=True)
    team = serializers.CharField(source="ownership.team", default=None, allow_null=True)
    now = CallOut(source="call.now", allow_null=True)
    next = CallOut(source="call.next", allow_null=True)
    second = CallOut(source="second.now", allow_null=True)
    runbooks = serializers.SerializerMethodField()

    def get_runbooks(self, row: LineRow) -> list[str]:
        return [one.slug for one in row.runbooks]


class GapOut(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField(source="span.start")
    ends_at = serializers.DateTimeField(source="span.end")
    sentence = serializers.CharField()


class OnCallOut(serializers.Serializer[Any]):
    lines = LineCallOut(many=True)
    gaps = GapOut(many=True, help_text="When nobody is on call in the weeks ahead.")


class OnCall(OfPlant):
    @extend_schema(
        summary="Who answers for each line now and next, and when nobody does",
        responses={200: OnCallOut},
    )
    def get(self, request: Request, code: str) -> Response:
        return Response(OnCallOut(Reports(scope_of(request), self.plant)).data)
