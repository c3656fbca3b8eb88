"""The fleet at a glance: the answer in a sentence, who is needed, every plant beside its norm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from governance.selectors import matrix as matrices
from governance.selectors import needs, releases
from governance.selectors.matrix import Matrix
from governance.selectors.needs import Need
from plants import selectors as plants
from plants.selectors import PlantFacts
from registry.domain.access import PlantScope
from registry.selectors import history, jobs

_URGENCY = ("red", "amber", "")
_SHOWN_NEEDS = 4  # more of them would push the matrix off the first screen


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page."""

    sentence: str
    needs: list[Need]
    more_needs: list[Need]
    more_jobs: int
    events: list[history.Event]
    matrix: Matrix


def asked_for(
    scope: PlantScope, facts: Iterable[PlantFacts], parameters: Mapping[str, str]
) -> Matrix:
    """The plants beside the families, as the address asks for them."""
    return matrices.narrow(matrices.read(scope, _open(facts)), parameters)


def overview(
    scope: PlantScope, facts: Iterable[PlantFacts], parameters: Mapping[str, str]
) -> Overview:
    """How the fleet stands for whoever asks."""
    now, known = timezone.now(), list(facts)
    found = matrices.read(scope, _open(known))
    ended = list(jobs.needing_somebody(scope).defer("resolved_recipe"))
    centre = [one for one in known if one.is_centre]
    work = {row.facts.code: row.work for row in found.everything}
    work |= plants.workload(scope, [one.code for one in centre]) if centre else {}
    silent = [one for one in known if one.standing != "closed" and one.code in work]
    waiting = [
        *needs.of_approvals(releases.waiting_for(scope, stale=())),
        *needs.of_cells(scope, needs.worst_cells(found.everything)),
        *needs.of_silence(silent, work, now),
        *needs.of_jobs(ended[: needs.SHOWN_JOBS]),
        *needs.of_age(found.everything),
        *needs.of_lines(found.everything),
        *needs.of_families(found.families),
    ]
    waiting.sort(key=lambda need: _URGENCY.index(need.tone))
    return Overview(
        sentence=needs.sentence(found.everything, ended, now),
        needs=waiting[:_SHOWN_NEEDS],
        more_needs=waiting[_SHOWN_NEEDS:],
        more_jobs=max(0, len(ended) - needs.SHOWN_JOBS),
        events=history.lately(scope, 8),
        matrix=matrices.narrow(found, parameters),
    )


def _open(facts: Iterable[PlantFacts]) -> list[PlantFacts]:
    """Plants that work; the centre is where the norm comes from."""
    return [one for one in facts if one.standing != "closed" and not one.is_centre]
