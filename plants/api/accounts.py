from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plants.api.of_plant import checked, named, one
from plants.models import Membership, Plant, User
from plants.selectors import accounts as reads
from plants.services import accounts, sites
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Invalid
from registry.http import scope_of, searched


class RoleOut(serializers.ModelSerializer[Membership]):
    plant = serializers.CharField(
        source="plant_id", allow_null=True, help_text="Null: held centrally."
    )

    class Meta:
        model = Membership
        fields = ("id", "role", "plant", "granted_by", "granted_at")


class AccountOut(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="get_full_name", read_only=True)
    roles = RoleOut(many=True, read_only=True, source="held", help_text="Those you may know of.")
    # How somebody signs in concerns those who keep accounts, and auditors; null to others.
    email = serializers.SerializerMethodField()
    last_login = serializers.SerializerMethodField()
    has_second_factor = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            *("username", "name", "time_zone", "is_active", "roles"),
            *("email", "last_login", "has_second_factor"),
        )

    def _kept(self, value: Any) -> Any:
        return value if self.context.get("sees_sign_ins") else None

    def get_email(self, user: User) -> str | None:
        found: str | None = self._kept(user.email)
        return found

    def get_last_login(self, user: User) -> datetime | None:
        found: datetime | None = self._kept(user.last_login)
        return found

    def get_has_second_factor(self, user: Any) -> bool | None:
        found: bool | None = self._kept(user.has_second_factor)
        return found


class AccountIn(serializers.Serializer[Any]):
    username = serializers.CharField(
        max_length=150, help_text="Stands in the ledger; it never changes."
    )
    name = serializers.CharField(max_length=200)
    email = serializers.EmailField(allow_blank=True, default="")
    time_zone = serializers.CharField(max_length=64, default="UTC")


class RoleIn(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=[role.value for role in Role])
    plant = serializers.CharField(
        max_length=32, allow_null=True, help_text="The plant's code; null: centrally."
    )


def _shown(scope: PlantScope, username: str) -> dict[str, Any]:
    user = one(reads.with_roles(scope), "person", username=username)
    return dict(AccountOut(user, context={"sees_sign_ins": reads.sees_sign_ins(scope)}).data)


def _person(request: Request, username: str) -> User:
    found: User = one(reads.visible(scope_of(request)), "person", username=username)
    return found


class Accounts(generics.ListAPIView[User]):
    serializer_class = AccountOut
    search = ("username", "first_name", "last_name")
    filters = {"plant": "plant", "role": "role", "account": "is_active"}

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return User.objects.none()
        scope, asked = scope_of(self.request), self.request.query_params
        if any("\x00" in value for value in asked.values()):
            raise Invalid("A filter holds no NUL.", fields={"query": ["Remove the NUL."]})
        if asked.get("account", "open") not in {"open", "closed"}:
            raise Invalid(
                "An account is open or closed.", fields={"account": ["Write open or closed."]}
            )
        rows = reads.with_roles(scope).order_by("username")
        if "account" in asked:
            rows = rows.filter(is_active=asked["account"] == "open")
        for word in ("plant", "role"):
            if value := asked.get(word):
                rows = reads.holding(scope, rows, **{word: value})
        return searched(self.request, rows, self.search)

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):
            return context
        return context | {"sees_sign_ins": reads.sees_sign_ins(scope_of(self.request))}

    @extend_schema(
        summary="Make an account, without a password and without a role",
        description="Its person sets a password by a link that a signed-in administrator issues "
        "on the account's page: whoever holds that link is that person, so no token gets one.",
        request=AccountIn,
        responses={201: AccountOut},
    )
    def post(self, request: Request) -> Response:
        scope = scope_of(request)
        scope.require(Role.ADMINISTRATOR)
        user = accounts.create(scope, **checked(AccountIn, request))
        return Response(_shown(scope, user.username), status=201)


class AccountDetail(APIView):
    @extend_schema(summary="One account", responses={200: AccountOut})
    def get(self, request: Request, username: str) -> Response:
        return Response(_shown(scope_of(request), username))


class AccountClosing(APIView):
    @extend_schema(
        summary="Close an account: sessions and tokens stop at once, records and roles stay",
        request=None,
        responses={200: AccountOut},
    )
    def post(self, request: Request, username: str) -> Response:
        scope = scope_of(request)
        accounts.deactivate(scope, _person(request, username))
        return Response(_shown(scope, username))


class AccountOpening(APIView):
    @extend_schema(summary="Open a closed account again", request=None, responses={200: AccountOut})
    def post(self, request: Request, username: str) -> Response:
        scope = scope_of(request)
        accounts.reactivate(scope, _person(request, username))
        return Response(_shown(scope, username))


class AccountRoles(APIView):
    @extend_schema(
        summary="Grant a role at a plant, or centrally; granting it twice changes nothing",
        request=RoleIn,
        responses={201: RoleOut},
    )
    def post(self, request: Request, username: str) -> Response:
        scope, person = scope_of(request), _person(request, username)
        wanted = checked(RoleIn, request)
        code, plant = wanted["plant"], None
        if code is not None:
            plant = named(Plant.objects.visible_to(scope), "plant", "plant", pk=code)
        membership = sites.grant_role(scope, person, Role(wanted["role"]), plant)
        return Response(RoleOut(membership).data, status=201)


class AccountRole(APIView):
    @extend_schema(
        summary="Withdraw a role; it stops counting with the next request", responses={204: None}
    )
    def delete(self, request: Request, username: str, pk: int) -> Response:
        scope, person = scope_of(request), _person(request, username)
        rows = Membership.objects.visible_to(scope).select_related("user", "plant")
        sites.withdraw_role(scope, one(rows.filter(user=person), "role", pk=pk))
        return Response(status=204)
