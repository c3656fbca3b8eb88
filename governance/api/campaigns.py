from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.domain.campaigns import MAX_PLANTS
from governance.models import Campaign, CampaignState, CampaignStep, StepState
from governance.selectors import campaigns as reads
from governance.services import campaigns
from governance.services.texts import MAX_TEXT
from registry.domain.errors import Invalid, NotFound
from registry.http import filtered, scope_of
from registry.models import ModelFamily, ModelVersion, Recipe

_ID = serializers.UUIDField


# --- What comes in -------------------------------------------------------------------------------
class PartIn(serializers.Serializer[Any]):
    plant = serializers.SlugField(max_length=32)
    dataset = serializers.CharField(max_length=64)
    is_canary = serializers.BooleanField(default=False, help_text="True: goes first.")


class CampaignIn(serializers.Serializer[Any]):
    family = serializers.SlugField(max_length=64)
    recipe = _ID(required=False, allow_null=True, help_text="Each plant retrains by it.")
    baseline = _ID(
        required=False, allow_null=True, help_text="Each plant scores it beside its champion."
    )
    title = serializers.CharField(max_length=campaigns.MAX_TITLE)
    reason = serializers.CharField(max_length=MAX_TEXT)
    wave_size = serializers.IntegerField(min_value=1, max_value=MAX_PLANTS, default=10)
    plants = serializers.ListField(child=PartIn(), min_length=1, max_length=MAX_PLANTS)


class WhyIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=MAX_TEXT)


class MaybeWhyIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=MAX_TEXT, allow_blank=True, default="")


# --- What goes out -------------------------------------------------------------------------------
class CampaignOut(serializers.ModelSerializer[Campaign]):
    family = serializers.CharField(source="family.slug", read_only=True)
    state = serializers.ChoiceField(choices=CampaignState.choices, read_only=True)

    class Meta:
        model = Campaign
        fields: tuple[str, ...] = (
            *("id", "family", "recipe", "baseline", "title", "reason", "wave", "state"),
            *("halt_reason", "started_by", "started_at", "ended_at"),
        )


class PartOut(serializers.ModelSerializer[CampaignStep]):
    state = serializers.ChoiceField(choices=StepState.choices, read_only=True)

    class Meta:
        model = CampaignStep
        fields = ("plant", "wave", "dataset", "state", "job", "version", "note", "judged_at")


class CampaignDetailOut(CampaignOut):
    sentence = serializers.SerializerMethodField(help_text="Where it stands.")
    running = serializers.SerializerMethodField(
        help_text="Stations that are meant to run what it brought."
    )
    plants = serializers.SerializerMethodField(help_text="Those that you may see, by wave.")

    class Meta(CampaignOut.Meta):
        fields = (*CampaignOut.Meta.fields, "sentence", "running", "plants")

    def _page(self) -> reads.CampaignPage:
        page: reads.CampaignPage = self.context["page"]
        return page

    def get_sentence(self, campaign: Campaign) -> str:
        return self._page().sentence

    def get_running(self, campaign: Campaign) -> int:
        return self._page().running

    @extend_schema_field(PartOut(many=True))
    def get_plants(self, campaign: Campaign) -> list[Any]:
        return [PartOut(step.row).data for step in self._page().steps]


def _found(request: Request, pk: UUID) -> Campaign:
    rows = Campaign.objects.visible_to(scope_of(request)).select_related("family")
    campaign = rows.filter(pk=pk).first()
    if campaign is None:
        raise NotFound("There is no such campaign, or you may not know of it.")
    return campaign


def _told(request: Request, campaign: Campaign, status: int = 200) -> Response:
    page = reads.page(scope_of(request), _found(request, campaign.pk))
    return Response(CampaignDetailOut(page.campaign, context={"page": page}).data, status=status)


