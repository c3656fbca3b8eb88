from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plants.api.of_plant import checked
from plants.models import PersonalToken, User
from plants.services import accounts, tokens
from registry.domain.errors import NotAllowed
from registry.http import scope_of


def person_of(request: Request) -> User:
    """Who asks, if it is a person; a plant's machine has no account, whatever the plant's code."""
    if not isinstance(request.user, User):
        raise NotAllowed("An account belongs to a person; a plant's credential has none.")
    return request.user


class ProfileOut(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="get_full_name", read_only=True)

    class Meta:
        model = User
        fields = ("username", "name", "time_zone", "email")


class ProfileIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    time_zone = serializers.CharField(max_length=64)


class Profile(APIView):
    @extend_schema(summary="What pages show of you", responses={200: ProfileOut})
    def get(self, request: Request) -> Response:
        return Response(ProfileOut(person_of(request)).data)

    @extend_schema(
        summary="Change your name or time zone", request=ProfileIn, responses={200: ProfileOut}
    )
    def patch(self, request: Request) -> Response:
        person = person_of(request)
        known = {"name": person.get_full_name(), "time_zone": person.time_zone}
        changed = accounts.change(scope_of(request), person, **known | checked(ProfileIn, request))
        return Response(ProfileOut(changed).data)


class TokenOut(serializers.ModelSerializer[PersonalToken]):
    user = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = PersonalToken
        fields = (
            *("id", "user", "name", "reads_only", "issued_at", "expires_at"),
            *("last_used_at", "revoked_at", "revoked_by"),
        )


class Tokens(generics.ListAPIView[PersonalToken]):
    """Your own; an administrator sees everybody's. Tokens are issued on the page alone."""

    serializer_class = TokenOut
    filters = {"user": "user__username"}

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return PersonalToken.objects.none()
        person_of(self.request)
        rows: Any = PersonalToken.objects.visible_to(scope_of(self.request)).select_related("user")
        wanted = self.request.query_params.get("user", "").replace("\x00", " ")
        return rows.filter(user__username=wanted) if wanted else rows


class TokenRevocation(APIView):
    @extend_schema(summary="Revoke a token at once", request=None, responses={204: None})
    def post(self, request: Request, pk: UUID) -> Response:
        scope = scope_of(request)
        tokens.revoke(scope, tokens.find(scope, pk))
        return Response(status=204)
