"""`make trial`: the main job on real data, with the figures it has to reach."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from governance.management import trial_data
from governance.management.fleet import ROOT, Fleet
from registry.domain import report_slices
from registry.domain.access import CENTRE

if TYPE_CHECKING:
    from governance.management.runs import Row
    from registry.models import Job, ModelFamily, ModelVersion, Recipe

NEU_DET_ACCURACY = 0.93
ELPV_GAIN = 0.10
NEU_DET_SECONDS = 60.0
# Of the lamp's level: a fall that the slices have to show, and levels at which there must be none.
_BURNT, _HARMLESS = 4, (0.25, 1.25)
LIGHT_FALL, LIGHT_SLACK = 0.2, 0.1  # one row of 32 is worth 3 points
_WAIT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Case:
    """A baseline at the centre and, where the classes agree, a plant that adapts it."""

    family: str
    kind: str
    dataset: str
    plant: str
    comparable: bool = True
    seeds_at_centre: bool = True
    seeds_at_plant: bool = True


CASES = (
    Case("strip-defects", "images", "strip", "mill-b", comparable=False, seeds_at_plant=False),
    Case("solar-cells", "images", "cells", "solar-poly"),
    Case("plate-faults", "table", "plates", "plates", seeds_at_centre=False),
)


@dataclass
class Outcome:
    """Rows by case and role, one per seed."""

    rows: dict[tuple[str, str], list[Row]] = field(default_factory=dict)

    def add(self, case: Case, role: str, row: Row) -> None:
        """Keep one seed's row."""
        self.rows.setdefault((case.family, role), []).append(row)

    def values(self, family: str, role: str, metric: str) -> list[float]:
        """One figure per seed."""
        found = [row.report["metrics"][metric]["value"] for row in self.rows[family, role]]
        return [value for value in found if value is not None]


def run(data: Path, *, as_json: bool, seeds: int) -> int:
    """Print the table; 0 when every promise is kept."""
    say = _silent if as_json else _say
    with tempfile.TemporaryDirectory(prefix="lineward-trial-") as folder:
        folders = trial_data.lay_out(data.resolve(), Path(folder) / "data")
        with Fleet(Path(folder) / "home") as fleet:
            begun = time.monotonic()
            outcome = _drive(fleet, folders, seeds, say)
            seconds = time.monotonic() - begun
    broken = _broken_promises(outcome)
    if as_json:
        print(json.dumps(_document(outcome, seconds, broken)))  # noqa: T201
    else:
        _say(_table(outcome))
        _say(f"{seconds:.0f} s in all.")
        for promise in broken:
            _say(f"FAILED: {promise}")
    return 1 if broken else 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def _silent(line: str) -> None:
    return


def _drive(
    fleet: Fleet, folders: dict[str, Path], seeds: int, say: Callable[[str], None]
) -> Outcome:
    from plants.services import sites
    from registry.domain.access import portal_scope
    from registry.services import families

    scope = portal_scope("trial")
    for code, folder in folders.items():
        sites.open_plant(scope, code=code, name=code)
        fleet.enrol(code)
        fleet.start_plant(code, folder)
    outcome = Outcome()
    for case in CASES:
        family = families.declare(scope, slug=case.family, title=case.family, task_kind=case.kind)
        for seed in range(1, (seeds if case.seeds_at_centre else 1) + 1):
            _one_seed(fleet, case, family, _recipe(case.kind, seed), seed, outcome, say)
    return outcome


def _recipe(kind: str, seed: int) -> Recipe:
    """The standard recipe with another draw of the hold-out, as a recipe of its own name."""
    from registry.domain.access import portal_scope
    from registry.services import recipes

    path = ROOT / "registry" / "standard_recipes" / f"{kind}.yaml"
    document = yaml.safe_load(path.read_text())
    document["name"] = f"{document['name']}-seed-{seed}"
    document["data_contract"]["split"]["seed"] = seed
    if kind == "images":
        document["stress"] = [{"op": "light@1", "gain": [*_HARMLESS, _BURNT]}]
    return recipes.publish(portal_scope("trial"), source=yaml.safe_dump(document, sort_keys=False))


def _one_seed(
    fleet: Fleet,
    case: Case,
    family: ModelFamily,
    recipe: Recipe,
    seed: int,
    outcome: Outcome,
    say: Callable[[str], None],
) -> None:
    from governance.management import runs
    from registry.domain.access import portal_scope
    from registry.domain.jobs import JobKind
    from registry.models import ModelVersion

    scope = portal_scope("trial")

    def finish(jobs: list[Job]) -> list[Row]:
        ended = runs.wait(jobs, seconds=_WAIT_SECONDS, say=say, check=fleet.processes.ended)
        if lost := [job for job in ended if not runs.has_result(job)]:
            raise RuntimeError(" ".join(runs.failure_of(job) for job in lost))
        return [runs.row_of(job, f"{job.kind} {job.dataset}") for job in ended]

    def order(kind: JobKind, plant: str, parent: ModelVersion | None, init: str = "") -> Job:
        choices = {"model.init": init} if init else {}
        return runs.order(
            scope, kind, plant, family, recipe, case.dataset, parent=parent, overrides=choices
        )

    say(f"{case.family}, seed {seed}")
    training = order(JobKind.RETRAIN, CENTRE, None, "scratch")
    outcome.add(case, "baseline on its own", finish([training])[0])
    training.refresh_from_db()
    baseline = ModelVersion.objects.get(pk=training.result["version"])
    if seed > 1 and not case.seeds_at_plant:
        return
    ordered = [order(JobKind.RETRAIN, case.plant, baseline, "baseline")]
    if case.comparable:
        ordered.append(order(JobKind.EVALUATE, case.plant, baseline))
    rows = finish(ordered)
    outcome.add(case, "adapted at the plant", rows[0])
    if case.comparable:
        outcome.add(case, "baseline at the plant", rows[1])


