from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api.views import one
from registry.domain.errors import Invalid
from registry.http import scope_of
from registry.models import ModelVersion
from registry.selectors import comparison_document, comparisons

_VERSIONS = ModelVersion.objects.select_related(
    *("family", "recipe", "artifact", "manifest", "parent__family", "baseline")
)


class PairIn(serializers.Serializer[Any]):
    a = serializers.UUIDField(help_text="The first version.")
    b = serializers.UUIDField(help_text="The second version.")
    manifest = serializers.UUIDField(
        required=False, help_text="The hold-out to compare on; by default the newest common one."
    )


class VersionComparison(APIView):
    @extend_schema(
        summary="Two versions side by side: which is better, whether it is real, what differs",
        parameters=[PairIn, OpenApiParameter("format", exclude=True)],
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> Response:
        wanted = PairIn(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        rows = _VERSIONS.visible_to(scope_of(request))
        first, second = (one(rows, "version", pk=asked[name]) for name in ("a", "b"))
        if first == second:
            raise Invalid(
                "A version compared with itself says nothing.",
                fields={"b": ["Name another version."]},
            )
        manifest = str(asked.get("manifest", ""))
        found = comparisons.page(scope_of(request), first, second, manifest)
        return Response(comparison_document.document(found))
