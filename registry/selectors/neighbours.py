"""Where MLflow and flower show the same thing; nothing when nobody serves them."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings

from registry.domain.access import PlantScope, Role
from registry.models import Evaluation, Job, Mirror, MirrorKind, ModelVersion

# Whom each lets in: MLflow shows all plants, flower all tasks of the portal.
_ADMITS = {
    "mlflow": frozenset(Role),
    "flower": frozenset({Role.ADMINISTRATOR, Role.DATA_SCIENTIST}),
}


def admits(scope: PlantScope, neighbour: str) -> bool:
    """Whether somebody with this scope may open the neighbour's pages."""
    return bool(scope.central & _ADMITS.get(neighbour, frozenset()))


def mlflow(scope: PlantScope, page: str = "") -> str:
    """A page of MLflow; empty where it is not served, or not to this caller."""
    if not settings.MLFLOW_UI or not admits(scope, "mlflow"):
        return ""
    return f"{settings.MLFLOW_UI.rstrip('/')}/#/{page}"


def mlflow_version(scope: PlantScope, version: ModelVersion) -> str:
    """The version's page in MLflow; empty while it is not over there."""
    if not mlflow(scope):
        return ""
    number = _external(MirrorKind.VERSION, str(version.pk))
    page = f"models/{quote(version.family.slug)}/versions/{quote(number)}"
    return mlflow(scope, page) if number else ""


def mlflow_run(scope: PlantScope, job: Job) -> str:
    """What the job left in MLflow: the version it trained, or the run of its evaluation."""
    if not mlflow(scope):
        return ""
    version = ModelVersion.objects.filter(job=job).select_related("family").first()
    if version is not None:
        return mlflow_version(scope, version)
    scored = Evaluation.objects.filter(job=job).values_list("pk", flat=True).first()
    run = _external(MirrorKind.EVALUATION, str(scored)) if scored else ""
    return mlflow(scope, f"runs/{quote(run)}") if run else ""


def flower(scope: PlantScope) -> str:
    """The portal's own tasks in flower; what a plant's worker does is not shown there."""
    if not settings.FLOWER_UI or not admits(scope, "flower"):
        return ""
    return f"{settings.FLOWER_UI.rstrip('/')}/tasks"


def _external(kind: MirrorKind, subject: str) -> str:
    rows = Mirror.objects.filter(kind=kind, subject=subject, mirrored_at__isnull=False)
    return rows.values_list("external_id", flat=True).first() or ""
