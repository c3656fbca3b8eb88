from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api.views import one
from registry.domain.access import PlantScope
from registry.domain.errors import Invalid
from registry.http import scope_of
from registry.models import ModelFamily, ModelVersion
from registry.selectors import directory, exploring, family_page, offers
from registry.selectors import versions as version_reads
from registry.selectors.versions import ConfusionRow


class FigureOut(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the 95 % interval.")
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Rows judged.")


# --- A family: each plant beside the baseline ----------------------------------------------------
class FamilyStandingIn(serializers.Serializer[Any]):
    dataset = serializers.CharField(required=False, help_text="Only figures on this data set.")
    evidence = serializers.ChoiceField(
        choices=[name for name, _ in family_page.EVIDENCE], required=False
    )


class AtPlantOut(serializers.Serializer[Any]):
    plant = serializers.CharField(source="evaluation.plant_code")
    dataset = serializers.CharField(source="evaluation.manifest.dataset")
    version = serializers.UUIDField(source="evaluation.version_id")
    number = serializers.CharField(source="evaluation.version.version")
    figure = FigureOut()
    norm = FigureOut(allow_null=True, help_text="The baseline's on the same rows.")
    reading = serializers.CharField(source="verdict")
    difference = serializers.FloatField(allow_null=True)
    ranks = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="First and last it may be."
    )
    evaluated_at = serializers.DateTimeField(source="evaluation.evaluated_at")


class BranchOut(serializers.Serializer[Any]):
    plant = serializers.CharField()
    versions = serializers.SerializerMethodField(help_text="Newest first.")

    def get_versions(self, branch: family_page.Branch) -> list[str]:
        return [str(version.pk) for version in branch.versions]


class RootOut(serializers.Serializer[Any]):
    version = serializers.UUIDField(
        source="version.pk", default=None, allow_null=True, help_text="Null: from scratch."
    )
    is_current = serializers.BooleanField()
    branches = BranchOut(many=True)


class AdoptionOut(serializers.Serializer[Any]):
    taken_up = serializers.ListField(child=serializers.CharField())
    waiting = serializers.ListField(child=serializers.CharField())


class FamilyStandingOut(serializers.Serializer[Any]):
    metric = serializers.CharField()
    baseline = serializers.UUIDField(
        source="baseline.version_id", default=None, allow_null=True, help_text="Offered now."
    )
    former = serializers.SerializerMethodField(help_text="Baselines that it replaced.")
    compared = serializers.IntegerField(help_text="Plants that can be compared with it.")
    better = serializers.IntegerField()
    worse = serializers.IntegerField()
    order_said = serializers.CharField(help_text="What the order of the plants is worth.")
    plants = AtPlantOut(source="comparisons", many=True)
    descent = RootOut(source="roots", many=True, help_text="Which version began from which.")
    adoption = AdoptionOut(allow_null=True, help_text="Who has taken the baseline up.")

    def get_former(self, page: Any) -> list[str]:
        return [str(baseline.version_id) for baseline in page["former"]]


_OF_PAGE = (
    *("metric", "baseline", "former", "compared", "better", "worse"),
    *("order_said", "comparisons", "roots"),
)


class FamilyStanding(APIView):
    @extend_schema(
        summary="A family's plants beside its baseline, and what began from what",
        parameters=[FamilyStandingIn],
        responses={200: FamilyStandingOut},
    )
    def get(self, request: Request, slug: str) -> Response:
        scope, asked = scope_of(request), _checked(FamilyStandingIn, request)
        family = one(ModelFamily.objects.visible_to(scope), "family", slug=slug)
        page = family_page.page(scope, family, asked)
        if asked.get("dataset", "") != page.dataset:
            raise Invalid(
                "Nothing of this family was scored on that data set.",
                fields={"dataset": [f"Name one of: {', '.join(page.datasets)[:200]}."]},
            )
        body = {name: getattr(page, name) for name in _OF_PAGE}
        return Response(FamilyStandingOut({**body, "adoption": _adoption(scope, page)}).data)


