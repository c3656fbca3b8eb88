from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.services import summary
from plants.models import User
from registry.domain.errors import NotAllowed


def _person(request: Request) -> User:
    if not isinstance(request.user, User):
        raise NotAllowed("A summary goes to a person; a plant's credential has no address.")
    return request.user


class WishIn(serializers.Serializer[Any]):
    wants_summary = serializers.BooleanField()


class WishOut(WishIn):
    has_address = serializers.BooleanField(help_text="Whether mail can be sent to you.")


def _shown(user: User) -> Response:
    body = {"wants_summary": user.wants_summary, "has_address": summary.has_address(user)}
    return Response(WishOut(body).data)


class SummaryWish(APIView):
    @extend_schema(summary="Whether you get the weekly summary", responses={200: WishOut})
    def get(self, request: Request) -> Response:
        return _shown(_person(request))

    @extend_schema(
        summary="Switch your weekly summary on or off", request=WishIn, responses={200: WishOut}
    )
    def put(self, request: Request) -> Response:
        user, wanted = _person(request), WishIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        summary.set_wish(user, wanted=wanted.validated_data["wants_summary"])
        return _shown(user)


class SummaryOut(serializers.Serializer[Any]):
    subject = serializers.CharField()
    text = serializers.CharField()


class SummaryPreview(APIView):
    @extend_schema(summary="The summary as you would get it now", responses={200: SummaryOut})
    def get(self, request: Request) -> Response:
        return Response(SummaryOut(summary.compose(_person(request), timezone.now())).data)
