from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plants.api.of_plant import checked, named
from plants.domain.run_plan import Need, Prospect, Standing, prospect
from plants.selectors.runs import candidates, need_of
from plants.services import runs
from registry.domain.access import PlantScope
from registry.domain.errors import Invalid, NotAllowed, NotFound
from registry.domain.jobs import JobKind
from registry.http import scope_of
from registry.models import Job, ModelFamily, ModelVersion, Recipe
from registry.selectors import runs as reads
from registry.selectors.jobs import may_order
from registry.services import recipes

_MAX_PLANTS = 500
_DATASET = r"^([a-z0-9][a-z0-9._-]{0,63})?\Z"


class RunPlantIn(serializers.Serializer[Any]):
    plant = serializers.CharField(max_length=32)
    dataset = serializers.RegexField(
        _DATASET, allow_blank=True, default="", help_text="Empty: the one that fits best."
    )


class RunIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in JobKind])
    family = serializers.SlugField(max_length=64)
    recipe = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="To retrain by; not to evaluate."
    )
    version = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The version to start from (retrain) or to score (evaluate).",
    )
    overrides = serializers.DictField(default=dict)
    plants = RunPlantIn(  # type: ignore[call-arg]
        many=True, max_length=_MAX_PLANTS, help_text="Each plant once."
    )
    key = serializers.UUIDField(
        required=False, help_text="Names the run; with the same key nothing is ordered twice."
    )


class RunPlantOut(serializers.Serializer[Any]):
    plant = serializers.CharField()
    dataset = serializers.CharField(allow_blank=True, help_text="Where the run would go.")
    fitting = serializers.ListField(child=serializers.CharField(), help_text="All that fit.")
    reason = serializers.CharField(
        allow_blank=True, help_text="Why nothing can be sent there; empty where it can."
    )
    doubts = serializers.ListField(
        child=serializers.CharField(), help_text="Why the plant's worker will probably refuse."
    )
    notes = serializers.ListField(child=serializers.CharField())


class RunPreviewOut(serializers.Serializer[Any]):
    recipe = serializers.UUIDField()
    resolved_digest = serializers.CharField()
    plants = RunPlantOut(many=True)


class OutcomeOut(serializers.Serializer[Any]):
    plant = serializers.CharField()
    job = serializers.UUIDField(allow_null=True)
    refusal = serializers.CharField(allow_blank=True)


class RunOrderedOut(serializers.Serializer[Any]):
    key = serializers.UUIDField()
    outcomes = OutcomeOut(many=True)


class RunJobOut(serializers.ModelSerializer[Job]):
    class Meta:
        model = Job
        fields = ("id", "plant_code", "dataset", "state", "code", "requested_at", "ended_at")


class RunOut(serializers.Serializer[Any]):
    kind = serializers.CharField(source="first.kind")
    family = serializers.CharField(source="first.family.slug")
    recipe = serializers.UUIDField(source="first.recipe_id")
    version = serializers.UUIDField(source="first.parent_id", allow_null=True)
    requested_by = serializers.CharField(source="first.requested_by")
    ended = serializers.IntegerField()
    well = serializers.IntegerField(help_text="How many ended with success.")
    is_ended = serializers.BooleanField()
    jobs = RunJobOut(many=True)


def _asked(request: Request) -> runs.Run:
    """The run as the body says it, with the data sets that it wishes for."""
    scope = scope_of(request)
    if not may_order(scope):
        raise NotAllowed(
            "Jobs are ordered by engineers of a plant and by central data scientists; ask an "
            "administrator for the role.",
            code="role-missing",
        )
    said = checked(RunIn, request)
    wishes = {one["plant"]: one["dataset"] for one in said["plants"]}
    if not wishes or len(wishes) < len(said["plants"]):
        raise Invalid(
            "A run goes to one or more plants.", fields={"plants": ["Name each plant once."]}
        )
    kind, families = JobKind(said["kind"]), ModelFamily.objects.visible_to(scope)
    version = _version(scope, said["version"])
    return runs.Run(
        key=said.get("key") or uuid4(),
        kind=kind,
        family=named(families, "family", "family", slug=said["family"]),
        recipe=_recipe(scope, kind, said["recipe"], version),
        datasets=wishes,
        overrides=said["overrides"],
        parent=version,
    )


