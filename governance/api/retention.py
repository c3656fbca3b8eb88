from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.domain.purging import HOLDS
from governance.selectors import retention as reads
from registry.domain import retention as rules
from registry.domain.access import PlantScope
from registry.domain.errors import NotFound
from registry.http import scope_of
from registry.models import ModelFamily, RetentionRule
from registry.services import retention


# --- What comes in -------------------------------------------------------------------------------
@extend_schema_field(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": retention.MAX_REASON,
        "description": "Why; it stays on record.",
        "example": "Annex 4 of the supply contract of 2024.",
    }
)
class ReasonField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=retention.MAX_REASON, **kwargs)


class RetentionIn(serializers.Serializer[Any]):
    classes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(rules.BY_NAME)),
        min_length=1,
        max_length=len(rules.BY_NAME),
        help_text="What applies; of several the longest counts.",
    )
    customer_years = serializers.IntegerField(
        min_value=1,
        max_value=rules.MAX_CUSTOMER_YEARS,
        allow_null=True,
        default=None,
        help_text="Stated by contract; only with the class customer.",
    )
    life_ended_on = serializers.DateField(
        allow_null=True,
        default=None,
        help_text="Last day of production and service; null while the product is made or serviced.",
    )
    reason = ReasonField()
    expects = serializers.IntegerField(
        min_value=0,
        max_value=10**9,
        allow_null=True,
        default=None,
        help_text="Number of the rule that you take to be in force, 0 for none; 409 if another is.",
    )


# --- What goes out -------------------------------------------------------------------------------
class RetentionRuleOut(serializers.ModelSerializer[RetentionRule]):
    classes = serializers.ListField(child=serializers.ChoiceField(choices=list(rules.BY_NAME)))

    class Meta:
        model = RetentionRule
        fields = (
            *("number", "classes", "customer_years", "life_ended_on", "reason", "set_by"),
            *("set_at", "superseded_at"),
        )


class RetentionHoldOut(serializers.Serializer[Any]):
    hold = serializers.ChoiceField(choices=list(HOLDS))
    count = serializers.IntegerField(help_text="Stored files that it holds.")
    example = serializers.CharField(help_text="The first one's reason.")


class StoredFilesOut(serializers.Serializer[Any]):
    stored = serializers.IntegerField(help_text="Files of the versions that you may see.")
    kept = serializers.IntegerField()
    may_go = serializers.IntegerField(help_text="Held by nothing any more.")
    may_go_bytes = serializers.IntegerField()
    purged = serializers.IntegerField()
    reasons = RetentionHoldOut(many=True, help_text="Why what is kept is kept.")


class RetentionOut(serializers.Serializer[Any]):
    family = serializers.CharField()
    sentence = serializers.CharField(help_text="What it comes to.")
    rule = RetentionRuleOut(
        allow_null=True, help_text="In force; null: everything is kept for ever."
    )
    standing = StoredFilesOut()
    history = RetentionRuleOut(many=True, help_text="Superseded rules, the newest first.")


# --- Endpoints -----------------------------------------------------------------------------------
class Retention(APIView):
    @extend_schema(
        summary="How long a family's records are kept, and what may be purged now",
        responses={200: RetentionOut},
    )
    def get(self, request: Request, slug: str) -> Response:
        scope = scope_of(request)
        return Response(_told(scope, _family(scope, slug)))

    @extend_schema(
        summary="Set a family's retention rule; what is in force already stays as it is",
        description="It supersedes the rule in force. A purge goes by it only after "
        f"{rules.OBJECTION_DAYS} days.",
        request=RetentionIn,
        responses={201: RetentionOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        scope = scope_of(request)
        family = _family(scope, slug)
        wanted = RetentionIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        retention.set_rule(scope, family, **wanted.validated_data)
        return Response(_told(scope, family), status=201)


def _family(scope: PlantScope, slug: str) -> ModelFamily:
    family = ModelFamily.objects.visible_to(scope).filter(slug=slug).first()
    if family is None:
        raise NotFound("There is no such family, or you may not know of it.")
    return family


def _told(scope: PlantScope, family: ModelFamily) -> Any:
    rows = reads.history(scope, family)
    rule = next((one for one in rows if one.superseded_at is None), None)
    body = {
        "family": family.slug,
        "sentence": rules.sentence(family.slug, rule.as_rule if rule else None),
        "rule": rule,
        "standing": reads.standing(scope, family, timezone.now()),
        "history": [one for one in rows if one is not rule],
    }
    return RetentionOut(body).data
