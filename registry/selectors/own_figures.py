"""A version's figure on its own hold-out: its job's report, or for an upload its evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from registry.models import Evaluation, ModelVersion
from registry.models.versions import MadeBy

Figure = dict[str, Any]

_ANNOTATED = "own_evaluation"


def figure_of(report: Mapping[str, Any], name: str) -> Figure | None:
    """One metric of a report."""
    found = report.get("metrics", {}).get(name)
    return found if isinstance(found, dict) else None


def with_own(rows: Any) -> Any:
    """The rows with what `primary` needs, so that a list of any length costs no query more."""
    of_row = Evaluation.objects.filter(
        version=OuterRef("pk"),
        version__made_by=MadeBy.UPLOAD,
        plant_code=OuterRef("origin"),
        manifest__dataset=OuterRef("dataset"),
    )
    return rows.annotate(**{_ANNOTATED: Subquery(_said(of_row))})


def _said(rows: QuerySet[Evaluation]) -> Any:
    said = JSONObject(value="value", low="low", high="high", n="n", manifest="manifest_id")
    return rows.order_by("-evaluated_at").annotate(said=said).values("said")[:1]


def newest(version: ModelVersion) -> QuerySet[Evaluation]:
    """Evaluations of an upload at its own plant on the data set it is judged on, newest first."""
    rows = Evaluation.objects.filter(version=version, plant_code=version.origin)
    return rows.filter(manifest__dataset=version.dataset).order_by("-evaluated_at")


def _own(version: ModelVersion) -> Mapping[str, Any] | None:
    if not hasattr(version, _ANNOTATED):
        found = _said(newest(version)).first()
        setattr(version, _ANNOTATED, found["said"] if found else None)
    own: Mapping[str, Any] | None = getattr(version, _ANNOTATED)
    return own


def primary(version: ModelVersion) -> Figure | None:
    """The version's figure for the metric that counts in its family, on its own hold-out."""
    if version.made_by != MadeBy.UPLOAD:
        return figure_of(version.metrics, version.family.primary_metric)
    own = _own(version)
    return {name: own[name] for name in ("value", "low", "high", "n")} if own else None


def hold_out(version: ModelVersion) -> UUID | None:
    """The manifest whose hold-out its own figure comes from; none for an upload not scored yet."""
    if version.made_by != MadeBy.UPLOAD:
        return version.manifest_id
    own = _own(version)
    return UUID(str(own["manifest"])) if own else None


def claimed(version: ModelVersion) -> float | None:
    """What the uploader says of the metric that counts, until an evaluation says it better."""
    if version.made_by != MadeBy.UPLOAD or _own(version):
        return None
    value = version.claimed_metrics.get(version.family.primary_metric)
    return float(value) if isinstance(value, int | float) else None
