"""A family is one inspection task: what it decides, how that is judged, what an error costs."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models
from django.urls import reverse

from registry.domain.access import PlantScope

Row = TypeVar("Row", bound=models.Model)


class StandardQuerySet(models.QuerySet[Row]):
    """Central standards: everybody with a role anywhere may read them."""

    def visible_to(self, scope: PlantScope) -> Self:
        """All rows, or none to a caller without any role."""
        return self if scope.sees(None) else self.none()


class TaskKind(models.TextChoices):
    """What a model of the family looks at."""

    IMAGES = "images", "Images"
    TABLE = "table", "Table of measurements"


class Metric(models.TextChoices):
    """The metric that counts when versions of a family are compared."""

    ACCURACY = "accuracy", "Accuracy"
    BALANCED_ACCURACY = "balanced_accuracy", "Balanced accuracy"
    AUC = "auc", "Area under the ROC curve"
    MACRO_F1 = "macro_f1", "Macro F1"


class ModelFamily(models.Model):
    """One inspection task, e.g. surface-defects."""

    slug = models.SlugField(max_length=64, unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    task_kind = models.CharField(max_length=16, choices=TaskKind.choices)
    classes = models.JSONField(
        default=list, blank=True, help_text="Class names in the order of the outputs."
    )
    allows_local_classes = models.BooleanField(
        default=True, help_text="Whether a plant may use class names of its own."
    )
    good_class = models.CharField(
        max_length=80, blank=True, help_text="The class that lets a part pass, if there is one."
    )
    input_signature = models.JSONField(
        default=dict, blank=True, help_text="Columns of a table family; empty for images."
    )
    primary_metric = models.CharField(
        max_length=32, choices=Metric.choices, default=Metric.BALANCED_ACCURACY
    )
    escape_cost = models.DecimalField(
        max_digits=12, decimal_places=2, default=0, help_text="Cost of one escaped defect."
    )
    false_reject_cost = models.DecimalField(
        max_digits=12, decimal_places=2, default=0, help_text="Cost of one false reject."
    )
    currency = models.CharField(max_length=3, default="EUR")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StandardQuerySet["ModelFamily"].as_manager()

    class Meta:
        ordering = ("slug",)
        verbose_name = "model family"
        verbose_name_plural = "model families"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(escape_cost__gte=0) & models.Q(false_reject_cost__gte=0),
                name="family_costs_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(task_kind__in=TaskKind.values), name="family_task_kind_known"
            ),
        )

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return reverse("registry:family-detail", args=[self.slug])
