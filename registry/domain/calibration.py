"""Whether a stated confidence can be believed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 15  # Guo et al. 2017, §2, and most figures published since


def expected_calibration_error(probabilities: Floats, labels: Ints) -> float:
    """Mean gap between confidence and accuracy over 15 bins of equal width, weighted by rows
    (Naeini 2015, AAAI; Guo et al. 2017, ICML, arXiv 1706.04599). A bin holds (low, high].

    >>> round(expected_calibration_error(np.array([[0.2, 0.8], [0.3, 0.7]]), np.array([1, 0])), 3)
    0.45
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.ceil(confidence * BINS).astype(np.int64).clip(1, BINS) - 1
    gap = np.bincount(bins, weights=right - confidence, minlength=BINS)
    return float(np.abs(gap).sum() / len(labels))


def brier(probabilities: Floats, labels: Ints) -> float:
    """Half the mean squared distance between the stated probabilities and what was seen (Brier
    1950, Monthly Weather Review 78, 1-3, halved): from 0 to 1, for two classes the usual score.

    >>> round(brier(np.array([[0.2, 0.8], [0.3, 0.7]]), np.array([1, 0])), 3)
    0.265
    """
    seen = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - seen) ** 2).sum(axis=1).mean() / 2)
