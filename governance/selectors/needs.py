"""What waits for a person, worst first, and the whole of it in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from governance.selectors import release_page
from governance.selectors.champions import Family
from governance.selectors.matrix import Cell, Row
from governance.selectors.releases import Waiting
from plants.selectors import PlantFacts, Workload
from registry.domain import wording
from registry.domain.access import PlantScope
from registry.models import Evaluation, Job
from registry.selectors import jobs

SHOWN_CELLS = SHOWN_JOBS = 6
_SILENT_APART = 3  # more silent plants than these are one piece of news, not one card each


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


def worst_cells(rows: Sequence[Row]) -> list[tuple[Row, Cell]]:
    """Champions clearly below their norm, furthest below first."""
    found = [(row, cell) for row in rows for cell in row.cells if cell.is_worse]
    return sorted(found, key=lambda pair: (pair[1].standing and pair[1].standing.difference) or 0.0)


def of_cells(scope: PlantScope, found: Sequence[tuple[Row, Cell]]) -> Iterator[Need]:
    """The worst of them, each with the class that costs most; one query."""
    shown = found[:SHOWN_CELLS]
    lost = _lost_classes(scope, [cell for _, cell in shown])
    for row, cell in shown:
        one = cell.standing
        if one is None or one.norm is None:
            continue
        yield Need(
            "amber",
            f"{row.facts.name} · {cell.family.title}",
            f"{cell.family.metric} {wording.interval(one.figure)} is clearly below the baseline's "
            f"{wording.interval(one.norm)} on the same rows.{lost.get(one.evaluation, '')}",
            cell.url,
            "See the difference",
        )


def _lost_classes(scope: PlantScope, cells: Sequence[Cell]) -> dict[UUID, str]:
    """Per evaluation the class whose recall is furthest below the norm's, as a sentence."""
    stated = [cell.standing for cell in cells if cell.standing]
    keys = [pk for one in stated for pk in (one.evaluation, one.norm_evaluation) if pk]
    rows = Evaluation.objects.visible_to(scope).filter(pk__in=keys)
    classes: dict[Any, Mapping[str, Any]] = dict(rows.values_list("pk", "report__per_class"))
    return {
        one.evaluation: _lost(
            classes.get(one.evaluation) or {}, classes.get(one.norm_evaluation) or {}
        )
        for one in stated
    }


def _lost(mine: Mapping[str, Any], norm: Mapping[str, Any]) -> str:
    pairs = [
        (own - beside, name, own, beside)
        for name in mine
        if (own := _recall(mine, name)) is not None and (beside := _recall(norm, name)) is not None
    ]
    if not pairs or min(pairs)[0] >= 0:
        return ""
    _, name, own, beside = min(pairs)
    return f" Most is lost on {name}: recall {own:.2f} against {beside:.2f}."


def _recall(classes: Mapping[str, Any], name: str) -> float | None:
    found = (classes.get(name) or {}).get("recall") or {}
    value = found.get("value")
    return float(value) if isinstance(value, int | float) else None


def of_age(rows: Sequence[Row]) -> Iterator[Need]:
    """Champions nobody has evaluated for long."""
    for row in rows:
        for cell in row.cells:
            if cell.is_stale:
                yield Need(
                    "amber",
                    f"{row.facts.name} · {cell.family.title}",
                    f"Last evaluated {wording.counted(cell.days, 'day')} ago: what it says of "
                    "today's parts nobody knows. Order an evaluation at the plant.",
                    row.facts.url,
                    "See the plant",
                )


def of_silence(
    facts: Sequence[PlantFacts], work: Mapping[str, Workload], now: datetime
) -> Iterator[Need]:
    """Plants whose worker does not answer; many at once share one cause and so one entry."""
    idle = [
        one
        for one in facts
        if not one.is_at_work and not (one.is_centre and not work[one.code].total)
    ]
    gone = [one for one in idle if one.last_seen_at is not None]
    if len(gone) > _SILENT_APART:
        yield _silent_together(gone, sum(work[one.code].total for one in gone))
        gone = []
    for one in idle:
        queue = _stuck(work[one.code].total)
        if one.last_seen_at is None:
            why = f"No worker has enrolled yet{queue}."
            yield Need("", one.name, why, one.url, "Enrol a worker")
        elif gone:
            since = wording.span((now - one.last_seen_at).total_seconds())
            why = f"No worker has answered for {since}{queue}."
            yield Need("amber", one.name, why, one.url, "See the plant")


def _silent_together(gone: Sequence[PlantFacts], waiting: int) -> Need:
    return Need(
        "amber",
        f"{wording.counted(len(gone), 'plant')} without a worker that answers",
        f"{wording.listed([one.name for one in gone], 6)}{_stuck(waiting)}. So many at once: look "
        "at the portal's broker and network before their machines.",
        f"{reverse('plants:plant-list')}?standing=silent",
        "See them",
    )