def _adoption(scope: PlantScope, page: family_page.FamilyPage) -> offers.Adoption | None:
    if page.baseline is None:
        return None
    known = directory.read(scope).items()
    return offers.adoption(
        scope, page.baseline, [code for code, facts in known if facts.standing != "closed"]
    )


def _checked(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    wanted = shape(data=request.query_params.dict())
    wanted.is_valid(raise_exception=True)
    found: dict[str, Any] = wanted.validated_data
    return found


# --- What the charts draw ------------------------------------------------------------------------
class ScoreOut(FigureOut):
    plant = serializers.CharField()
    version = serializers.UUIDField(source="version.id")
    number = serializers.CharField(source="version.version")
    origin = serializers.CharField(source="version.origin")
    manifest = serializers.UUIDField()
    evaluated_at = serializers.DateTimeField(source="at")


class NewestOut(serializers.Serializer[Any]):
    score = ScoreOut()
    dataset = serializers.CharField()
    norm = ScoreOut(allow_null=True, help_text="The baseline's on the same rows.")
    reading = serializers.CharField()


class FamilyFiguresIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=["own", "baseline"], required=False, help_text="Only such versions; else all."
    )
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)


class FamilyFiguresOut(serializers.Serializer[Any]):
    by_plant = NewestOut(many=True, help_text="The weakest first.")
    over_time = ScoreOut(many=True, help_text="Of the plants that are shown.")
    shown = serializers.ListField(child=serializers.CharField())
    plants = serializers.ListField(child=serializers.CharField(), help_text="All that have any.")


_PLANTS = OpenApiParameter(
    "plants", str, many=True, description=f"At most {exploring.MAX_PLANTS} over time."
)


class FamilyFigures(APIView):
    @extend_schema(
        summary="A family's figures by plant and over time, as its charts draw them",
        parameters=[FamilyFiguresIn, _PLANTS],
        responses={200: FamilyFiguresOut},
    )
    def get(self, request: Request, slug: str) -> Response:
        scope, asked = scope_of(request), _checked(FamilyFiguresIn, request)
        family = one(ModelFamily.objects.visible_to(scope), "family", slug=slug)
        plants = request.query_params.getlist("plants")
        if len(plants) > exploring.MAX_PLANTS:
            raise Invalid(
                "That is more plants than one chart shows.",
                fields={"plants": [f"Name at most {exploring.MAX_PLANTS}."]},
            )
        found = exploring.family(scope, family, exploring.Wish(plants=plants, **asked))
        return Response(FamilyFiguresOut(found).data)


class ClassFigureOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    support = serializers.IntegerField()
    recall = FigureOut(allow_null=True)
    precision = FigureOut(allow_null=True)
    f1 = FigureOut(allow_null=True)


class ConfusionOut(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The true class.")
    said = serializers.SerializerMethodField(help_text="How often each class was said instead.")
    total = serializers.IntegerField()

    def get_said(self, row: ConfusionRow) -> list[int]:
        return [count for count, _ in row.cells]


class VersionFiguresOut(serializers.Serializer[Any]):
    metric = serializers.CharField()
    figure = FigureOut(allow_null=True, help_text="On its own hold-out.")
    norm = FigureOut(allow_null=True, help_text="The baseline's on the same rows.")
    classes = ClassFigureOut(many=True)
    confusion = ConfusionOut(many=True)
    scores = ScoreOut(many=True, help_text="At every plant, newest first.")


class VersionFigures(APIView):
    @extend_schema(
        summary="A version's figures: class by class, confusions, at every plant over time",
        responses={200: VersionFiguresOut},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        scope = scope_of(request)
        rows = ModelVersion.objects.visible_to(scope).select_related(
            *("family", "recipe", "artifact", "manifest", "job", "baseline")
        )
        version = one(rows, "version", pk=pk)
        card = version_reads.page(scope, version)
        body = {
            "metric": version.family.primary_metric,
            "figure": card.figure,
            "norm": card.norm,
            "classes": card.classes,
            "confusion": card.confusion,
            "scores": exploring.version(scope, version),
        }
        return Response(VersionFiguresOut(body).data)
