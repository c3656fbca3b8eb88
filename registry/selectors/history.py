"""The ledger as sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.domain.access import PlantScope
from registry.domain.ledger_words import SENTENCES
from registry.models import Job, LedgerEntry, ModelVersion
from registry.models.ledger import LedgerQuerySet

# What somebody who was away wants to know; the steps between are on the job's own page.
_NEWS = (
    "job.succeeded",
    "job.gate-failed",
    "job.failed",
    "job.refused",
    "job.expired",
    "version.stage-moved",
    "baseline.published",
    "recipe.published",
    "family.declared",
    "plant.opened",
    "plant.closed",
    "credential.activated",
    "credential.revoked",
    "deployment.started",
    "deployment.rolled-back",
    "setup.reported",
)


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


@dataclass(frozen=True, slots=True)
class Event:
    """One ledger entry as a sentence."""

    sequence: int
    at: datetime
    plant_code: str
    subject: str
    url: str
    what: str
    who: str


def of_job(scope: PlantScope, job: Job) -> list[Event]:
    """Everything the ledger says of one job, first things first."""
    entries = LedgerEntry.objects.visible_to(scope).filter(subject=f"job:{job.pk}")
    return [_event(entry, "", "") for entry in entries.order_by("sequence")]


def lately(scope: PlantScope, limit: int = 12) -> list[Event]:
    """The latest news the caller may know of; three queries."""
    return told(scope, list(LedgerEntry.objects.visible_to(scope).filter(verb__in=_NEWS)[:limit]))


def of_plant(scope: PlantScope, code: str, limit: int = 8) -> list[Event]:
    """The latest news of one plant; three queries."""
    rows: LedgerQuerySet = LedgerEntry.objects.visible_to(scope)
    return told(scope, list(rows.filter(verb__in=_NEWS, plant_code=code)[:limit]))


def of_subject(scope: PlantScope, subject: str, limit: int = 12) -> list[Event]:
    """The latest entries about one thing, newest first."""
    entries = LedgerEntry.objects.visible_to(scope).filter(subject=subject).order_by("-sequence")
    return [_event(entry, "", "") for entry in entries[:limit]]


def told(scope: PlantScope, entries: list[LedgerEntry]) -> list[Event]:
    """Entries of any kind, in their order; two queries for the names of what they are about."""
    named = _named(scope, entries)
    return [_event(entry, *named.get(entry.subject, _plain(entry.subject))) for entry in entries]


def _plain(subject: str) -> tuple[str, str]:
    kind, _, name = subject.partition(":")
    is_bare = kind in {"credential", "deployment", "ledger", "plant"}
    return (f"the {kind}" if is_bare else f"{kind} {name}"), ""


def _named(scope: PlantScope, entries: Iterable[LedgerEntry]) -> dict[str, tuple[str, str]]:
    ids: dict[str, set[str]] = {"job": set(), "version": set()}
    for entry in entries:
        kind, _, pk = entry.subject.partition(":")
        ids.get(kind, set()).add(pk)
    jobs = Job.objects.visible_to(scope).filter(pk__in=ids["job"]).select_related("family")
    versions = ModelVersion.objects.visible_to(scope).filter(pk__in=ids["version"])
    found = {
        f"job:{job.pk}": (f"{job.get_kind_display()} {job.dataset}", job.get_absolute_url())
        for job in jobs.only("kind", "dataset", "plant_code", "family")
    }
    for version in versions.select_related("family").only("version", "origin", "family__slug"):
        name = f"{version.family.slug} {version.version}"
        found[f"version:{version.pk}"] = (name, version.get_absolute_url())
    return found


def _event(entry: LedgerEntry, subject: str, url: str) -> Event:
    sentence = SENTENCES.get(entry.verb, entry.verb.replace(".", " ").replace("-", " "))
    details = entry.details
    if entry.verb == "job.queued" and details.get("lost"):
        sentence = "queued again: {lost} stopped answering"
    elif entry.verb == "job.queued" and details.get("retry_of"):
        sentence = "ordered again after an earlier attempt"
    return Event(
        sequence=entry.sequence,
        at=entry.recorded_at,
        plant_code=entry.plant_code,
        subject=subject,
        url=url,
        what=sentence.format_map(_Blank(details)),
        who=_who(entry.actor),
    )


def _who(actor: str) -> str:
    kind, _, name = actor.partition(":")
    return {"plant": f"the agent of {name}", "portal": f"the portal ({name})"}.get(kind, name)
