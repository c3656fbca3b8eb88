"""Runbooks: created, written anew, found right, linked, retired; each text stays on record."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from plants.domain.runbook_text import check_text
from plants.models import Line, Plant, Runbook, RunbookVersion
from plants.services.checks import check_fields, lock_plant
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.models import ModelFamily
from registry.services import ledger


@transaction.atomic
def create(
    scope: PlantScope,
    *,
    plant_code: str,
    slug: str,
    title: str,
    markdown: str,
    families: Iterable[ModelFamily] = (),
    lines: Iterable[Line] = (),
) -> Runbook:
    """Begin a runbook; who writes it finds it right today.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Conflict: the name is taken.
        Invalid, TooLarge: a field or the text breaks its rule.
    """
    scope.require(Role.ENGINEER, plant_code)
    plant, text = lock_plant(plant_code), check_text(markdown)
    runbook = Runbook(
        plant=plant,
        slug=slug,
        title=title,
        reviewed_on=_today(plant),
        reviewed_by=scope.actor.name,
    )
    check_fields(runbook, "runbook")
    if Runbook.objects.filter(plant=plant, slug=slug).exists():
        raise Conflict(
            f"There is a runbook {slug} already; a retired one keeps its name.",
            code="taken",
            fields={"slug": ["Choose another name, or write a new version of that one."]},
        )
    chosen = _checked_lines(runbook, lines)
    runbook.save(force_insert=True)
    runbook.families.set(families)
    runbook.lines.set(chosen)
    _add_version(scope, runbook, 1, text, "First version.")
    _record(scope, "runbook.created", runbook, **_links(runbook))
    return runbook


@transaction.atomic
def write(
    scope: PlantScope, runbook: Runbook, *, markdown: str, change_note: str, is_review: bool = False
) -> RunbookVersion:
    """Write the next version; the same text again changes nothing.

    A new text is no review: somebody who corrects a number has not read the rest. Who has says so.
    """
    locked, text = _open(scope, runbook), check_text(markdown)
    latest = locked.versions.order_by("-number").first()
    assert latest is not None  # noqa: S101 - a runbook begins with its first version
    if latest.markdown != text:
        if not change_note.strip():
            raise Invalid(
                "The version has fields to correct.",
                fields={"change_note": ["Say in a few words what changed."]},
            )
        latest = _add_version(scope, locked, latest.number + 1, text, change_note.strip())
        _record(scope, "runbook.written", locked, number=latest.number)
    if is_review:
        review(scope, locked)
    return latest


@transaction.atomic
def review(scope: PlantScope, runbook: Runbook, *, on: date | None = None) -> Runbook:
    """Somebody found the runbook to be right, on a day that is not ahead nor before the last."""
    locked = _open(scope, runbook)
    today = _today(locked.plant)
    day = on or today
    if day > today or day < locked.reviewed_on:
        raise Invalid(
            "The day of the review lies ahead, or before the last review.",
            fields={"reviewed_on": [f"Choose a day from {locked.reviewed_on} to {today}."]},
        )
    if (locked.reviewed_on, locked.reviewed_by) == (day, scope.actor.name):
        return locked
    locked.reviewed_on, locked.reviewed_by = day, scope.actor.name
    locked.save(update_fields=["reviewed_on", "reviewed_by"])
    _record(scope, "runbook.reviewed", locked, on=str(day))
    return locked


@transaction.atomic
def describe(
    scope: PlantScope,
    runbook: Runbook,
    *,
    title: str,
    families: Iterable[ModelFamily],
    lines: Iterable[Line],
) -> Runbook:
    """Change the title and what it is for; the same again changes nothing."""
    locked = _open(scope, runbook)
    chosen, before = _checked_lines(locked, lines), (locked.title, _links(locked))
    locked.title = title
    check_fields(locked, "runbook")
    locked.save(update_fields=["title"])
    locked.families.set(families)
    locked.lines.set(chosen)
    if before != (locked.title, _links(locked)):
        _record(scope, "runbook.described", locked, title=title, **_links(locked))
    return locked


@transaction.atomic
def retire(scope: PlantScope, runbook: Runbook) -> Runbook:
    """Take a runbook out of use; its texts stay; twice changes nothing."""
    scope.require(Role.ENGINEER, runbook.plant_id)
    lock_plant(runbook.plant_id)
    locked = Runbook.objects.select_for_update().get(pk=runbook.pk)
    if locked.retired_at is None:
        locked.retired_at = timezone.now()
        locked.save(update_fields=["retired_at"])
        _record(scope, "runbook.retired", locked)
    return locked


def _open(scope: PlantScope, runbook: Runbook) -> Runbook:
    scope.require(Role.ENGINEER, runbook.plant_id)
    lock_plant(runbook.plant_id)
    locked = Runbook.objects.select_for_update().select_related("plant").get(pk=runbook.pk)
    if locked.retired_at:
        raise Conflict(f"The runbook {locked.title} is retired; create another.", code="retired")
    return locked


def _checked_lines(runbook: Runbook, lines: Iterable[Line]) -> list[Line]:
    chosen = list(lines)
    if any(line.plant_id != runbook.plant_id for line in chosen):
        raise Invalid(
            "A runbook is for lines of its own plant.",
            fields={"lines": ["Choose lines of this plant."]},
        )
    return chosen


def _add_version(
    scope: PlantScope, runbook: Runbook, number: int, text: str, note: str
) -> RunbookVersion:
    version = RunbookVersion(
        runbook=runbook,
        number=number,
        markdown=text,
        change_note=note,
        written_by=scope.actor.name,
    )
    check_fields(version, "version")
    version.save(force_insert=True)
    return version


def _today(plant: Plant) -> date:
    return timezone.now().astimezone(zoneinfo.ZoneInfo(plant.time_zone)).date()


def _links(runbook: Runbook) -> dict[str, Any]:
    return {
        "families": sorted(runbook.families.values_list("slug", flat=True)),
        "lines": sorted(runbook.lines.values_list("code", flat=True)),
    }


def runbook_fact(verb: str, runbook: Runbook, **details: Any) -> ledger.Fact:
    """What the ledger is told of a runbook."""
    return ledger.Fact(
        verb, f"runbook:{runbook.plant_id}/{runbook.slug}", runbook.plant_id, details
    )


def _record(scope: PlantScope, verb: str, runbook: Runbook, **details: Any) -> None:
    ledger.record_all(scope, [runbook_fact(verb, runbook, **details)])
