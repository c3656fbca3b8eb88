from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.domain import policies as rules
from governance.domain.backtest import PARTS, BackTest
from governance.models import GatePolicy
from governance.selectors import gates as reads
from governance.services import policies
from plants.domain.desired_state import STAGES
from plants.models import Plant
from registry.domain.errors import NotFound
from registry.http import scope_of
from registry.models import ModelFamily, ModelVersion

# Longer texts than the parser takes are refused by the parser, which says so better.
_MAX_SOURCE = 2_000_000
_OUTCOMES = ("pass", "fail", "insufficient")
_EXAMPLE = f"""\
apiVersion: {rules.API_VERSION}
summary: What a version must show before it may run on a line.
gates:
  - gate: support
    min_rows: 30
    source: Below 30 rows a share of 0.9 is known to 0.74-0.97 at best (Wilson 1927).
  - gate: latency
    max_ms: 100
    source: Line 2 cycles every 400 ms; its cell controller leaves 100 ms to the model.
"""


def _family(request: Request, slug: str) -> ModelFamily:
    family = ModelFamily.objects.visible_to(scope_of(request)).filter(slug=slug).first()
    if family is None:
        raise NotFound("There is no such family, or you may not know of it.")
    return family


# --- What comes in -------------------------------------------------------------------------------
@extend_schema_field(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": _MAX_SOURCE,
        "description": "The policy as YAML.",
        "example": _EXAMPLE,
    }
)
class SourceField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=_MAX_SOURCE, trim_whitespace=False, **kwargs)


@extend_schema_field(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": policies.MAX_REASON,
        "description": "Why it is adopted.",
        "example": "Agreed with the owners of both lines on 20 November.",
    }
)
class ReasonField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=policies.MAX_REASON, **kwargs)


class BackTestIn(serializers.Serializer[Any]):
    source = SourceField()  # type: ignore[assignment]


class PolicyIn(BackTestIn):
    reason = ReasonField()
    expects = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        default=None,
        help_text="Number of the policy that you take to be in force, 0 for none; 409 if another "
        "is. Left out, whatever is in force is superseded.",
    )


# --- What goes out -------------------------------------------------------------------------------
class PolicyOut(serializers.ModelSerializer[GatePolicy]):
    summary = serializers.CharField(source="document.summary", read_only=True)

    class Meta:
        model = GatePolicy
        fields: tuple[str, ...] = (
            *("number", "summary", "digest", "reason", "adopted_by", "adopted_at"),
            "superseded_at",
        )


class GateRuleOut(serializers.Serializer[Any]):
    gate = serializers.ChoiceField(choices=list(rules.PARAMETERS))
    rule = serializers.CharField(help_text="What it asks for, in words.")
    warns = serializers.BooleanField(help_text="True: said, but in nobody's way.")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="Where its threshold comes from."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python's own, so no attribute of a class."""
        stage = serializers.ChoiceField(
            choices=[mode.value for mode in STAGES],
            source="stage",
            help_text="The stage from which on it is asked for.",
        )
        return {**super().get_fields(), "from": stage}


class SeatsOut(serializers.Serializer[Any]):
    quality = serializers.IntegerField(default=0)
    process = serializers.IntegerField(default=0)
    data_science = serializers.IntegerField(default=0)


class ApprovalsOut(serializers.Serializer[Any]):
    shadow = SeatsOut(help_text="Persons who must agree.")
    canary = SeatsOut(help_text="Persons who must agree.")
    active = SeatsOut(help_text="Persons who must agree.")
    decide_within_days = serializers.IntegerField()
    valid_days = serializers.IntegerField()
    source = serializers.CharField(  # type: ignore[assignment]
        allow_null=True, help_text="Null: the policy is silent, so it is as the platform has it."
    )


class StageEvidenceOut(serializers.Serializer[Any]):
    min_rows = serializers.IntegerField(
        help_text="Rows judged at the plant since the stage before began."
    )
    min_readiness = serializers.FloatField(help_text="Of the line, 0 to 1.")


