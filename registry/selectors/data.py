"""What a manifest says of a data set, ready to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain import leakage_words
from registry.domain.access import PlantScope
from registry.models import DatasetManifest, Evaluation, ModelVersion
from registry.selectors.own_figures import with_own

_PARTS = {"train": "training", "validation": "validation", "holdout": "hold-out"}


@dataclass(frozen=True, slots=True)
class Share:
    """One class or part of a data set; without rows where the plant hides a small count."""

    name: str
    rows: int | None
    share: float | None
    digest: str = ""

    @property
    def width(self) -> str:
        """The share as the width of a bar of 100."""
        return f"{(self.share or 0) * 100:.1f}"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a manifest says of its rows, ready to show."""

    classes: list[Share]
    parts: list[Share]
    columns: Sequence[tuple[str, Mapping[str, Any]]]
    texts: Sequence[tuple[str, Mapping[str, Any]]]
    columns_in_all: int


def contents(manifest: DatasetManifest) -> Contents:
    """Classes, parts and statistics of a manifest."""
    document = manifest.document
    statistics = document.get("statistics", {})
    numeric = statistics.get("numeric", statistics)
    columns = [(name, one) for name, one in numeric.items() if isinstance(one, dict)]
    return Contents(
        classes=[_share(one["name"], one, manifest.rows) for one in document.get("classes", [])],
        parts=[
            _share(label, document["splits"][name], manifest.rows)
            for name, label in _PARTS.items()
            if name in document.get("splits", {})
        ],
        columns=columns,
        texts=list(statistics.get("categorical", {}).items()),
        columns_in_all=statistics.get("columns", len(columns)),
    )


def _share(name: str, stated: Mapping[str, Any], rows: int) -> Share:
    count = stated.get("rows")
    share = count / rows if count is not None and rows else None
    return Share(name, count, share, stated.get("digest", ""))


@dataclass(frozen=True, slots=True)
class Leakage:
    """What a plant's worker found on both sides of the split, in words."""

    verdict: str
    found: list[str]


@dataclass(frozen=True, slots=True)
class ManifestPage:
    """Everything that the page of one manifest shows; no leakage where nobody looked for it."""

    contents: Contents
    leakage: Leakage | None
    versions: list[ModelVersion]
    evaluations: list[Evaluation]


def page(scope: PlantScope, manifest: DatasetManifest) -> ManifestPage:
    """What the manifest says, and what was trained and scored on its rows."""
    versions = with_own(ModelVersion.objects.visible_to(scope).filter(manifest=manifest))
    evaluations = Evaluation.objects.visible_to(scope).filter(manifest=manifest)
    return ManifestPage(
        contents=contents(manifest),
        leakage=_leakage(manifest.document),
        versions=list(versions.select_related("family", "baseline").defer("resolved_recipe")[:25]),
        evaluations=list(
            evaluations.select_related("version__family", "version__baseline").defer("report")[:25]
        ),
    )


def _leakage(document: Mapping[str, Any]) -> Leakage | None:
    if "leakage" not in document:
        return None
    return Leakage(leakage_words.summed_up(document), leakage_words.told(document))
