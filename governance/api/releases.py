from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.api import release_shapes as shapes
from governance.models import ClearanceRecord, Release
from governance.selectors import release_page
from governance.selectors import releases as reads
from governance.services import approvals, releases
from plants.models import Line, Plant, Station
from registry.domain.access import PlantScope
from registry.domain.errors import Invalid, NotFound
from registry.http import filtered, scope_of, searched
from registry.models import ModelVersion


def _one(rows: Any, what: str, **key: Any) -> Any:
    row = rows.filter(**key).first()
    if row is None:
        raise NotFound(f"There is no such {what}, or you may not know of it.")
    return row


def _named(rows: Any, field: str, **key: Any) -> Any:
    """The row that a field of the body names."""
    row = rows.filter(**key).first()
    if row is None:
        raise Invalid(
            "Some fields need correction; see fields.",
            fields={field: [f"There is no such {field}, or you may not know of it."]},
        )
    return row


def _release(request: Request, pk: UUID) -> Release:
    return _one(reads.visible(scope_of(request)), "release", pk=pk)  # type: ignore[no-any-return]


def _sent(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    wanted = shape(data=request.data)
    wanted.is_valid(raise_exception=True)
    found: dict[str, Any] = wanted.validated_data
    return found


def _told(scope: PlantScope, release: Release) -> dict[str, Any]:
    """The release as it stands now, for an answer."""
    fresh = reads.visible(scope).get(pk=release.pk)
    fresh.page = release_page.page(scope, fresh, timezone.now())  # type: ignore[attr-defined]
    found: dict[str, Any] = shapes.ReleaseDetailOut(fresh).data
    return found


class Releases(generics.ListAPIView[Release]):
    """Newest first."""

    serializer_class = shapes.ReleaseOut
    search = reads.SEARCHED
    filters = {
        "plant": "line__plant",
        "line": "line__code",
        "version": "version_id",
        "mode": "mode",
        "requested_by": "requested_by",
    }

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Release.objects.none()
        rows = filtered(self.request, reads.visible(scope_of(self.request)), self.filters)
        return searched(self.request, rows, self.search).order_by("-requested_at")

    @extend_schema(
        summary="Propose that a version may run on a line",
        description="It is open until enough people have agreed, somebody declines, it is "
        "withdrawn or its time is up. The same version, line and stage is open once.",
        request=shapes.ReleaseIn,
        responses={201: shapes.ReleaseDetailOut},
    )
    def post(self, request: Request) -> Response:
        scope, wanted = scope_of(request), _sent(shapes.ReleaseIn, request)
        plant = _one(Plant.objects.visible_to(scope), "plant", pk=wanted.pop("plant"))
        lines = Line.objects.visible_to(scope).filter(plant=plant).select_related("plant")
        line = _named(lines, "line", code=wanted.pop("line"))
        versions = ModelVersion.objects.visible_to(scope).select_related("family", "recipe")
        version = _named(versions, "version", pk=wanted.pop("version"))
        if wanted["renews"]:
            wanted["renews"] = _named(reads.visible(scope), "renews", pk=wanted["renews"])
        made = releases.propose(scope, version, line, **wanted)
        return Response(_told(scope, made), status=201)


class ReleaseDetail(APIView):
    @extend_schema(
        summary="Where a release stands, and all that is in its way",
        responses={200: shapes.ReleaseDetailOut},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(_told(scope_of(request), _release(request, pk)))


class ReleaseApprovals(APIView):
    @extend_schema(
        summary="Approve a release for one seat, or decline it, which closes it",
        description="Only a person decides, and none who made the version or asked for its "
        "release. Deciding again replaces one's own word.",
        request=shapes.DecisionIn,
        responses={201: shapes.ReleaseDetailOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        scope, release = scope_of(request), _release(request, pk)
        approvals.decide(scope, release, **_sent(shapes.DecisionIn, request))
        return Response(_told(scope, release), status=201)


class ReleaseComments(APIView):
    @extend_schema(
        summary="Say something about a release without deciding",
        request=shapes.CommentIn,
        responses={201: shapes.CommentOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        scope, release = scope_of(request), _release(request, pk)
        made = approvals.comment(scope, release, **_sent(shapes.CommentIn, request))
        return Response(shapes.CommentOut(made).data, status=201)


class ReleaseWithdrawal(APIView):
    @extend_schema(
        summary="Take a request back",
        request=shapes.WithdrawalIn,
        responses={200: shapes.ReleaseDetailOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        scope, release = scope_of(request), _release(request, pk)
        releases.withdraw(scope, release, **_sent(shapes.WithdrawalIn, request))
        return Response(_told(scope, release))


class ReleaseClearance(APIView):
    @extend_schema(
        summary="Issue the clearance once nothing is in the way; twice gives the same one",
        request=None,
        responses={200: shapes.ClearanceOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        record = releases.clear(scope_of(request), _release(request, pk))
        return Response(shapes.ClearanceOut(record).data)


class ReleaseStart(APIView):
    @extend_schema(
        summary="Put it on a station of its line; clears it first where nothing is in the way",
        description="The station is then meant to run it; what it does, it reports itself.",
        request=shapes.StartIn,
        responses={201: shapes.IntentionOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        scope, release = scope_of(request), _release(request, pk)
        wanted = _sent(shapes.StartIn, request)
        stations = Station.objects.visible_to(scope).filter(line=release.line)
        station = _named(stations.select_related("line"), "station", code=wanted.pop("station"))
        made = releases.start(scope, release, station, **wanted)
        return Response(shapes.IntentionOut(made).data, status=201)


class ClearanceRevocation(APIView):
    @extend_schema(
        summary="Revoke a clearance: nothing starts by it any more",
        request=shapes.RevocationIn,
        responses={200: shapes.ClearanceOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        scope = scope_of(request)
        rows = ClearanceRecord.objects.visible_to(scope).select_related("line")
        record = _one(rows, "clearance", pk=pk)
        revoked = releases.revoke(scope, record, **_sent(shapes.RevocationIn, request))
        return Response(shapes.ClearanceOut(revoked).data)


class MyApprovals(APIView):
    @extend_schema(
        summary="What waits for your decision, your approvals that need a re-review first",
        responses={200: shapes.WaitingOut(many=True)},
    )
    def get(self, request: Request) -> Response:
        waiting = reads.waiting_for(scope_of(request))
        return Response(shapes.WaitingOut(waiting, many=True).data)
