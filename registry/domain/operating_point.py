"""Where to set the threshold: so many good parts rejected at most, so many defects escape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.domain.intervals import clopper_pearson

MAX_FALSE_REJECT_RATE = 0.05


def operating_point(
    defect_scores: NDArray[np.float64],
    good: NDArray[np.bool_],
    max_false_reject_rate: float = MAX_FALSE_REJECT_RATE,
) -> dict[str, Any] | None:
    """The most watchful threshold that rejects no more than a given share of the good parts.

    A part is rejected when its score is above the threshold. The threshold is chosen on the rows
    it is judged on, so both rates are somewhat kinder than new parts will be; the exact bound on
    the escapes (Clopper and Pearson) covers chance, not that choice.

    Returns:
        JSON-ready; None when the rows show no good part or no defect.
    """
    sound, defects = np.sort(defect_scores[good])[::-1], defect_scores[~good]
    if not len(sound) or not len(defects):
        return None
    # Strictly above the first good part that must pass: ties then pass with it.
    threshold = float(sound[math.floor(max_false_reject_rate * len(sound))])
    return {
        "threshold": threshold,
        "max_false_reject_rate": max_false_reject_rate,
        "false_reject_rate": _rate(int((sound > threshold).sum()), len(sound)),
        "escape_rate": _rate(int((defects <= threshold).sum()), len(defects)),
    }


def _rate(count: int, rows: int) -> dict[str, Any]:
    low, high = clopper_pearson(count, rows)
    return {
        "value": count / rows,
        "low": low,
        "high": high,
        "count": count,
        "n": rows,
        "method": "clopper-pearson",
    }
