"""Facts about a version as gates are given them, small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from hypothesis import strategies as st

from governance.domain.gate_differences import Reference, paired_differences
from governance.domain.gates import Facts, GateOutcome, judge
from registry.domain import manifests
from registry.domain.leakage_section import Found, Pairs
from registry.domain.manifest_schema import IMAGE_MEASURES
from registry.domain.paired import Cells
from registry.domain.report_slices import Slices, counted, read
from registry.domain.stress import PERTURBATIONS

TODAY = date(2026, 11, 21)
SOURCE = "The quality agreement of 2026."
MINUS = "\u2212"
CLASSES = ("good", "scratch", "pit")
LIGHT = {"under": "light@1", "lowest": 0.8, "highest": 1.25, "max_drop": 0.1, "min_rows": 100}
NO_LEAK = {"max_copies": 0, "max_across": 0, "max_giveaway": 0.3, "max_feature": 0.98}
CONFUSION = ((90, 6, 4), (3, 40, 2), (1, 2, 30))
SAME_ROWS = {  # joint counts that fit CONFUSION for the first version
    "good": Cells(85, 5, 3, 7),
    "scratch": Cells(36, 4, 3, 2),
    "pit": Cells(28, 2, 1, 2),
}


def report(
    confusion=CONFUSION, *, ece=0.04, p95=61.0, balanced=0.9, escapes=None
) -> dict[str, Any]:
    n = sum(map(sum, confusion))
    timed = (
        {"value": p95, "n": 60} if p95 else {"value": None, "n": 3, "reason": "No part was timed."}
    )
    return {
        "n": n,
        "classes": list(CLASSES[: len(confusion)]),
        "confusion": [list(row) for row in confusion],
        "metrics": {
            "balanced_accuracy": {"value": balanced, "n": n},
            "ece": {"value": ece, "n": n},
            "latency_ms_p95": timed,
        },
        "operating_point": escapes and point(*escapes),
    }


def point(count: int, n: int, allowed: float = 0.05) -> dict[str, Any]:
    return {
        "good_class": "good",
        "max_false_reject_rate": allowed,
        "escape_rate": {"count": count, "n": n},
        "false_reject_rate": {"count": 2, "n": 100},
    }


def facts(found: dict[str, Any] | None = None, **changes: Any) -> Facts:
    return replace(Facts(found, "balanced_accuracy", TODAY), **changes)


def tried(rows: int = 200, **lost: int) -> Slices:
    """Good parts and defects of which all are told undisturbed; `bright=5` loses 5 defects there.

    Levels of light: dark 0.5, dim 0.8, bright 1.25, glaring 2; of noise: grain 8.
    """
    labels = np.arange(rows) % 2
    named = {
        "dark": ("light@1", 0.5),
        "dim": ("light@1", 0.8),
        "bright": ("light@1", 1.25),
        "glaring": ("light@1", 2),
        "grain": ("noise@1", 8),
    }
    levels = []
    for name, (op, value) in named.items():
        said = labels.copy()
        said[np.flatnonzero(labels)[: lost.get(name, 0)]] = 0
        levels.append((PERTURBATIONS[op], value, said))
    found = read(counted(labels, labels, levels, 2))
    assert found is not None
    return found


def trained(kind: str = "images", **found: Any) -> dict[str, Any]:
    """The manifest of 300 rows, 100 of each class, in which this was found of leakage."""
    nothing = {"copies": Pairs(0, 0), "near": Pairs(0, 0), "groups": 0, "rules": ()}
    nothing["near"] = None if kind == "table" else nothing["near"]
    order = np.arange(300)
    names = IMAGE_MEASURES if kind == "images" else ("torque", "wear")
    copies = (found.get("copies") or Pairs(0, 0)).count
    return manifests.build(
        secret=b"k" * 32,
        kind=kind,
        classes=CLASSES,
        labels=np.repeat([0, 1, 2], 100),
        groups=None,
        parts={"train": order[:200], "validation": order[200:230], "holdout": order[230:]},
        identities=np.random.default_rng(0).integers(0, 256, (300, 32), dtype=np.uint8),
        copies=copies,
        variants=None,
        times=None,
        measures={name: np.linspace(0, 1, 300) for name in names},
        categories={"type": (3, 0)} if kind == "table" else None,
        leakage=Found(**{**nothing, **found}),
    )


def beside(
    cells=SAME_ROWS, name="champion 1.0.0 (graz)", *, is_paired=True
) -> dict[str, Reference]:
    return {"champion": Reference(name, paired_differences(cells), is_paired)}


def asked(gate: str, *, warns: bool = False, **parameters: Any) -> dict[str, Any]:
    return {"gate": gate, "source": SOURCE, "warns": warns, **parameters}


def said(known: Facts, gate: str, **parameters: Any) -> GateOutcome:
    (found,) = judge({"gates": [asked(gate, **parameters)]}, known).outcomes
    return found


def told(known: Facts, gate: str, **parameters: Any) -> tuple[str, str]:
    found = said(known, gate, **parameters)
    return found.outcome, found.reason


COUNTS = st.integers(0, 60)
CELLS = st.builds(Cells, COUNTS, COUNTS, COUNTS, COUNTS).filter(lambda one: one.n > 0)
CLASS_CELLS = st.lists(CELLS, min_size=1, max_size=6).map(
    lambda some: {f"class {place}": one for place, one in enumerate(some)}
)
