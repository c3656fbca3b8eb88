"""Orders jobs on a running fleet, waits for them and lays their results out as a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from plants.services import orders
from registry.domain.access import PlantScope
from registry.domain.jobs import JobKind, JobState
from registry.models import Evaluation, Job, ModelFamily, ModelVersion, Recipe
from registry.services import jobs

_POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a version's score on one plant's hold-out."""

    plant: str
    what: str
    report: dict[str, Any]
    seconds: float | None = None
    artifact: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "plant": self.plant,
            "what": self.what,
            "metrics": metrics_of(self.report),
            "seconds": self.seconds,
            "artifact": self.artifact,
        }


def metrics_of(report: dict[str, Any]) -> dict[str, Any]:
    """Accuracy, balanced accuracy and AUC with interval and n, as `--json` prints them."""
    names = ("accuracy", "balanced_accuracy", "auc")
    keys = ("value", "low", "high", "n")
    return {
        name: {key: report["metrics"][name].get(key) for key in keys}
        for name in names
        if name in report["metrics"]
    }


def order(
    scope: PlantScope,
    kind: JobKind,
    plant_code: str,
    family: ModelFamily,
    recipe: Recipe,
    dataset: str,
    *,
    parent: ModelVersion | None = None,
    overrides: dict[str, Any] | None = None,
) -> Job:
    """Order one job as a person would."""
    wish = jobs.Wish(
        kind=kind,
        plant_code=plant_code,
        family=family,
        dataset=dataset,
        recipe=recipe,
        overrides=overrides or {},
        parent=parent,
    )
    return orders.order(scope, wish)


def wait(
    ordered: Sequence[Job],
    *,
    seconds: float,
    say: Callable[[str], None],
    check: Callable[[], str | None] = lambda: None,
) -> list[Job]:
    """Wait until all have ended, telling each change of state; the jobs as they ended.

    Raises:
        TimeoutError: they did not end in time, or `check` named a process that died.
    """
    deadline = time.monotonic() + seconds
    told: dict[Any, str] = {}
    while True:
        current = list(Job.objects.filter(pk__in=[job.pk for job in ordered]))
        for job in current:
            if told.get(job.pk) != job.state:
                told[job.pk] = job.state
                say(f"{job.plant_code}: {job.kind} {job.dataset} {job.get_state_display()}")
        if all(job.is_ended for job in current):
            position = {job.pk: index for index, job in enumerate(ordered)}
            return sorted(current, key=lambda job: position[job.pk])
        if dead := check():
            raise TimeoutError(f"{dead} has stopped; see its log.")
        if time.monotonic() > deadline:
            waiting = ", ".join(f"{job} is {job.state}" for job in current if not job.is_ended)
            raise TimeoutError(f"After {seconds:.0f} s: {waiting}.")
        time.sleep(_POLL_SECONDS)


def row_of(job: Job, what: str) -> Row:
    """The table line of a job that succeeded, or was stopped by a gate with its figures."""
    evaluation = Evaluation.objects.select_related("version__artifact").get(job=job)
    artifact = evaluation.version.artifact
    timings = job.result.get("timings", {})
    return Row(
        plant=job.plant_code,
        what=what,
        report=evaluation.report,
        seconds=timings.get("train_seconds"),
        artifact={"sha256": artifact.sha256, "bytes": artifact.size},
    )


def failure_of(job: Job) -> str:
    """One sentence for a job without a result."""
    detail = f" ({job.detail['why']})" if job.detail.get("why") else ""
    what = f"{job.plant_code}: {job.kind} {job.dataset}: {job.code or job.state}."
    return f"{what} {job.way_out}{detail}"


def has_result(job: Job) -> bool:
    """Whether figures are on record for it."""
    return job.state in (JobState.SUCCEEDED, JobState.GATE_FAILED)


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    head = ("plant", "version on hold-out", "n", "accuracy", "balanced", "AUC", "train s", "kB")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.plant,
        row.what,
        str(row.report["n"]),
        *(_figure(row.report, name) for name in ("accuracy", "balanced_accuracy", "auc")),
        "" if row.seconds is None else f"{row.seconds:.1f}",
        "" if row.artifact is None else f"{row.artifact['bytes'] / 1024:.0f}",
    )


def _figure(report: dict[str, Any], name: str) -> str:
    figure = report["metrics"].get(name) or {}
    if figure.get("value") is None:
        return "too few to say"
    if figure.get("low") is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f}-{figure['high']:.3f})"