class EvidenceOut(serializers.Serializer[Any]):
    shadow = StageEvidenceOut()
    canary = StageEvidenceOut()
    active = StageEvidenceOut()
    source = serializers.CharField(  # type: ignore[assignment]
        allow_null=True, help_text="Null: the policy is silent, so it is as the platform has it."
    )


class PolicyDetailOut(PolicyOut):
    family = serializers.CharField(source="family.slug", read_only=True)
    rules = serializers.SerializerMethodField(help_text="Its gates, in order.")
    approvals = serializers.SerializerMethodField(help_text="Who must agree to each stage.")
    evidence = serializers.SerializerMethodField(
        help_text="What must have been seen before each stage."
    )

    class Meta(PolicyOut.Meta):
        fields = (
            *("family", *PolicyOut.Meta.fields, "rules", "approvals", "evidence"),
            *("document", "source"),
        )

    @extend_schema_field(GateRuleOut(many=True))
    def get_rules(self, policy: GatePolicy) -> Any:
        return GateRuleOut(rules.told(policy.document), many=True).data

    @extend_schema_field(ApprovalsOut)
    def get_approvals(self, policy: GatePolicy) -> Any:
        told = rules.stages_told(policy.document)
        seats = {mode.value: rules.quorum_of(policy.document, mode) for mode in STAGES}
        days = {"decide_within_days": told.decide_within_days, "valid_days": told.valid_days}
        return ApprovalsOut({**seats, **days, "source": told.approvals_source or None}).data

    @extend_schema_field(EvidenceOut)
    def get_evidence(self, policy: GatePolicy) -> Any:
        stages = {mode.value: rules.evidence_for(policy.document, mode) for mode in STAGES}
        source = rules.stages_told(policy.document).evidence_source
        return EvidenceOut({**stages, "source": source or None}).data


class BlockingOut(serializers.Serializer[Any]):
    gate = serializers.ChoiceField(choices=list(rules.PARAMETERS))
    outcome = serializers.ChoiceField(choices=_OUTCOMES)
    reason = serializers.CharField()


class GateOutcomeOut(BlockingOut, GateRuleOut):
    value = serializers.FloatField(allow_null=True, help_text="Null where there is no figure.")
    n = serializers.IntegerField(allow_null=True, help_text="Rows judged, where rows are counted.")


class GateCountOut(serializers.Serializer[Any]):
    gate = serializers.ChoiceField(choices=list(rules.PARAMETERS))
    rule = serializers.CharField(help_text="What it asks for, in words.")
    warns = serializers.BooleanField()
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    insufficient = serializers.IntegerField()
    alone = serializers.IntegerField(help_text="Versions that this gate alone keeps out.")


class CostOut(serializers.Serializer[Any]):
    value = serializers.FloatField(help_text="Mean of the versions' costs, in `currency`.")
    versions = serializers.IntegerField(help_text="Of how many versions it is known.")


class TriedOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="version")
    name = serializers.CharField(help_text="Number and origin.")
    origin = serializers.CharField()
    registered_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=_OUTCOMES, source="review.outcome")
    blocking = BlockingOut(many=True, source="review.blocking", help_text="What keeps it out.")
    cost = serializers.FloatField(
        allow_null=True, help_text="Of its errors per `parts` parts; null where unknown."
    )


class BackTestOut(serializers.Serializer[Any]):
    family = serializers.CharField()
    currency = serializers.CharField()
    parts = serializers.IntegerField(help_text="Costs are those of so many parts.")
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    insufficient = serializers.IntegerField()
    cost_of_passed = CostOut(allow_null=True)
    cost_of_kept_out = CostOut(allow_null=True, help_text="Of what failed or lacks facts.")
    gates = GateCountOut(many=True, help_text="In the policy's order; empty without versions.")
    versions = TriedOut(many=True, help_text="Newest first.")


class VersionGatesIn(serializers.Serializer[Any]):
    plant = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=32,
        help_text="Judge it on this plant's rows, beside its champion; left out: on its own's.",
    )
    mode = serializers.ChoiceField(
        choices=[mode.value for mode in STAGES],
        required=False,
        allow_blank=True,
        help_text="Hold it against the gates asked of releases to this stage; left out: all.",
    )