def _sent(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    wanted = shape(data=request.data)
    wanted.is_valid(raise_exception=True)
    return dict(wanted.validated_data)


# --- Endpoints -----------------------------------------------------------------------------------
class Campaigns(generics.ListAPIView[Campaign]):
    """Newest first."""

    serializer_class = CampaignOut
    filters = {"state": "state", "family": "family__slug"}

    def get_queryset(self) -> QuerySet[Campaign]:
        if getattr(self, "swagger_fake_view", False):
            return Campaign.objects.none()
        rows = Campaign.objects.visible_to(scope_of(self.request)).select_related("family")
        found: QuerySet[Campaign] = filtered(
            self.request, rows.order_by("-started_at"), self.filters
        )
        return found

    @extend_schema(
        summary="Start a campaign; its canary plants begin at once",
        description="Give either a recipe or the baseline that the family offers now.",
        request=CampaignIn,
        responses={201: CampaignDetailOut},
    )
    def post(self, request: Request) -> Response:
        sent = _sent(CampaignIn, request)
        made = campaigns.start(scope_of(request), _plan(request, sent))
        return _told(request, made, 201)


def _plan(request: Request, sent: dict[str, Any]) -> campaigns.Plan:
    scope = scope_of(request)
    family = ModelFamily.objects.visible_to(scope).filter(slug=sent["family"]).first()
    if family is None:
        raise Invalid("There is no such family.", fields={"family": ["Choose another one."]})
    recipes = Recipe.objects.visible_to(scope).filter(pk__in=_given(sent, "recipe"))
    versions = ModelVersion.objects.visible_to(scope).filter(pk__in=_given(sent, "baseline"))
    return campaigns.Plan(
        family=family,
        title=sent["title"],
        reason=sent["reason"],
        datasets={one["plant"]: one["dataset"] for one in sent["plants"]},
        canaries=[one["plant"] for one in sent["plants"] if one["is_canary"]],
        wave_size=sent["wave_size"],
        recipe=recipes.first(),
        baseline=versions.first(),
    )


def _given(sent: dict[str, Any], name: str) -> list[UUID]:
    return [sent[name]] if sent.get(name) else []


class CampaignDetail(APIView):
    @extend_schema(summary="A campaign with each plant's part", responses={200: CampaignDetailOut})
    def get(self, request: Request, pk: UUID) -> Response:
        return _told(request, _found(request, pk))


class Halt(APIView):
    @extend_schema(
        summary="Halt a campaign: no wave begins any more",
        request=WhyIn,
        responses={200: CampaignDetailOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        found, sent = _found(request, pk), _sent(WhyIn, request)
        return _told(request, campaigns.halt(scope_of(request), found, **sent))


class Resume(APIView):
    @extend_schema(
        summary="Let a halted campaign go on without the plants that lost",
        request=WhyIn,
        responses={200: CampaignDetailOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        found, sent = _found(request, pk), _sent(WhyIn, request)
        return _told(request, campaigns.resume(scope_of(request), found, **sent))


class RollBack(APIView):
    @extend_schema(
        summary="Take back what a campaign brought, at every plant; nobody has to approve",
        request=MaybeWhyIn,
        responses={200: CampaignDetailOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        found, sent = _found(request, pk), _sent(MaybeWhyIn, request)
        return _told(request, campaigns.roll_back(scope_of(request), found, **sent))


def _part(request: Request, campaign: Campaign, code: str) -> CampaignStep:
    rows = CampaignStep.objects.visible_to(scope_of(request)).filter(campaign=campaign)
    step = rows.filter(plant=code).first()
    if step is None:
        raise NotFound("This plant takes no part, or you may not know of it.")
    return step


class Retry(APIView):
    @extend_schema(
        summary="Order a plant's work in a campaign again",
        request=None,
        responses={200: CampaignDetailOut},
    )
    def post(self, request: Request, pk: UUID, code: str) -> Response:
        found = _found(request, pk)
        campaigns.retry(scope_of(request), _part(request, found, code))
        return _told(request, found)


class Skip(APIView):
    @extend_schema(
        summary="Leave a plant out of a campaign",
        request=WhyIn,
        responses={200: CampaignDetailOut},
    )
    def post(self, request: Request, pk: UUID, code: str) -> Response:
        found, sent = _found(request, pk), _sent(WhyIn, request)
        campaigns.skip(scope_of(request), _part(request, found, code), **sent)
        return _told(request, found)
