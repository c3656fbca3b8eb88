from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.domain.checklist import STATES
from governance.domain.checklist_items import BY_SLUG, ITEMS
from governance.models import LineProof, SignOff
from governance.selectors import readiness as lists
from governance.selectors.checklist import LineStanding, blocked_by, standing_of
from governance.services import checklists
from plants.models import Line
from plants.selectors import directory
from registry.domain.errors import Invalid, NotFound
from registry.http import scope_of


# --- What comes in -------------------------------------------------------------------------------
class AttestationIn(serializers.Serializer[Any]):
    item = serializers.ChoiceField(choices=list(BY_SLUG), help_text="The question.")
    holds = serializers.BooleanField(help_text="Whether the pass condition is met.")
    statement = serializers.CharField(
        min_length=checklists.MIN_STATEMENT,
        max_length=checklists.MAX_TEXT,
        help_text="What was seen: when, by whom, and where the evidence is kept.",
    )


class SignOffIn(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=checklists.MAX_TEXT, allow_blank=True, default="")


class ReadinessIn(serializers.Serializer[Any]):
    q = serializers.CharField(
        max_length=100, allow_blank=True, default="", help_text="Part of a line or plant's name."
    )
    plant = serializers.CharField(
        max_length=32, allow_blank=True, default="", help_text="Its code."
    )
    standing = serializers.ChoiceField(choices=lists.STANDINGS, required=False)
    sort = serializers.RegexField(
        r"^-?[a-z]{1,20}\Z",
        default="readiness",
        trim_whitespace=False,
        help_text="line, plant, readiness, unanswered or a section; a hyphen turns it round.",
    )


# --- What goes out -------------------------------------------------------------------------------
class ChecklistItemOut(serializers.Serializer[Any]):
    item = serializers.ChoiceField(choices=list(BY_SLUG), source="item.slug")
    question = serializers.CharField(source="item.question")
    condition = serializers.CharField(source="item.condition", help_text="When it passes.")
    evidence = serializers.CharField(source="item.evidence", help_text="What shows it.")
    measured_by = serializers.CharField(
        source="item.measured_by", help_text="What proves it; empty where people attest it."
    )
    days = serializers.IntegerField(source="item.days", help_text="How long an answer is fresh.")
    decay = serializers.CharField(source="item.decay")
    state = serializers.ChoiceField(choices=STATES)
    score = serializers.FloatField(help_text="0, 0.5 or 1.")
    words = serializers.CharField(help_text="The state in words.")
    said = serializers.CharField(
        source="answer.said", default=None, allow_null=True, help_text="The answer that counts."
    )
    by = serializers.CharField(source="answer.by", default=None, allow_null=True)
    at = serializers.DateTimeField(source="answer.at", default=None, allow_null=True)
    falls_at = serializers.DateTimeField(
        allow_null=True, help_text="When the score falls; null: it does not by itself."
    )
    falls_to = serializers.FloatField()


class ChecklistShareOut(serializers.Serializer[Any]):
    section = serializers.ChoiceField(choices=[one.slug for one in ITEMS], source="slug")
    score = serializers.FloatField()
    of = serializers.IntegerField(help_text="How many questions it has.")
    share = serializers.FloatField()


class ChecklistSectionOut(ChecklistShareOut):
    title = serializers.CharField()
    items = ChecklistItemOut(many=True)


class SignOffOut(serializers.ModelSerializer[SignOff]):
    class Meta:
        model = SignOff
        fields = ("person", "readiness", "note", "signed_at")


class LineStandingOut(serializers.Serializer[Any]):
    plant = serializers.CharField(source="line.plant_id")
    line = serializers.CharField(source="line.code")
    name = serializers.CharField(source="line.name")
    readiness = serializers.FloatField(help_text="The least share of the seven sections.")
    unanswered = serializers.SerializerMethodField(help_text="Questions without an answer in date.")
    is_signed = serializers.BooleanField(help_text="Whether a sign-off is in force.")
    sign_off = SignOffOut(allow_null=True, help_text="The newest, in force or not.")
    decays_next = serializers.SerializerMethodField(help_text="The question; null: none.")
    decays_at = serializers.SerializerMethodField()

    def get_unanswered(self, found: LineStanding) -> list[str]:
        return [one.item.slug for one in found.standing.unanswered]

    def get_decays_next(self, found: LineStanding) -> str | None:
        falling = found.standing.next_to_decay
        return falling.item.slug if falling else None

    def get_decays_at(self, found: LineStanding) -> str | None:
        falling = found.standing.next_to_decay
        return falling.falls_at.isoformat() if falling and falling.falls_at else None


