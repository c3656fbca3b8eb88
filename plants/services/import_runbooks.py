"""Writes what a checked table says of runbooks; what it leaves out stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from plants.domain.imports.changes import Change
from plants.domain.imports.facts import Runbook as Told
from plants.models import Runbook, RunbookVersion
from plants.services.checks import check_fields
from plants.services.imported import CHANGED_AT_ONCE, Known, named
from plants.services.runbooks import runbook_fact
from registry.services.ledger import Fact

_DESCRIBED, _REVIEWED = ["title"], ["reviewed_on", "reviewed_by"]


def write(known: Known, changes: Sequence[Change]) -> list[Fact]:
    """Write them, links and texts with them; each version of a text stays on record."""
    rows = Runbook.objects.visible_to(known.scope).filter(plant=known.plant)
    present = {one.slug: one for one in rows}
    new, kept, texts, facts = [], [], list[RunbookVersion](), list[Fact]()
    for change in changes:
        wanted: Told = change.values["wanted"]
        runbook = present.get(change.values["slug"])
        if runbook is None:
            runbook = Runbook(plant=known.plant, slug=change.values["slug"])
            new.append(runbook)
        else:
            kept.append(runbook)
        _tell(known, runbook, change.values["former"], wanted)
        with named(change):
            check_fields(runbook, "runbook")
        texts += _texts(known, runbook, change)
        facts += _facts(runbook, change.values["former"], wanted)
    Runbook.objects.bulk_create(new)
    Runbook.objects.bulk_update(kept, _DESCRIBED + _REVIEWED, batch_size=CHANGED_AT_ONCE)
    RunbookVersion.objects.bulk_create(texts)
    _link(known, [*new, *kept], changes)
    return facts


def _tell(known: Known, runbook: Runbook, former: Told | None, wanted: Told) -> None:
    runbook.title = wanted.title
    if former is None or former.reviewed_on != wanted.reviewed_on:
        runbook.reviewed_on, runbook.reviewed_by = wanted.reviewed_on, known.scope.actor.name


def _texts(known: Known, runbook: Runbook, change: Change) -> Iterator[RunbookVersion]:
    former, wanted = change.values["former"], change.values["wanted"]
    if former and former.version == wanted.version:
        return
    version = RunbookVersion(
        runbook=runbook,
        number=wanted.version,
        markdown=wanted.markdown,
        change_note=change.values["change_note"] or "First version.",
        written_by=known.scope.actor.name,
    )
    with named(change):
        check_fields(version, "version")
    yield version


def _facts(runbook: Runbook, former: Told | None, wanted: Told) -> Iterator[Fact]:
    links: dict[str, Any] = {"families": list(wanted.families), "lines": list(wanted.lines)}
    if former is None:
        yield runbook_fact("runbook.created", runbook, **links)
        return
    described = (former.title, former.families, former.lines)
    if described != (wanted.title, wanted.families, wanted.lines):
        yield runbook_fact("runbook.described", runbook, title=wanted.title, **links)
    if former.version != wanted.version:
        yield runbook_fact("runbook.written", runbook, number=wanted.version)
    if former.reviewed_on != wanted.reviewed_on:
        yield runbook_fact("runbook.reviewed", runbook, on=str(wanted.reviewed_on))


def _link(known: Known, runbooks: Sequence[Runbook], changes: Sequence[Change]) -> None:
    """Set the families and lines of runbooks in as many statements for one as for all."""
    told = {change.values["slug"]: change.values["wanted"] for change in changes}
    touched = [one.pk for one in runbooks]
    families, lines = Runbook.families.through, Runbook.lines.through
    families.objects.filter(runbook__in=touched).delete()
    lines.objects.filter(runbook__in=touched).delete()
    families.objects.bulk_create(
        families(runbook_id=one.pk, modelfamily_id=known.families[slug].pk)
        for one in runbooks
        for slug in told[one.slug].families
    )
    lines.objects.bulk_create(
        lines(runbook_id=one.pk, line_id=known.lines[code].pk)
        for one in runbooks
        for code in told[one.slug].lines
    )