def _version(scope: PlantScope, pk: UUID | None) -> ModelVersion | None:
    if pk is None:
        return None
    rows = ModelVersion.objects.visible_to(scope).select_related("recipe", "family")
    return named(rows, "version", "version", pk=pk)  # type: ignore[no-any-return]


def _recipe(
    scope: PlantScope, kind: JobKind, pk: UUID | None, version: ModelVersion | None
) -> Recipe:
    """A version is scored by the rules of the recipe that made it."""
    if kind == JobKind.EVALUATE:
        if version is None:
            raise Invalid("Say which version to score.", fields={"version": ["Name a version."]})
        return version.recipe
    if pk is None:
        raise Invalid("Say by which recipe to train.", fields={"recipe": ["Name a recipe."]})
    return named(Recipe.objects.visible_to(scope), "recipe", "recipe", pk=pk)  # type: ignore[no-any-return]


def _prospects(scope: PlantScope, run: runs.Run) -> dict[str, Prospect]:
    """Each plant of the run as it is judged before anything is sent."""
    need = need_of(run.kind, run.family, run.recipe, run.parent)
    known = {one.facts.code: one.standing for one in candidates(scope)}
    return {code: _judged(need, known.get(code), wish) for code, wish in run.datasets.items()}


def _judged(need: Need, plant: Standing | None, wish: str) -> Prospect:
    if plant is None:
        return Prospect(reason="There is no such plant, or you hold no role there.")
    found = prospect(need, plant, wish)
    if wish and found.chosen and found.chosen.name != wish:
        reason = f"No worker there names a data set {wish} of {need.kind}."
        return Prospect(fitting=found.fitting, reason=reason)
    return found


class RunPreview(APIView):
    @extend_schema(
        summary="What a run would send to whom; nothing is written",
        request=RunIn,
        responses={200: RunPreviewOut},
    )
    def post(self, request: Request) -> Response:
        run = _asked(request)
        _, digest = recipes.resolve(run.recipe, run.overrides)
        found = _prospects(scope_of(request), run).items()
        plants = [
            {
                "plant": code,
                "dataset": one.chosen.name if one.chosen else "",
                "fitting": [held.name for held in one.fitting],
                "reason": one.reason,
                "doubts": one.doubts,
                "notes": one.notes,
            }
            for code, one in found
        ]
        body = {"recipe": run.recipe.pk, "resolved_digest": digest, "plants": plants}
        return Response(RunPreviewOut(body).data)


class Runs(APIView):
    @extend_schema(
        summary="Order the same work at many plants; each order stands or falls by itself",
        description="422 where no plant at all can take it; otherwise `outcomes` says of each "
        "plant which job it got, or why it got none.",
        request=RunIn,
        responses={201: RunOrderedOut},
    )
    def post(self, request: Request) -> Response:
        scope, run = scope_of(request), _asked(request)
        recipes.resolve(run.recipe, run.overrides)  # refuses what no plant could take
        judged = _prospects(scope, run)
        sent = {code: one.chosen.name for code, one in judged.items() if one.chosen}
        found = runs.order(scope, replace(run, datasets=sent)) if sent else []
        left = [
            runs.Outcome(code, None, judged[code].reason) for code in judged if code not in sent
        ]
        outcomes = sorted([*found, *left], key=lambda one: one.plant_code)
        if all(one.job is None for one in outcomes):
            said = [f"{one.plant_code}: {one.refusal}" for one in outcomes]
            raise Invalid("No plant can take this run.", fields={"plants": said})
        told = [
            {"plant": one.plant_code, "job": one.job and one.job.pk, "refusal": one.refusal}
            for one in outcomes
        ]
        return Response(RunOrderedOut({"key": run.key, "outcomes": told}).data, status=201)


class RunDetail(APIView):
    @extend_schema(summary="A run's jobs, and where they stand together", responses={200: RunOut})
    def get(self, request: Request, key: UUID) -> Response:
        page = reads.page(scope_of(request), key)
        if page is None:
            raise NotFound("There is no such run, or you may not know of it.")
        return Response(RunOut(page).data)
