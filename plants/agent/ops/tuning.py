"""Chooses how strongly a linear head is held back, by cross-validation inside the train split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from plants.agent.ops.heads import fit_temperature, row_weights, softmax

Float64 = NDArray[np.float64]
IntArray = NDArray[np.int64]

_FOLDS = 4
_MOST_AXES = 384  # principal axes kept; more cost time and change no choice
_MOST_ROWS = 2_000  # beyond this the penalty hardly matters and a sample chooses as well
_ITERATIONS = 150
# Few rows make the choice a matter of luck, so their folds are drawn several times.
_MOST_REPEATS, _ROWS_JUDGED = 4, 800


@dataclass(frozen=True, slots=True)
class Choice:
    """The penalties that predicted held-out rows best.

    Attributes:
        l2: pull towards zero.
        pull: pull towards the parent's head.
        loss: log loss of held-out rows at the best temperature.
        temperature: that temperature.
        rows: how many different rows it was judged on.
    """

    l2: float
    pull: float
    loss: float
    temperature: float
    rows: int


def choose(
    features: NDArray[np.float32],
    labels: IntArray,
    classes_count: int,
    *,
    strengths: Sequence[float],
    pulls: Sequence[float],
    prior: tuple[Float64, Float64] | None,
    balanced: bool,
    seed: int,
) -> Choice | None:
    """Try every pair of strengths on the same folds; None when a fold would lack classes.

    Args:
        features: float32 [n, D], standardised.
        labels: int64 [n].
        classes_count: K.
        strengths: candidate penalties towards zero.
        pulls: candidate penalties towards the prior.
        prior: the parent's weight [D, K] and bias [K] in the units of `features`.
        balanced: give every class the same weight.
        seed: decides the folds.
    """
    keep = np.sort(np.random.default_rng(seed).permutation(len(labels))[:_MOST_ROWS])
    labels = labels[keep]
    repeats = min(max(_ROWS_JUDGED // len(labels), 1), _MOST_REPEATS)
    draws = [fold_of_rows(labels, classes_count, seed + repeat) for repeat in range(repeats)]
    folds = [draw for draw in draws if draw is not None]
    if not folds:
        return None
    rotated, axes = _rotate(features[keep])
    start = np.zeros((rotated.shape[1] + 1, classes_count))
    if prior is not None:
        start[:-1], start[-1] = axes @ prior[0], prior[1]
    best: Choice | None = None
    for strength, pull in product(strengths, pulls):
        logits = [
            _held_out(rotated, labels, draw, start, (strength, pull), balanced) for draw in folds
        ]
        every = np.tile(labels, len(folds))
        candidate = _judge(np.concatenate(logits), every, (strength, pull), balanced, len(labels))
        if best is None or candidate.loss < best.loss:
            best = candidate
    return best


def fold_of_rows(labels: IntArray, classes_count: int, seed: int) -> IntArray | None:
    """Fold number per row, every class spread evenly; None when a class is too rare to spread."""
    folds = np.zeros(len(labels), dtype=np.int64)
    random = np.random.default_rng(seed)
    usable = 0
    for label in range(classes_count):
        rows = random.permutation(np.flatnonzero(labels == label))
        folds[rows] = (np.arange(len(rows)) + random.integers(_FOLDS)) % _FOLDS
        usable += len(rows) >= 2
    return folds if usable >= 2 and len(labels) >= 2 * _FOLDS else None


def _rotate(features: NDArray[np.float32]) -> tuple[Float64, Float64]:
    """Rows in their principal axes [n, A] and those axes [A, D]; distances and penalties stay."""
    values = features.astype(np.float64)
    if values.shape[0] <= values.shape[1]:
        spread, left = np.linalg.eigh(values @ values.T)
        kept = np.argsort(spread)[::-1][:_MOST_AXES]
        kept = kept[spread[kept] > 1e-9 * max(spread.max(), 1e-300)]
        axes = (left[:, kept] / np.sqrt(spread[kept])).T @ values
    else:
        spread, right = np.linalg.eigh(values.T @ values)
        axes = right[:, np.argsort(spread)[::-1][:_MOST_AXES]].T
    return values @ axes.T, axes


def _held_out(
    rows: Float64,
    labels: IntArray,
    folds: IntArray,
    start: Float64,
    penalties: tuple[float, float],
    balanced: bool,
) -> Float64:
    """Logits of every row from a head that has not seen its fold."""
    logits = np.zeros((len(labels), start.shape[1]))
    for fold in range(_FOLDS):
        inside, outside = folds != fold, folds == fold
        found = _solve(rows[inside], labels[inside], start, penalties, balanced)
        logits[outside] = rows[outside] @ found[:-1] + found[-1]
    return logits


def _solve(
    rows: Float64,
    labels: IntArray,
    start: Float64,
    penalties: tuple[float, float],
    balanced: bool,
) -> Float64:
    """Softmax weights and, last, biases [A + 1, K] of least penalised log loss."""
    from scipy.optimize import minimize

    strength, pull = penalties
    weights = row_weights(labels, start.shape[1], "balanced" if balanced else "none")
    index = np.arange(len(labels))

    def objective(flat: Float64) -> tuple[float, Float64]:
        point = flat.reshape(start.shape)
        moved = point[:-1] - start[:-1]
        chances = softmax(rows @ point[:-1] + point[-1])
        loss = -float(weights @ np.log(np.maximum(chances[index, labels], 1e-300)))
        chances[index, labels] -= 1.0
        chances *= weights[:, None]
        gradient = np.empty_like(point)
        gradient[:-1] = rows.T @ chances + strength * point[:-1] + pull * moved
        gradient[-1] = chances.sum(axis=0)
        penalty = strength * (point[:-1] ** 2).sum() + pull * (moved**2).sum()
        return (loss + 0.5 * float(penalty)) / len(rows), gradient.ravel() / len(rows)

    solved = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ITERATIONS, "gtol": 1e-5},
    )
    return np.asarray(solved.x, dtype=np.float64).reshape(start.shape)


def _judge(
    logits: Float64,
    labels: IntArray,
    penalties: tuple[float, float],
    balanced: bool,
    rows: int,
) -> Choice:
    weights = row_weights(labels, logits.shape[1], "balanced" if balanced else "none")
    temperature = fit_temperature(logits, labels, weights)
    chances = softmax(logits, temperature)[np.arange(len(labels)), labels]
    loss = -float(weights @ np.log(np.maximum(chances, 1e-300))) / len(labels)
    return Choice(*penalties, loss, temperature, rows)
