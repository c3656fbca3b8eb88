from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance import selectors
from plants import selectors as plants
from registry.domain.errors import Invalid
from registry.http import scope_of


class FleetIn(serializers.Serializer[Any]):
    q = serializers.CharField(
        max_length=100, allow_blank=True, default="", help_text="Part of a plant's name or code."
    )
    family = serializers.SlugField(
        max_length=64, required=False, help_text="Only this family; then plants have ranks."
    )
    only = serializers.ChoiceField(choices=["abnormal"], required=False)
    sort = serializers.RegexField(
        r"^(worst|-?plant|-?metric:[-a-zA-Z0-9_]{1,64})\Z",
        default="plant",
        trim_whitespace=False,
        help_text="plant, worst, or metric: and a family; a hyphen before it turns it round.",
    )


class FleetFigureOut(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the 95 % interval.")
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Rows judged.")


class ChampionOut(serializers.Serializer[Any]):
    version = serializers.UUIDField()
    number = serializers.CharField()
    is_local = serializers.BooleanField(help_text="The plant's own; else the baseline.")
    evaluation = serializers.UUIDField()
    figure = FleetFigureOut()
    norm = FleetFigureOut(allow_null=True, help_text="The baseline's on the same rows.")
    reading = serializers.CharField()
    difference = serializers.FloatField(allow_null=True)
    evaluated_at = serializers.DateTimeField()


class CellOut(serializers.Serializer[Any]):
    family = serializers.CharField(source="family.slug")
    champion = ChampionOut(source="standing", allow_null=True, help_text="Null: not evaluated.")
    is_worse = serializers.BooleanField(help_text="Clearly below the baseline.")
    is_stale = serializers.BooleanField(help_text="Not evaluated for a month.")


class FleetPlantOut(serializers.Serializer[Any]):
    plant = serializers.CharField(source="facts.code")
    name = serializers.CharField(source="facts.name")
    standing = serializers.CharField(source="facts.standing")
    last_seen_at = serializers.DateTimeField(source="facts.last_seen_at", allow_null=True)
    waiting = serializers.IntegerField(source="work.waiting")
    at_work = serializers.IntegerField(source="work.at_work")
    unowned = serializers.ListField(
        child=serializers.CharField(), help_text="Lines nobody answers for."
    )
    is_abnormal = serializers.BooleanField()
    ranks = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="First and last it may be."
    )
    families = CellOut(source="cells", many=True)


class NeedOut(serializers.Serializer[Any]):
    urgency = serializers.ChoiceField(
        source="tone", choices=["red", "amber", ""], help_text="Empty: whenever you come to it."
    )
    what = serializers.CharField()
    why = serializers.CharField()
    url = serializers.CharField(help_text="The page, from the portal's root.")
    plant = serializers.CharField(source="plant_code", allow_blank=True)
    at = serializers.DateTimeField(allow_null=True)


class FleetFamilyOut(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    metric = serializers.CharField()
    baseline = serializers.UUIDField(allow_null=True)


class FleetOut(serializers.Serializer[Any]):
    sentence = serializers.CharField(help_text="The answer: who needs somebody, and why.")
    needs = NeedOut(many=True, help_text="What waits for a person, the most urgent first.")
    order_said = serializers.CharField(help_text="What the order of the plants is worth.")
    families = FleetFamilyOut(many=True)
    plants = FleetPlantOut(many=True)


class Fleet(APIView):
    @extend_schema(
        summary="The fleet at a glance: who needs somebody, every plant beside its norm",
        parameters=[FleetIn],
        responses={200: FleetOut},
    )
    def get(self, request: Request) -> Response:
        scope = scope_of(request)
        if any("\x00" in value for value in request.query_params.values()):
            raise Invalid("A question holds no NUL.", fields={"q": ["Remove the NUL."]})
        wanted = FleetIn(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        page = selectors.overview(scope, plants.directory(scope).values(), asked)
        _refuse_unknown(asked, page.matrix)
        body = {
            "sentence": page.sentence,
            "needs": [*page.needs, *page.more_needs],
            "order_said": page.matrix.order_said,
            "families": page.matrix.shown,
            "plants": page.matrix.rows,
        }
        return Response(FleetOut(body).data)


def _refuse_unknown(asked: dict[str, Any], matrix: selectors.Matrix) -> None:
    """The page leaves out what it does not understand; a program is told."""
    known = {family.slug for family in matrix.families}
    if asked.get("family", "") not in {"", *known}:
        raise Invalid("There is no such family.", fields={"family": ["Name another, or none."]})
    if asked["sort"] != matrix.sort:
        raise Invalid(
            "The fleet cannot be sorted so.", fields={"sort": ["Name a family that is shown."]}
        )
