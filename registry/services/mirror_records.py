"""What MLflow is told: our rows flattened into runs and versions, with every digest in full."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from registry.bridge.port import RunRecord, VersionRecord
from registry.models import Evaluation, ModelVersion
from registry.models.versions import MadeBy
from registry.services import artifacts

ARTIFACT_NAME = "model.onnx"


def key_of(row: ModelVersion | Evaluation) -> str:
    """Our name for a row over there; MLflow's own ids and numbers say nothing here."""
    kind = "version" if isinstance(row, ModelVersion) else "evaluation"
    return f"{kind}:{row.pk}"


def training_run(version: ModelVersion) -> RunRecord:
    """What made a version, with the bytes; their digest is checked when opened."""
    job, is_upload = version.job, version.made_by == MadeBy.UPLOAD
    started = (job and job.started_at) or version.registered_at
    ended = (job and job.finished_at) or version.registered_at
    return RunRecord(
        key=key_of(version),
        experiment=version.family.slug,
        name=f"{'upload' if is_upload else 'train'} {version}",
        parameters={
            **_flat_text("recipe", version.resolved_recipe),
            **_flat_text("fitted", version.hyperparameters),
        },
        metrics=_figures(version.metrics),
        tags={
            **_version_tags(version),
            "what": "upload" if is_upload else "training",
            "plant": version.origin,
            "dataset": version.dataset or (version.manifest.dataset if version.manifest else ""),
            "job": str(version.job_id or ""),
        },
        started_ms=_milliseconds(started),
        ended_ms=_milliseconds(max(started, ended)),
        artifact=partial(artifacts.checked_path, version.artifact),
        artifact_name=ARTIFACT_NAME,
    )


def registered_version(version: ModelVersion, run_id: str) -> VersionRecord:
    """The version itself, pointing at the bytes of its run."""
    return VersionRecord(
        key=key_of(version),
        model=version.family.slug,
        run_id=run_id,
        artifact_name=ARTIFACT_NAME,
        description=(
            f"{version.get_kind_display()} version {version.version} of {version.origin}. "
            "Lineward's registry is the record; check the bytes against its SHA-256 before use."
        ),
        tags={**_version_tags(version), "stage": version.stage},
    )


def evaluation_run(evaluation: Evaluation) -> RunRecord:
    """What a version scored on one hold-out, under the run that made the version."""
    version, job = evaluation.version, evaluation.job
    started = (job and job.started_at) or evaluation.evaluated_at
    return RunRecord(
        key=key_of(evaluation),
        experiment=version.family.slug,
        name=f"evaluate {version} at {evaluation.plant_code}",
        parameters={"split": evaluation.split, "dataset": evaluation.manifest.dataset},
        metrics=_figures(evaluation.report),
        tags={
            **_version_tags(version),
            "what": "evaluation",
            "plant": evaluation.plant_code,
            "dataset": evaluation.manifest.dataset,
            "manifest": evaluation.manifest.digest,
            "report": evaluation.report_digest,
            "gates": json.dumps({gate["id"]: gate["outcome"] for gate in evaluation.gates}),
            "job": str(evaluation.job_id or ""),
        },
        started_ms=_milliseconds(started),
        ended_ms=_milliseconds(max(started, evaluation.evaluated_at)),
        parent_key=key_of(version),
    )


def _version_tags(version: ModelVersion) -> dict[str, str]:
    return {
        "version": str(version.pk),
        "semver": version.version,
        "origin": version.origin,
        "kind": version.kind,
        "parent": str(version.parent_id or ""),
        "artifact": version.artifact_id,
        # Empty for an upload whose training data are not on record.
        "manifest": version.manifest.digest if version.manifest else "",
        "recipe": str(version.recipe),
        "recipe_digest": version.recipe.digest,
        "resolved_recipe_digest": version.resolved_digest,
        "environment": version.environment_digest,
        "code_commit": version.code_commit,
        "identity": version.identity,
    }


def _figures(report: Mapping[str, Any]) -> dict[str, float]:
    """The report's finite numbers by dotted name; an estimate goes by its metric's own name.

    `metrics: {auc: {value: 0.9, low: 0.8}}` becomes `auc` and `auc.low`. Confusion counts are
    lists and stay in the record, as do the intervals of single classes: 200 classes would put
    2,000 figures on one page of MLflow.
    """
    found = {}
    for path, value in _leaves("", {**report, "seed": None}):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_interval = path.startswith("per_class.") and path.endswith((".low", ".high", ".n"))
        if is_number and not is_interval and math.isfinite(value):
            found[path.removeprefix("metrics.").removesuffix(".value")] = float(value)
    return found


def _flat_text(prefix: str, document: Mapping[str, Any]) -> dict[str, str]:
    return {
        path: value if isinstance(value, str) else json.dumps(value)
        for path, value in _leaves(prefix, document)
    }


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Dotted paths to everything that is neither a mapping nor a list of mappings."""
    inner: Iterator[tuple[Any, Any]] | None = None
    if isinstance(value, Mapping):
        inner = iter(value.items())
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        inner = enumerate(value)
    if inner is None:
        yield path, value
        return
    for name, item in inner:
        yield from _leaves(f"{path}.{name}" if path else str(name), item)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
