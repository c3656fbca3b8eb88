"""The on-call roster: shifts entered, moved and removed; two people never hold one post at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from plants.domain import rosters as rules
from plants.models import Line, OnCallShift, Person
from plants.services.checks import lock_plant
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Invalid
from registry.services import ledger


@transaction.atomic
def enter(
    scope: PlantScope,
    *,
    person: Person,
    starts_at: datetime,
    ends_at: datetime,
    line: Line | None = None,
    level: str = rules.PRIMARY,
) -> OnCallShift:
    """Put a person on call for a line or, without one, for the whole plant; idempotent.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Invalid: the span is no shift or is over; the person has left; the line cannot be named.
        Conflict: somebody else holds the same post in that span.
    """
    scope.require(Role.ENGINEER, person.plant_id)
    lock_plant(person.plant_id)
    _check(person, line, level)
    span = rules.check_span(starts_at, ends_at)
    wanted = OnCallShift(
        plant_id=person.plant_id,
        person=person,
        line=line,
        level=level,
        starts_at=span.start,
        ends_at=span.end,
        entered_by=scope.actor.name,
    )
    if former := _same_or_refused(wanted):
        return former
    rules.check_ahead(span, timezone.now())
    wanted.save(force_insert=True)
    _record(scope, "shift.entered", wanted)
    return wanted


@transaction.atomic
def move(
    scope: PlantScope, shift: OnCallShift, *, starts_at: datetime, ends_at: datetime
) -> OnCallShift:
    """Give a shift another span; the same span again changes nothing."""
    scope.require(Role.ENGINEER, shift.plant_id)
    lock_plant(shift.plant_id)
    locked = OnCallShift.objects.select_related("person", "line").get(pk=shift.pk)
    _check(locked.person, locked.line, locked.level)
    span = rules.check_span(starts_at, ends_at)
    if span == (locked.starts_at, locked.ends_at):
        return locked
    rules.check_ahead(span, timezone.now())
    locked.starts_at, locked.ends_at = span
    if _same_or_refused(locked):
        raise Invalid(
            "The very same shift is entered already.",
            fields={"starts_at": ["Remove one of the two."]},
        )
    locked.save(update_fields=["starts_at", "ends_at"])
    _record(scope, "shift.moved", locked)
    return locked


@transaction.atomic
def remove(scope: PlantScope, shift: OnCallShift) -> None:
    """Take a shift off the roster; twice changes nothing."""
    scope.require(Role.ENGINEER, shift.plant_id)
    lock_plant(shift.plant_id)
    found = OnCallShift.objects.select_related("person", "line").filter(pk=shift.pk).first()
    if found is None:
        return
    OnCallShift.objects.filter(pk=found.pk).delete()
    _record(scope, "shift.removed", found)


def _check(person: Person, line: Line | None, level: str) -> None:
    fields = {}
    if person.left_at:
        fields["person"] = [f"{person.name} has left; choose somebody else."]
    if line is not None and line.plant_id != person.plant_id:
        fields["line"] = ["Choose a line of this plant, or none for the whole plant."]
    elif line is not None and line.closed_at:
        fields["line"] = [f"{line.name} is closed; choose another line."]
    if level not in rules.LEVELS:
        fields["level"] = [f"Choose one of: {', '.join(rules.LEVELS)}."]
    if fields:
        raise Invalid("The shift has fields to correct.", fields=fields)


def _same_or_refused(wanted: OnCallShift) -> OnCallShift | None:
    """The row that says the very same already; a clash of two people is refused."""
    others = (
        OnCallShift.objects.filter(plant_id=wanted.plant_id, line=wanted.line, level=wanted.level)
        .exclude(pk=wanted.pk)
        .covering(wanted.starts_at, wanted.ends_at)
        .select_related("person", "line")
    )
    known = {as_rule(one): one for one in others}
    rules.refuse_overlap(as_rule(wanted), known)
    return known.get(as_rule(wanted))


def as_rule(shift: OnCallShift) -> rules.Shift:
    """A row as the rules read it; the person by name, because refusals name people."""
    return rules.Shift(
        rules.Span(shift.starts_at, shift.ends_at),
        f"{shift.person.name} ({shift.person.code})",
        shift.line.code if shift.line else None,
        shift.level,
    )


def shift_fact(verb: str, shift: OnCallShift) -> ledger.Fact:
    """What the ledger is told of a shift."""
    details: dict[str, Any] = {
        "person": shift.person.code,
        "line": shift.line.code if shift.line else "",
        "level": shift.level,
        "from": shift.starts_at.astimezone(UTC).isoformat(),
        "to": shift.ends_at.astimezone(UTC).isoformat(),
    }
    return ledger.Fact(verb, f"shift:{shift.pk}", shift.plant_id, details)


def _record(scope: PlantScope, verb: str, shift: OnCallShift) -> None:
    ledger.record_all(scope, [shift_fact(verb, shift)])