class VersionGatesOut(serializers.Serializer[Any]):
    plant = serializers.CharField(help_text="Whose rows it was judged on.")
    mode = serializers.CharField(allow_null=True, help_text="The stage, if one was named.")
    policy = serializers.IntegerField(
        allow_null=True, help_text="Number of the family's policy in force; null: there is none."
    )
    sentence = serializers.CharField(help_text="What it comes to.")
    outcome = serializers.ChoiceField(
        choices=_OUTCOMES, allow_null=True, help_text="Null without a policy."
    )
    outcomes = GateOutcomeOut(many=True, help_text="Every gate, in the policy's order.")


# --- Endpoints -----------------------------------------------------------------------------------
class Policies(generics.ListAPIView[GatePolicy]):
    """Newest first; the one that nothing superseded is in force."""

    serializer_class = PolicyOut

    def get_queryset(self) -> QuerySet[GatePolicy]:
        if getattr(self, "swagger_fake_view", False):
            return GatePolicy.objects.none()
        rows = GatePolicy.objects.visible_to(scope_of(self.request)).defer("source")
        return rows.filter(family=_family(self.request, self.kwargs["slug"])).order_by("-number")

    @extend_schema(
        summary="Adopt a gate policy; what is in force already stays as it is",
        description="It supersedes the policy in force from this moment on. `fields` of a refusal "
        "names each place in the document, such as gates.0.min_rows.",
        request=PolicyIn,
        responses={201: PolicyDetailOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        family = _family(request, slug)
        wanted = PolicyIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        policy = policies.adopt(scope_of(request), family, **wanted.validated_data)
        return Response(PolicyDetailOut(policy).data, status=201)


class PolicyDetail(APIView):
    @extend_schema(
        summary="A gate policy with its rules in words", responses={200: PolicyDetailOut}
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        seen = GatePolicy.objects.visible_to(scope_of(request)).select_related("family")
        policy = seen.filter(family=_family(request, slug), number=number).first()
        if policy is None:
            raise NotFound("There is no such policy of this family.")
        return Response(PolicyDetailOut(policy).data)


class PolicyBackTest(APIView):
    @extend_schema(
        summary="A policy over all versions of the family that you may see; nothing is written",
        description="Each version is held against what stood when it was registered.",
        request=BackTestIn,
        responses={200: BackTestOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        family = _family(request, slug)
        wanted = BackTestIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        document = rules.parse(wanted.validated_data["source"])
        found = reads.backtest(scope_of(request), family, document)
        return Response(BackTestOut(_told(family, found)).data)


def _told(family: ModelFamily, found: BackTest) -> dict[str, Any]:
    return {
        "family": family.slug,
        "currency": family.currency,
        "parts": PARTS,
        "passed": found.passed,
        "failed": found.failed,
        "insufficient": found.insufficient,
        "cost_of_passed": _cost(found.cost(passed=True)),
        "cost_of_kept_out": _cost(found.cost(passed=False)),
        "gates": found.gates,
        "versions": found.tried,
    }


def _cost(known: tuple[float, int] | None) -> dict[str, Any] | None:
    return {"value": known[0], "versions": known[1]} if known else None


class VersionGates(APIView):
    @extend_schema(
        summary="What the family's gate policy says of a version now, at a plant and for a stage",
        parameters=[VersionGatesIn],
        responses={200: VersionGatesOut},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        scope = scope_of(request)
        rows = ModelVersion.objects.visible_to(scope).select_related("family")
        version = rows.filter(pk=pk).first()
        if version is None:
            raise NotFound("There is no such version, or you may not know of it.")
        wanted = VersionGatesIn(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        asked = {name: value or None for name, value in wanted.validated_data.items()}
        plant = asked.get("plant")
        if plant and not Plant.objects.visible_to(scope).filter(code=plant).exists():
            raise NotFound("There is no such plant, or you may not know of it.")
        found = reads.review(scope, version, **asked)
        body = {
            "plant": plant or version.origin,
            "mode": asked.get("mode"),
            "policy": found.policy and found.policy.number,
            "sentence": found.sentence,
            "outcome": found.review and found.review.outcome,
            "outcomes": found.review.outcomes if found.review else (),
        }
        return Response(VersionGatesOut(body).data)
