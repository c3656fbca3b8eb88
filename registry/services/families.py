"""Families are declared centrally; their task and classes are what versions are compared on."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.models import Metric, ModelFamily
from registry.services import ledger

MAX_CLASSES = 200
# What stands below /families/ beside the families themselves.
_PAGE = "new"


@transaction.atomic
def declare(
    scope: PlantScope,
    *,
    slug: str,
    title: str,
    task_kind: str,
    classes: Sequence[str] = (),
    description: str = "",
    allows_local_classes: bool = True,
    good_class: str = "",
    input_signature: dict[str, Any] | None = None,
    primary_metric: str = Metric.BALANCED_ACCURACY,
    escape_cost: Decimal | int = 0,
    false_reject_cost: Decimal | int = 0,
) -> ModelFamily:
    """Declare a new inspection task.

    Raises:
        NotAllowed: the caller is no central data scientist.
        Conflict: the name is taken.
        Invalid: a field breaks its rule.
    """
    scope.require(Role.DATA_SCIENTIST)
    if ModelFamily.objects.filter(slug=slug).exists():
        taken = f"There is a family {slug} already; choose another name."
        raise Conflict(taken, code="taken", fields={"slug": [taken]})
    if slug == _PAGE:
        way_out = f"{_PAGE} is the address of a page; choose another name."
        raise Invalid("The family has fields to correct.", fields={"slug": [way_out]})
    _check_classes(classes, good_class)
    family = ModelFamily(
        slug=slug,
        title=title,
        task_kind=task_kind,
        classes=list(classes),
        description=description,
        allows_local_classes=allows_local_classes,
        good_class=good_class,
        input_signature=input_signature or {},
        primary_metric=primary_metric,
        escape_cost=Decimal(escape_cost),
        false_reject_cost=Decimal(false_reject_cost),
        created_by=scope.actor.name,
    )
    try:
        family.full_clean()
    except ValidationError as error:
        raise Invalid("The family has fields to correct.", fields=error.message_dict) from error
    family.save()
    ledger.record(scope, "family.declared", f"family:{slug}", details={"task_kind": task_kind})
    return family


def _check_classes(classes: Sequence[str], good_class: str) -> None:
    if len(classes) > MAX_CLASSES:
        many = f"A family has at most {MAX_CLASSES} classes, not {len(classes)}."
        raise Invalid(many, fields={"classes": [many]})
    if len(set(classes)) != len(classes):
        raise Invalid("A class is named twice.", fields={"classes": ["Name each class once."]})
    if good_class and classes and good_class not in classes:
        raise Invalid(
            f"The good class {good_class} is not one of the classes.",
            fields={"good_class": [f"Choose one of: {', '.join(classes)}."]},
        )
