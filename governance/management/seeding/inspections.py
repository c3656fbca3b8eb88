"""The inspection tasks of the seeded fleet, their recipes, and the small graphs behind them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings

from plants.agent.ops.graph import GraphBuilder
from registry import verifier
from registry.domain.digests import sha256
from registry.domain.onnx_contract import Signature
from registry.models import Artifact
from registry.services import artifacts

_RECIPES = Path(settings.BASE_DIR) / "registry" / "standard_recipes"


@dataclass(frozen=True, slots=True)
class Inspection:
    """One family and what its data look like.

    Attributes:
        shares: how often each class is seen, the first being good.
        difficulty: how much less apart the classes stand than those of surfaces.
    """

    slug: str
    title: str
    description: str
    classes: tuple[str, ...]
    shares: tuple[float, ...]
    dataset: str
    difficulty: float
    escape_cost: int
    false_reject_cost: int
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "table" if self.numeric else "images"

    @property
    def signature(self) -> Signature:
        kind = "table" if self.numeric else "images"
        return Signature(kind, self.classes, self.numeric, self.categorical)  # type: ignore[arg-type]


INSPECTIONS = (
    Inspection(
        "surface-defects",
        "Surface defects",
        "Finds scratches, pits and stains on machined surfaces.",
        ("good", "scratch", "pit", "stain"),
        (0.58, 0.18, 0.14, 0.10),
        "surface",
        0.0,
        180,
        4,
    ),
    Inspection(
        "weld-seams",
        "Weld seams",
        "Judges pictures of laser-welded seams on body parts.",
        ("good", "pore", "spatter", "undercut", "gap"),
        (0.55, 0.15, 0.13, 0.09, 0.08),
        "seams",
        0.25,
        620,
        18,
    ),
    Inspection(
        "bearing-vibration",
        "Bearing vibration",
        "Hears from vibration features which part of a test bench's bearing is worn.",
        ("healthy", "inner race", "outer race", "ball"),
        (0.62, 0.15, 0.14, 0.09),
        "bearings",
        -0.2,
        900,
        35,
        ("rms", "kurtosis", "crest_factor", "peak", "bpfo_energy", "bpfi_energy", "speed_rpm"),
        ("bench", "bearing_type"),
    ),
    Inspection(
        "solar-cells",
        "Solar cells",
        "Finds cracks and broken fingers on electroluminescence pictures of cells.",
        ("good", "crack", "broken finger", "dark spot"),
        (0.66, 0.14, 0.12, 0.08),
        "cells",
        0.15,
        95,
        6,
    ),
    Inspection(
        "press-fit",
        "Press-fit force",
        "Judges force-displacement curves of press-fit joints by their features.",
        ("ok", "not ok"),
        (0.8, 0.2),
        "press-fit",
        -0.3,
        240,
        9,
        ("max_force_n", "work_j", "slope", "end_position_mm", "temperature_c"),
        ("variant",),
    ),
    Inspection(
        "paint-finish",
        "Paint finish",
        "Finds runs, craters and inclusions in clear coat under stripe light.",
        ("good", "run", "crater", "inclusion"),
        (0.6, 0.14, 0.14, 0.12),
        "paint",
        0.3,
        310,
        22,
    ),
)


def recipe_sources(kind: str) -> list[str]:
    """Three versions of the standard recipe of a kind: as delivered, and twice changed."""
    source = (_RECIPES / f"{kind}.yaml").read_text(encoding="utf-8")
    if kind == "images":
        changes = (("degrees: 3", "degrees: 6"), ("l2: 0.03, pull", "l2: 0.05, pull"))
    else:
        changes = (("learning_rate: 0.04", "learning_rate: 0.06"), ("leaves: 15", "leaves: 21"))
    found = [source]
    for number, (before, after) in enumerate(changes, start=1):
        if before not in source:
            raise ValueError(f"The standard recipe for {kind} no longer says {before!r}.")
        source = source.replace(before, after)
        found.append(source.replace("version: 1.0.0", f"version: 1.{number}.0"))
    return found


def store(inspection: Inspection, count: int) -> list[Artifact]:
    """So many real files for a family, verified once and kept where downloads look for them."""
    found, facts = [], None
    for number in range(count):
        data = _graph(inspection, number)
        path = artifacts.content_path(sha256(data))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if facts is None:
            facts = _facts(path, inspection)
        path.chmod(0o444)
        found.append(Artifact(sha256=path.name, size=len(data), facts=facts))
    return found


def _facts(path: Path, inspection: Inspection) -> dict[str, object]:
    verdict = verifier.verify(
        path, expected=inspection.signature, max_bytes=settings.ARTIFACT_MAX_BYTES
    )
    if verdict.facts is None:
        raise RuntimeError(f"The seeded graph is refused: {verdict.refusals[0].sentence}")
    return dict(verdict.facts.as_document())


def _graph(inspection: Inspection, number: int) -> bytes:
    """From few features to probabilities by one linear layer: small, honest, verifiable."""
    graph, classes = GraphBuilder(), len(inspection.classes)
    features = _columns(graph, inspection) if inspection.numeric else _pixels(graph)
    width = len(inspection.numeric) or 3
    random = np.random.default_rng([number, classes, width])
    weights = graph.constant(random.normal(0, 0.02, (width, classes)).astype(np.float32))
    scores = graph.add("Softmax", graph.add("MatMul", features, weights), axis=1)
    graph.output("probabilities", scores, "float32", ("N", classes))
    graph.output("embedding", features, "float32", ("N", width))
    return graph.build(inspection.signature)


def _pixels(graph: GraphBuilder) -> str:
    """Mean red, green and blue of an image."""
    graph.input("pixels", "uint8", ("N", "H", "W", 3))
    axes = graph.constant(np.array([1, 2], dtype=np.int64))
    return graph.add("ReduceMean", graph.add("Cast", "pixels", to=1), axes, keepdims=0)


def _columns(graph: GraphBuilder, inspection: Inspection) -> str:
    """The numbers, missing ones as nought; text is not looked at."""
    graph.input("numeric", "float32", ("N", len(inspection.numeric)))
    graph.input("categorical", "string", ("N", len(inspection.categorical)))
    nought = graph.constant(np.zeros(1, dtype=np.float32))
    return graph.add("Where", graph.add("IsNaN", "numeric"), nought, "numeric")
