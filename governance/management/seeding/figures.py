"""Data and figures that belong together: manifests, and reports counted on their hold-outs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance.management.seeding.inspections import Inspection
from registry.domain import calibration, manifests, ranking
from registry.domain.confusion import counts_of, figure, recompute
from registry.domain.leakage_section import Found, Pairs
from registry.domain.operating_point import operating_point

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SEED = 17
_TRAIN, _VALIDATION, _HOLDOUT = 0.6, 0.15, 0.25
_LEAST_OF_A_CLASS = 3  # of fewer rows an AUC says nothing
_SPAN_SECONDS = 30 * 86_400.0  # a data set holds the parts of its last month
_TIMED_PARTS = 60
_OWN_NOISE = 0.6  # of a version beside the parts' own; together they have unit variance
_NO_LEAKAGE = Found(copies=Pairs(0, 0), near=Pairs(0, 0), groups=0, rules=())


@dataclass(frozen=True, slots=True)
class Sample:
    """A plant's data set at one moment: its manifest, and what only the plant knows.

    Attributes:
        labels: true classes of the hold-out.
        noise: how hard each of its parts is, for every class.
    """

    document: dict[str, Any]
    labels: Ints
    noise: Floats


def sample(
    random: np.random.Generator, of: Inspection, rows: int, until: datetime, *, light: float
) -> Sample:
    """Draw a data set; `light` is how far the plant's lighting is from the usual."""
    shares = random.dirichlet(np.array(of.shares) * 120)
    sizes = [round(rows * share) for share in (_TRAIN, _VALIDATION)]
    sizes.append(rows - sum(sizes))
    drawn = [_labels(random, shares, size) for size in sizes]
    labels, edges = np.concatenate(drawn), np.cumsum([0, *sizes])
    parts = {
        name: np.arange(edges[place], edges[place + 1])
        for place, name in enumerate(("train", "validation", "holdout"))
    }
    document = manifests.build(
        secret=random.bytes(32),
        kind=of.kind,
        classes=of.classes,
        labels=labels,
        groups=np.arange(rows) // 5,
        parts=parts,
        identities=random.integers(0, 256, (rows, 32), dtype=np.uint8),
        copies=0,
        variants=int(random.integers(2, 9)),
        times=until.timestamp() - np.linspace(_SPAN_SECONDS, 0, rows),
        measures=_measures(random, of, rows, light),
        categories=dict.fromkeys(of.categorical, (4, 0)),
        colour=0,
        leakage=_NO_LEAKAGE if of.kind == "images" else replace(_NO_LEAKAGE, near=None),
    )
    return Sample(document, drawn[-1], random.normal(size=(sizes[-1], len(of.classes))))


def _labels(random: np.random.Generator, shares: Floats, rows: int) -> Ints:
    counts = np.maximum(random.multinomial(rows, shares), _LEAST_OF_A_CLASS)
    counts[0] += rows - counts.sum()
    return random.permutation(np.repeat(np.arange(len(shares)), counts))


def _measures(
    random: np.random.Generator, of: Inspection, rows: int, light: float
) -> dict[str, Floats]:
    if of.numeric:
        return {
            name: random.normal(10.0 * (place + 1) * (1 + light), 2.0, rows)
            for place, name in enumerate(of.numeric)
        }
    return {
        "brightness": random.normal(0.45 + light, 0.06, rows),
        "contrast": random.normal(0.18, 0.03, rows),
        "sharpness": random.gamma(4, 0.02, rows),
        "width": np.full(rows, 200.0),
        "height": np.full(rows, 200.0),
    }


def answers(random: np.random.Generator, on: Sample, skill: float) -> Floats:
    """Probabilities of a version that is so skilled; the same part is hard for every version.

    They are what its scores are worth (of classes with equal normal noise, the scores times the
    skill), as those of a version are after its temperature was fitted.
    """
    rows = np.arange(len(on.labels))
    own = random.normal(size=on.noise.shape) * _OWN_NOISE
    scores = on.noise * np.sqrt(1 - _OWN_NOISE**2) + own
    scores[rows, on.labels] += skill
    likely = np.exp(skill * (scores - scores.max(axis=1, keepdims=True)))
    found: Floats = likely / likely.sum(axis=1, keepdims=True)
    return found


def report(random: np.random.Generator, of: Inspection, on: Sample, stated: Floats) -> Any:
    """What a plant's worker reports of these answers.

    As `metrics.evaluate` does, but for the interval of the AUC: thousands of bootstraps would take
    minutes, so DeLong's is told at every size.
    """
    labels, classes = on.labels, list(of.classes)
    n = len(labels)
    counts = counts_of(labels, stated.argmax(axis=1), len(classes))
    figures = recompute(counts, classes, seed=_SEED)
    point = operating_point(1 - stated[:, 0], labels == 0)
    return {
        "n": n,
        "classes": classes,
        "confusion": counts.tolist(),
        "metrics": {
            **figures["metrics"],
            "auc": _auc(stated, labels),
            "ece": figure(calibration.expected_calibration_error(stated, labels), n, "ece-15"),
            "brier": figure(calibration.brier(stated, labels), n, "mean"),
            **_latency(random, of),
        },
        "per_class": figures["per_class"],
        "operating_point": point and {"good_class": classes[0], **point},
        "seed": _SEED,
    }


def _auc(stated: Floats, labels: Ints) -> dict[str, Any]:
    value, n = ranking.macro_auc(stated, labels), len(labels)
    low, high = ranking.delong_interval(stated, labels)
    if low < high:
        return figure(value, n, "delong", (low, high))
    ends, method = ranking.auc_interval(stated, labels, _SEED)
    return figure(value, n, method, ends)


def _latency(random: np.random.Generator, of: Inspection) -> dict[str, Any]:
    times = random.gamma(9, 0.05 if of.numeric else 0.4, _TIMED_PARTS)
    return {
        f"latency_ms_p{share}": figure(
            float(np.percentile(times, share)), _TIMED_PARTS, "percentile"
        )
        for share in (50, 95)
    }


def joint_counts(of: Inspection, on: Sample, first: Floats, second: Floats) -> dict[str, list[int]]:
    """Per class: rows that both got right, only the first, only the second, neither."""
    ones, others = (stated.argmax(axis=1) == on.labels for stated in (first, second))
    found = {}
    for place, name in enumerate(of.classes):
        rows = on.labels == place
        cells = [ones & others, ones & ~others, ~ones & others, ~ones & ~others]
        found[name] = [int((cell & rows).sum()) for cell in cells]
    return found