class LineReadinessOut(LineStandingOut):
    sections = ChecklistShareOut(many=True, source="standing.sections")


class ChecklistOut(LineStandingOut):
    sentence = serializers.CharField()
    sections = ChecklistSectionOut(many=True, source="standing.sections")
    in_the_way = serializers.SerializerMethodField(
        help_text="Why nothing goes further than shadow here; empty where it may."
    )

    def get_in_the_way(self, found: LineStanding) -> list[str]:
        return blocked_by(found, min_readiness=0.0)


class BlockingQuestionOut(serializers.Serializer[Any]):
    item = serializers.ChoiceField(choices=list(BY_SLUG), source="item.slug")
    question = serializers.CharField(source="item.question")
    unanswered = serializers.IntegerField(help_text="Lines without an answer to it.")
    failing = serializers.IntegerField(help_text="Lines where it does not hold.")


class ReadinessOut(serializers.Serializer[Any]):
    sentence = serializers.CharField()
    blocking = BlockingQuestionOut(many=True, help_text="What most lines lack, most first.")
    lines = LineReadinessOut(many=True, source="rows")


class AttestationOut(serializers.ModelSerializer[LineProof]):
    class Meta:
        model = LineProof
        fields = ("item", "kind", "holds", "statement", "given_by", "given_at")


# --- Endpoints -----------------------------------------------------------------------------------
def _line(request: Request, code: str, line: str) -> Line:
    rows = Line.objects.visible_to(scope_of(request)).select_related("plant")
    found = rows.filter(plant=code, code=line).first()
    if found is None:
        raise NotFound("There is no such line, or you may not know of it.")
    return found


class Checklist(APIView):
    @extend_schema(
        summary="A line's hardening checklist: every question, its answer and its age",
        responses={200: ChecklistOut},
    )
    def get(self, request: Request, code: str, line: str) -> Response:
        found = standing_of(scope_of(request), _line(request, code, line))
        return Response(ChecklistOut(found).data)


class Attestations(APIView):
    @extend_schema(
        summary="Answer a question of a line's checklist with your word",
        request=AttestationIn,
        responses={201: AttestationOut},
    )
    def post(self, request: Request, code: str, line: str) -> Response:
        found = _line(request, code, line)
        wanted = AttestationIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = checklists.attest(scope_of(request), found, **wanted.validated_data)
        return Response(AttestationOut(made).data, status=201)


class SignOffs(APIView):
    @extend_schema(
        summary="Sign a line's checklist with the scores of this moment",
        description="Refused with 409 while a question has no answer.",
        request=SignOffIn,
        responses={201: SignOffOut},
    )
    def post(self, request: Request, code: str, line: str) -> Response:
        found = _line(request, code, line)
        wanted = SignOffIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = checklists.sign_off(scope_of(request), found, **wanted.validated_data)
        return Response(SignOffOut(made).data, status=201)


class Readiness(APIView):
    @extend_schema(
        summary="Every line that you may see beside the seven sections of the checklist",
        parameters=[ReadinessIn],
        responses={200: ReadinessOut},
    )
    def get(self, request: Request) -> Response:
        scope = scope_of(request)
        if any("\x00" in value for value in request.query_params.values()):
            raise Invalid("A question holds no NUL.", fields={"q": ["Remove the NUL."]})
        wanted = ReadinessIn(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        plants = [(code, facts.name) for code, facts in directory(scope).items()]
        if asked["plant"] not in {"", *(code for code, _ in plants)}:
            raise Invalid(
                "There is no such plant, or you hold no role there.",
                fields={"plant": ["Name another, or none."]},
            )
        found = lists.read(scope, asked, plants)
        if found.listing.sort != asked["sort"]:
            raise Invalid(
                "Readiness cannot be sorted so.",
                fields={"sort": ["Name line, plant, readiness, unanswered or a section."]},
            )
        return Response(ReadinessOut(found).data)