def _stuck(waiting: int) -> str:
    return f"; {wording.counted(waiting, 'job')} cannot go on" if waiting else ""


def of_jobs(found: Sequence[Job]) -> Iterator[Need]:
    """Jobs that ended without success and that nobody has ordered again."""
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


def of_lines(rows: Sequence[Row]) -> Iterator[Need]:
    """Lines nobody answers for."""
    for row in rows:
        if row.unowned:
            verb = "has" if len(row.unowned) == 1 else "have"
            yield Need(
                "amber",
                row.facts.name,
                f"{wording.listed(row.unowned)} {verb} no owner: nobody is called when it fails.",
                row.facts.url,
                "See the plant",
            )


def of_approvals(waiting: Sequence[Waiting]) -> Iterator[Need]:
    """Everything that waits for the reader's own word, as one piece of news."""
    if waiting:
        yield Need(
            "amber" if any(one.is_review for one in waiting) else "",
            "Your approvals",
            release_page.waiting_sentence(waiting),
            reverse("governance:approvals"),
            "See them",
        )


def of_families(families: Sequence[Family]) -> Iterator[Need]:
    """Families without a baseline."""
    for family in families:
        if family.baseline is None:
            yield Need(
                "",
                family.title,
                "No baseline is published, so no plant can start from one.",
                family.url,
                "See the family",
            )


# --- In one sentence -----------------------------------------------------------------------------
def sentence(rows: Sequence[Row], ended: Sequence[Job], now: datetime) -> str:
    """The answer: how many plants need somebody, and why."""
    if not rows:
        return "There is no plant yet that you may see."
    names = {row.facts.code for row in rows}
    needy = {row.facts.code for row in rows if row.is_abnormal}
    needy |= {job.plant_code for job in ended} & names
    reasons = [
        *_said_of_worse(worst_cells(rows)),
        *_said_of_age(rows),
        *_said_of_silence([row.facts for row in rows if not row.facts.is_at_work], now),
        *_said_of_lines(rows),
        *_said_of_jobs(ended),
    ]
    if not reasons:
        whole = "The plant is" if len(rows) == 1 else f"All {len(rows)} plants are"
        return (
            f"{whole} at work, no champion is clearly below its baseline, and no job needs anybody."
        )
    # What failed at the centre is a reason, yet no plant's.
    start = f"{len(needy)} of {wording.counted(len(rows), 'plant')} " if needy else "No plant "
    verb = "needs" if len(needy) < 2 else "need"
    return f"{start}{verb} you: {', '.join(_joined(reasons))}."


def _joined(reasons: list[str]) -> list[str]:
    return reasons if len(reasons) == 1 else [*reasons[:-1], f"and {reasons[-1]}"]


def _said_of_worse(found: Sequence[tuple[Row, Cell]]) -> Iterator[str]:
    if not found:
        return
    row, cell = found[0]
    worst = f"{cell.family.title} at {row.facts.name}"
    if len(found) == 1:
        yield f"{worst} is clearly below the baseline"
    else:
        yield f"{len(found)} champions are clearly below their baseline ({worst} the furthest)"


def _said_of_age(rows: Sequence[Row]) -> Iterator[str]:
    found = [(cell.days, row, cell) for row in rows for cell in row.cells if cell.is_stale]
    if not found:
        return
    days, row, cell = max(found, key=lambda one: one[0])
    if len(found) == 1:
        yield f"{cell.family.title} at {row.facts.name} was last evaluated {days} days ago"
    else:
        yield f"{len(found)} champions were not evaluated for a month"


def _said_of_silence(idle: Sequence[PlantFacts], now: datetime) -> Iterator[str]:
    new = [one.name for one in idle if one.last_seen_at is None]
    gone = [one for one in idle if one.last_seen_at is not None]
    if len(gone) == 1 and gone[0].last_seen_at:
        silence = (now - gone[0].last_seen_at).total_seconds()
        yield f"{gone[0].name} has had no worker for {wording.span(silence)}"
    elif gone:
        yield f"{wording.listed([one.name for one in gone])} have no worker that answers"
    if new:
        yield f"{wording.listed(new)} {'has' if len(new) == 1 else 'have'} no worker yet"


def _said_of_lines(rows: Sequence[Row]) -> Iterator[str]:
    found = [row for row in rows if row.unowned]
    count = sum(len(row.unowned) for row in found)
    if count:
        where = f" at {found[0].facts.name}" if len(found) == 1 else ""
        yield f"{wording.counted(count, 'line')}{where} {'has' if count == 1 else 'have'} no owner"


def _said_of_jobs(ended: Sequence[Job]) -> Iterator[str]:
    if ended:
        verb = "needs" if len(ended) == 1 else "need"
        yield f"{wording.counted(len(ended), 'job')} {verb} somebody"
