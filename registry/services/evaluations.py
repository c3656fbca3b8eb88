"""Records what a version scored; the figures are recomputed from counts, never believed."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from registry.domain import metrics, recipe_gates
from registry.domain.access import PlantScope, Role
from registry.domain.digests import digest_of
from registry.models import DatasetManifest, Evaluation, Job, MirrorKind, ModelVersion
from registry.services import ledger, mirrors


@transaction.atomic
def record(
    scope: PlantScope,
    version: ModelVersion,
    manifest: DatasetManifest,
    *,
    report: dict[str, Any],
    job: Job | None = None,
    beside: Job | None = None,
) -> Evaluation:
    """Keep the score of one version on one hold-out.

    Args:
        job: the job whose version this is the score of; it has one such evaluation.
        beside: the job that scored this version too, beside its own, on the same rows; its pairing
            leads back to it.

    Raises:
        Invalid: the report's figures contradict its counts.
    """
    scope.require(Role.OPERATOR, manifest.plant_code)
    metrics.check_report(report)
    evaluation = Evaluation(
        version=version,
        family_id=version.family_id,
        manifest=manifest,
        plant_code=manifest.plant_code,
        job=job,
        **_figures(version, report),
        gates=judge(job.resolved_recipe if job else version.resolved_recipe, report),
    )
    evaluation.save(force_insert=True)
    details = {"evaluation": str(evaluation.pk), "report": evaluation.report_digest}
    if beside is not None:
        details["beside"] = str(beside.pk)
    ledger.record(
        scope,
        "evaluation.recorded",
        f"version:{version.pk}",
        plant_code=manifest.plant_code,
        details=details,
    )
    mirrors.add(MirrorKind.EVALUATION, str(evaluation.pk))
    return evaluation


def _figures(version: ModelVersion, report: dict[str, Any]) -> dict[str, Any]:
    """The report, and of it what lists are sorted and compared by."""
    primary = report["metrics"].get(version.family.primary_metric, {})
    return {
        "report": report,
        "report_digest": digest_of(report),
        "n": report["n"],
        **{end: primary.get(end) for end in ("value", "low", "high")},
    }


def judge(resolved_recipe: dict[str, Any], report: dict[str, Any]) -> list[dict[str, Any]]:
    """The recipe's own gates over a report, JSON-ready."""
    results = recipe_gates.judge(resolved_recipe.get("gates", []), report)
    return [result.as_json() for result in results]
