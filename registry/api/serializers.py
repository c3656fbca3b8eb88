from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from registry.domain import ledger_chain
from registry.models import (
    Baseline,
    DatasetManifest,
    Evaluation,
    Job,
    LedgerEntry,
    Metric,
    ModelFamily,
    ModelVersion,
    Recipe,
    TaskKind,
)


class FamilyOut(serializers.ModelSerializer[ModelFamily]):
    class Meta:
        model = ModelFamily
        fields = (
            "slug",
            "title",
            "description",
            "task_kind",
            "classes",
            "allows_local_classes",
            "good_class",
            "input_signature",
            "primary_metric",
            "escape_cost",
            "false_reject_cost",
            "currency",
            "created_by",
            "created_at",
        )


class FamilyIn(serializers.Serializer[Any]):
    slug = serializers.SlugField(max_length=64)
    title = serializers.CharField(max_length=120)
    description = serializers.CharField(allow_blank=True, default="")
    task_kind = serializers.ChoiceField(choices=TaskKind.values)
    classes = serializers.ListField(child=serializers.CharField(max_length=80), default=list)
    allows_local_classes = serializers.BooleanField(default=True)
    good_class = serializers.CharField(max_length=80, allow_blank=True, default="")
    input_signature = serializers.DictField(default=dict)
    primary_metric = serializers.ChoiceField(
        choices=Metric.values, default=Metric.BALANCED_ACCURACY
    )
    escape_cost = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, default=Decimal(0)
    )
    false_reject_cost = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, default=Decimal(0)
    )


class RecipeOut(serializers.ModelSerializer[Recipe]):
    class Meta:
        model = Recipe
        fields = (
            "id",
            "name",
            "version",
            "task_kind",
            "digest",
            "document",
            "published_by",
            "published_at",
        )


class RecipeIn(serializers.Serializer[Any]):
    # Longer texts than the parser takes are refused by the parser, which says so better.
    yaml = serializers.CharField(
        max_length=2_000_000, trim_whitespace=False, help_text="The recipe as YAML."
    )


class ManifestOut(serializers.ModelSerializer[DatasetManifest]):
    class Meta:
        model = DatasetManifest
        fields = ("id", "plant_code", "dataset", "digest", "rows", "document", "reported_at")


class VersionOut(serializers.ModelSerializer[ModelVersion]):
    family = serializers.SlugRelatedField("slug", read_only=True)  # type: ignore[var-annotated]
    artifact = serializers.CharField(source="artifact_id", read_only=True)
    artifact_size = serializers.IntegerField(source="artifact.size", read_only=True)
    # Empty for an upload whose data is not on record.
    manifest_digest = serializers.CharField(
        source="manifest.digest", read_only=True, allow_null=True
    )
    recipe_digest = serializers.CharField(source="recipe.digest", read_only=True)

    class Meta:
        model = ModelVersion
        fields = (
            "id",
            "family",
            "origin",
            "version",
            "kind",
            "stage",
            "parent",
            "artifact",
            "artifact_size",
            "manifest",
            "manifest_digest",
            "recipe",
            "recipe_digest",
            "resolved_digest",
            "resolved_recipe",
            "signature",
            "code_commit",
            "environment_digest",
            "environment",
            "seed",
            "hyperparameters",
            "metrics",
            "made_by",
            "dataset",
            "claimed_metrics",
            "training_notes",
            "registered_at",
        )


class StageIn(serializers.Serializer[Any]):
    to = serializers.CharField(max_length=16)


class BaselineIn(serializers.Serializer[Any]):
    release_notes = serializers.CharField(max_length=20_000, allow_blank=True)


class BaselineOut(serializers.ModelSerializer[Baseline]):
    family = serializers.SlugRelatedField("slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Baseline
        fields = (
            "id",
            "family",
            "version",
            "release_notes",
            "published_by",
            "published_at",
            "superseded_at",
        )


class EvaluationOut(serializers.ModelSerializer[Evaluation]):
    class Meta:
        model = Evaluation
        fields = (
            "id",
            "version",
            "manifest",
            "plant_code",
            "job",
            "split",
            "n",
            "value",
            "low",
            "high",
            "gates",
            "report",
            "evaluated_at",
        )
        extra_kwargs = {
            "report": {
                "help_text": "Counts and figures of the hold-out; `slices`, where the recipe "
                "declares stress, has the same rows judged again under each level: cells as "
                "[true class, class said, rows], and per class the rows right in both, only "
                "undisturbed, only here, in neither."
            }
        }


class JobOut(serializers.ModelSerializer[Job]):
    family = serializers.SlugRelatedField("slug", read_only=True)  # type: ignore[var-annotated]
    way_out = serializers.CharField(read_only=True)

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "plant_code",
            "family",
            "dataset",
            "recipe",
            "resolved_digest",
            "parent",
            "against",
            "state",
            "attempt",
            "worker",
            "progress",
            "manifest",
            "result",
            "code",
            "detail",
            "way_out",
            "log_reference",
            "requested_by",
            "requested_at",
            "started_at",
            "ended_at",
            "not_after",
            "cancel_requested_at",
            "retry_of",
        )


class QueueOut(serializers.Serializer[Any]):
    plant = serializers.CharField(source="plant_code")
    waiting = serializers.IntegerField()
    at_work = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True, help_text="Since when the first waits.")


class LedgerOut(serializers.ModelSerializer[LedgerEntry]):
    class Meta:
        model = LedgerEntry
        fields = (*ledger_chain.FIELDS, "digest")
