from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from plants import selectors as plants
from plants.selectors import PlantFacts
from registry.domain import wording
from registry.domain.access import PlantScope
from registry.models import Baseline, Job, ModelFamily, ModelVersion
from registry.selectors import history, jobs

_SHOWN_JOBS = 6
_URGENCY = ("red", "amber", "")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person, and where they can see to it."""

    tone: str
    what: str
    why: str
    url: str
    action: str
    at: datetime | None = None
    plant_code: str = ""


@dataclass(frozen=True, slots=True)
class PlantLine:
    """One plant at a glance."""

    facts: PlantFacts
    work: plants.Workload
    version: ModelVersion | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page: the answer in a sentence, who is needed, what happened, each plant."""

    sentence: str
    needs: list[Need]
    more_needs: int
    events: list[history.Event]
    lines: list[PlantLine]


def overview(scope: PlantScope) -> Overview:
    """How the fleet stands for whoever asks."""
    now = timezone.now()
    facts = [one for one in plants.directory(scope).values() if one.standing != "closed"]
    codes = [one.code for one in facts]
    work, newest = plants.workload(scope, codes), plants.newest_versions(scope, codes)
    ended = list(jobs.needing_somebody(scope))
    needs = [*_silent(facts, work, now), *_ended(ended[:_SHOWN_JOBS]), *_families(scope)]
    needs.sort(key=lambda need: _URGENCY.index(need.tone))
    return Overview(
        sentence=_sentence([one for one in facts if not one.is_centre], len(ended), now),
        needs=needs,
        more_needs=max(0, len(ended) - _SHOWN_JOBS),
        events=history.lately(scope),
        lines=[PlantLine(one, work[one.code], newest.get(one.code)) for one in facts],
    )


def _sentence(facts: Sequence[PlantFacts], ended: int, now: datetime) -> str:
    """The answer: who is at work, who is not and since when, and whether jobs need somebody."""
    if not facts:
        return "There is no plant yet that you may see."
    idle = [one for one in facts if not one.is_at_work]
    at_work = len(facts) - len(idle)
    if not idle:
        start = "The plant is at work" if at_work == 1 else f"All {at_work} plants are at work"
    elif len(facts) == 1:
        start = _idle(idle, now)
    else:
        start = f"{at_work} of {wording.counted(len(facts), 'plant')} "
        start += f"{'is' if at_work == 1 else 'are'} at work; {_idle(idle, now)}"
    if not ended:
        return f"{start}, and no job needs anybody." if not idle else f"{start}."
    verb = "needs" if ended == 1 else "need"
    return f"{start}, and {wording.counted(ended, 'job')} {verb} somebody."


def _idle(idle: Sequence[PlantFacts], now: datetime) -> str:
    one = idle[0]
    if len(idle) > 1:
        return f"{wording.listed([plant.name for plant in idle])} have no worker that answers"
    if one.last_seen_at is None:
        return f"{one.name} has no worker yet"
    silence = (now - one.last_seen_at).total_seconds()
    return f"{one.name} has had no worker for {wording.span(silence)}"


def _silent(
    facts: Sequence[PlantFacts], work: dict[str, plants.Workload], now: datetime
) -> Iterator[Need]:
    for one in facts:
        if one.is_at_work or (one.is_centre and not work[one.code].total):
            continue
        waiting = work[one.code].total
        queue = f"; {wording.counted(waiting, 'job')} cannot go on" if waiting else ""
        if one.last_seen_at is None:
            why = f"No worker has enrolled yet{queue}."
            yield Need("", one.name, why, one.url, "Enrol a worker")
            continue
        since = wording.span((now - one.last_seen_at).total_seconds())
        yield Need(
            "amber",
            one.name,
            f"No worker has answered for {since}{queue}.",
            one.url,
            "See the plant",
        )


def _ended(found: Sequence[Job]) -> Iterator[Need]:
    for job in found:
        yield Need(
            "red" if job.state == "failed" else "amber",
            f"{job.get_kind_display().capitalize()} {job.dataset}",
            jobs.reason(job),
            job.get_absolute_url(),
            "See the job",
            job.ended_at,
            job.plant_code,
        )


def _families(scope: PlantScope) -> Iterator[Need]:
    current = Baseline.objects.filter(family=OuterRef("pk"), superseded_at__isnull=True)
    without = ModelFamily.objects.visible_to(scope).filter(~Exists(current))
    for family in without:
        yield Need(
            "",
            family.title,
            "No baseline is published, so no plant can start from one.",
            family.get_absolute_url(),
            "See the family",
        )
