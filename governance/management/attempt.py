"""`make try`: one data folder through a real portal, worker and broker with the standard recipe."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.management.fleet import ROOT, Fleet
from plants.agent import datasets
from registry.domain.errors import PlatformError

if TYPE_CHECKING:
    from registry.models import Job

PLANT = "site"
_WAIT_SECONDS = 3 * 3600


def run(data: Path, *, as_json: bool) -> int:
    """Print the figures of one data set, or why there are none; 0 when there are figures.

    Raises:
        PlatformError: the folder holds no data set, or several.
    """
    begun = time.monotonic()
    folder = _only_dataset(data.resolve())
    with tempfile.TemporaryDirectory(prefix="lineward-try-") as home, Fleet(Path(home)) as fleet:
        answer = _attempt(fleet, folder)
    answer["wall_seconds"] = round(time.monotonic() - begun, 1)
    print(json.dumps(answer) if as_json else _text(answer))  # noqa: T201
    return 1 if "error" in answer else 0


def _only_dataset(data: Path) -> Path:
    found = datasets.find(data)
    if len(found) > 1:
        names = ", ".join(folder.name for folder in found[:5])
        raise PlatformError(f"{data} holds several data sets ({names}); name one of them.")
    return found[0]


def _attempt(fleet: Fleet, folder: Path) -> dict[str, Any]:
    from governance.management import runs
    from plants.services import sites
    from registry.domain.access import portal_scope
    from registry.domain.jobs import JobKind
    from registry.services import families, recipes

    contract = datasets.read_contract(folder)
    scope = portal_scope("try")
    sites.open_plant(scope, code=PLANT, name="This machine")
    family = families.declare(scope, slug="trial", title="Trial", task_kind=contract.kind)
    source = (ROOT / "registry" / "standard_recipes" / f"{contract.kind}.yaml").read_text()
    recipe = recipes.publish(scope, source=source)
    fleet.enrol(PLANT)
    fleet.start_plant(PLANT, folder)
    job = runs.order(
        scope,
        JobKind.RETRAIN,
        PLANT,
        family,
        recipe,
        contract.name,
        overrides={"model.init": "scratch"},
    )
    (ended,) = runs.wait(
        [job], seconds=_WAIT_SECONDS, say=lambda line: None, check=fleet.processes.ended
    )
    return _answer(fleet, ended)


def _answer(fleet: Fleet, job: Job) -> dict[str, Any]:
    from governance.management import runs
    from registry.models import Evaluation

    folder = fleet.agent_home(PLANT) / "jobs" / str(job.pk)
    local = _read(folder / "local-report.json")
    answer: dict[str, Any] = {
        "dataset": job.dataset,
        "kind": job.family.task_kind,
        "classes": local.get("classes", []),
        "rows": local.get("rows"),
        "groups": local.get("groups"),
        "warnings": [*local.get("warnings", []), *local.get("notes", [])],
    }
    if not runs.has_result(job):
        # The sentence with file names and lines stays at the plant: here that is this machine.
        failure = _read(folder / "failure.json")
        answer["error"] = {
            "code": job.code or job.state,
            "message": failure.get("message") or runs.failure_of(job),
        }
        return answer
    evaluation = Evaluation.objects.select_related("version__artifact").get(job=job)
    timings, artifact = job.result["timings"], evaluation.version.artifact
    for gate in evaluation.gates:
        if gate["outcome"] != "pass":
            answer["warnings"].append(f"Gate {gate['id']}: {gate['outcome']}. {gate['reason']}")
    return answer | {
        "split": {part: timings[f"rows_{part}"] for part in ("train", "validation", "holdout")},
        "group_overlap": timings["group_overlap"],
        "metrics": runs.metrics_of(evaluation.report),
        "per_class": evaluation.report["per_class"],
        "confusion": evaluation.report["confusion"],
        "seconds": round(
            sum(timings[f"{step}_seconds"] for step in ("prepare", "train", "evaluate")), 2
        ),
        "peak_mb": timings["peak_mb"],
        "artifact": {"sha256": artifact.sha256, "bytes": artifact.size},
    }


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _text(answer: dict[str, Any]) -> str:
    lines = [f"{answer['dataset']} ({answer['kind']})"]
    if "error" in answer:
        lines.append(f"{answer['error']['code']}: {answer['error']['message']}")
        return "\n".join(lines)
    split = answer["split"]
    alone = answer["groups"] == answer["rows"]
    groups = "each row a group of its own" if alone else f"{answer['groups']} groups"
    lines.append(f"  {answer['rows']} rows, {len(answer['classes'])} classes, {groups}")
    lines.append(
        f"  train {split['train']}, validation {split['validation']}, hold-out {split['holdout']} "
        f"(groups in more than one part: {answer['group_overlap']})"
    )
    for name, figure in answer["metrics"].items():
        value = figure["value"]
        interval = f" ({figure['low']:.3f}-{figure['high']:.3f})" if figure["low"] else ""
        shown = "too few to say" if value is None else f"{value:.3f}{interval}, n = {figure['n']}"
        lines.append(f"  {name.replace('_', ' ')}: {shown}")
    lines.append(
        f"  {answer['seconds']} s, peak {answer['peak_mb']} MB, model "
        f"{answer['artifact']['bytes'] / 1024:.0f} kB, sha256 {answer['artifact']['sha256'][:12]}"
    )
    lines += [f"  note: {warning}" for warning in answer["warnings"]]
    return "\n".join(lines)