def _broken_promises(outcome: Outcome) -> list[str]:
    broken = []
    own = ("strip-defects", "baseline on its own")
    accuracy = statistics.mean(outcome.values(*own, "accuracy"))
    if accuracy < NEU_DET_ACCURACY:
        broken.append(f"neu_det accuracy {accuracy:.3f} is below {NEU_DET_ACCURACY}")
    seconds = max(row.seconds or 0.0 for row in outcome.rows[own])
    if seconds >= NEU_DET_SECONDS:
        broken.append(f"retraining neu_det took {seconds:.0f} s, not under {NEU_DET_SECONDS:.0f}")
    gain = _gain(outcome)
    if gain < ELPV_GAIN:
        broken.append(f"adapting to poly gains {gain:.3f} AUC, less than {ELPV_GAIN}")
    falls = _light(outcome)
    if falls[_BURNT] < LIGHT_FALL:
        broken.append(f"{_BURNT} times the light costs elpv mono {falls[_BURNT]:.3f} only")
    if max(falls[level] for level in _HARMLESS) > LIGHT_SLACK:
        broken.append("elpv mono falls at a level of light that should be harmless")
    return broken


def _light(outcome: Outcome) -> dict[float, float]:
    """How far balanced accuracy of elpv mono falls at each level of light, mean over the seeds."""
    falls: dict[float, list[float]] = {}
    for row in outcome.rows["solar-cells", "baseline on its own"]:
        slices = report_slices.read(row.report.get("slices"))
        for level in slices.levels if slices else ():
            falls.setdefault(level.value, []).append(level.drop)
    return {level: statistics.mean(drops) for level, drops in sorted(falls.items())}


def _gain(outcome: Outcome) -> float:
    adapted = outcome.values("solar-cells", "adapted at the plant", "auc")
    baseline = outcome.values("solar-cells", "baseline at the plant", "auc")
    return statistics.mean(adapted) - statistics.mean(baseline)


def _summary(outcome: Outcome) -> list[dict[str, Any]]:
    lines = []
    for (family, role), rows in outcome.rows.items():
        line: dict[str, Any] = {
            "family": family,
            "role": role,
            "plant": rows[0].plant,
            "seeds": len(rows),
            "n": [row.report["n"] for row in rows],
            "train_seconds": [row.seconds for row in rows if row.seconds is not None],
            "artifact_bytes": [row.artifact["bytes"] for row in rows if row.artifact],
        }
        for metric in ("accuracy", "balanced_accuracy", "auc"):
            line[metric] = [row.as_json()["metrics"].get(metric) for row in rows]
        lines.append(line)
    return lines


def _document(outcome: Outcome, seconds: float, broken: list[str]) -> dict[str, Any]:
    return {
        "rows": _summary(outcome),
        "elpv_gain": round(_gain(outcome), 4),
        "elpv_mono_falls_by_light": {
            str(level): round(fall, 4) for level, fall in _light(outcome).items()
        },
        "seconds": round(seconds, 1),
        "failed": broken,
    }


def _table(outcome: Outcome) -> str:
    """One line per case and role: the mean over the seeds, and their range."""
    head = ("family", "version", "seeds", "n", "accuracy", "balanced", "AUC", "train s", "kB")
    lines = [head]
    for line in _summary(outcome):
        seconds, sizes = line["train_seconds"], line["artifact_bytes"]
        lines.append(
            (
                line["family"],
                f"{line['role']} ({line['plant']})",
                str(line["seeds"]),
                str(line["n"][0]),
                *(_spread(line[metric]) for metric in ("accuracy", "balanced_accuracy", "auc")),
                f"{statistics.median(seconds):.1f}" if seconds else "",
                f"{max(sizes) / 1024:.0f}" if sizes else "",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    light = ", ".join(
        f"{0 - round(fall, 3):+.3f} at {level:g}" for level, fall in _light(outcome).items()
    )
    return (
        f"{text}\n"
        "Several seeds: mean (lowest-highest). One seed: value (95 % interval). "
        "strip-defects at mill-b: the baseline is not comparable there, the classes differ.\n"
        f"Adapting to poly gains {_gain(outcome):+.3f} AUC.\n"
        f"elpv mono under another light, balanced accuracy beside undisturbed: {light}."
    )


def _spread(figures: list[dict[str, Any] | None]) -> str:
    known = [one for one in figures if one and one["value"] is not None]
    if not known:
        return "too few to say"
    values = [one["value"] for one in known]
    ends = (min(values), max(values)) if len(values) > 1 else (known[0]["low"], known[0]["high"])
    return f"{statistics.mean(values):.3f} ({ends[0]:.3f}-{ends[1]:.3f})"
