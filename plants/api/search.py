from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plants.selectors import search
from registry.domain.errors import Invalid
from registry.domain.search_words import MAX_CHARACTERS, MAX_WORDS
from registry.http import scope_of

_MAX_PAGE = 1_000


class SearchIn(serializers.Serializer[Any]):
    q = serializers.CharField(
        allow_blank=True,
        default="",
        trim_whitespace=True,
        help_text=f"Up to {MAX_WORDS} words within {MAX_CHARACTERS} characters; all must match.",
    )
    kind = serializers.ChoiceField(
        choices=search.KINDS, required=False, help_text="One kind only, a page at a time."
    )
    page = serializers.IntegerField(min_value=1, max_value=_MAX_PAGE, default=1)


class HitOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    note = serializers.CharField()
    url = serializers.CharField(help_text="The page, from the portal's root.")
    is_exact = serializers.BooleanField(help_text="The word is its whole id or digest.")


class SearchGroupOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=search.KINDS)
    label = serializers.CharField()  # type: ignore[assignment]
    total = serializers.IntegerField()
    hits = HitOut(many=True)


class SearchOut(serializers.Serializer[Any]):
    words = serializers.ListField(child=serializers.CharField())
    total = serializers.IntegerField()
    groups = SearchGroupOut(many=True)


class Search(APIView):
    @extend_schema(
        summary="Search everything that the caller may know of",
        parameters=[SearchIn],
        responses={200: SearchOut},
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("q", "")
        if "\x00" in text:
            raise Invalid("A search holds no NUL.", fields={"q": ["Remove the NUL."]})
        wanted = SearchIn(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        scope = scope_of(request)
        found = search.search(scope, asked["q"], asked.get("kind", ""), asked["page"])
        body = {
            "words": [word.text for word in found.words],
            "total": found.total,
            "groups": found.groups,
        }
        return Response(SearchOut(body).data)
