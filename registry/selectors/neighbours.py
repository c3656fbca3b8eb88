"""Where MLflow and flower show the same thing; nothing when nobody serves them."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings

from registry.models import Evaluation, Job, Mirror, MirrorKind, ModelVersion


def mlflow_version(version: ModelVersion) -> str:
    """The version's page in MLflow; empty while it is not over there."""
    number = _external(MirrorKind.VERSION, str(version.pk))
    return _mlflow(f"models/{quote(version.family.slug)}/versions/{quote(number)}") if number else ""


def mlflow_run(job: Job) -> str:
    """What the job left in MLflow: the version it trained, or the run of its evaluation."""
    version = ModelVersion.objects.filter(job=job).select_related("family").first()
    if version is not None:
        return mlflow_version(version)
    scored = Evaluation.objects.filter(job=job).values_list("pk", flat=True).first()
    run = _external(MirrorKind.EVALUATION, str(scored)) if scored else ""
    return _mlflow(f"runs/{quote(run)}") if run else ""


def flower() -> str:
    """The portal's own queue in flower; a plant's queue is not shown there."""
    address: str = settings.FLOWER_UI
    return f"{address.rstrip('/')}/tasks" if address else ""


def _mlflow(page: str) -> str:
    address: str = settings.MLFLOW_UI
    return f"{address.rstrip('/')}/#/{page}" if address else ""


def _external(kind: MirrorKind, subject: str) -> str:
    rows = Mirror.objects.filter(kind=kind, subject=subject, mirrored_at__isnull=False)
    return rows.values_list("external_id", flat=True).first() or ""
