"""What services of a plant's reports check alike: the plant is open, fields keep their rules."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from plants.domain.seen_words import unseen
from plants.models import Plant
from registry.domain.errors import Conflict, Invalid, NotFound


def lock_plant(plant_code: str) -> Plant:
    """The plant, held until the transaction ends, so that two writers do not pass each other.

    Raises:
        NotFound: there is none.
        Conflict: it is closed.
    """
    plant = Plant.objects.select_for_update().filter(pk=plant_code).first()
    if plant is None:
        raise NotFound("There is no such plant, or you hold no role there.")
    if plant.closed_at:
        raise Conflict(f"{plant.name} is closed; its reports stay as they are.", code="closed")
    return plant


def check_fields(row: models.Model, what: str, skip: tuple[str, ...] = ()) -> None:
    """Refuse a row whose own fields break their rules, by field.

    Raises:
        Invalid: `fields` names each.
    """
    links = {field.name for field in row._meta.concrete_fields if field.is_relation}
    try:
        row.clean_fields(exclude={*links, *skip})
    except ValidationError as error:
        raise Invalid(f"The {what} has fields to correct.", fields=error.message_dict) from error
    lines = [one for one in row._meta.concrete_fields if type(one) is models.CharField]
    told = {one.name: unseen(str(getattr(row, one.name) or "")) for one in lines}
    if found := {name: [sentence] for name, sentence in told.items() if sentence}:
        raise Invalid(f"The {what} has fields to correct.", fields=found)
