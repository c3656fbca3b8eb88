"""Multinomial logistic heads: fitted from features, pulled towards a parent, written into ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plants.agent.ops.graph import GraphBuilder, read_initializers
from registry.domain.errors import Invalid

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
IntArray = NDArray[np.int64]
ClassWeights = Literal["balanced", "none"]

# Rows turned to float64 at a time: bounds memory at a few tens of MB for any table.
_BLOCK_ROWS = 16_384
_MAX_ITERATIONS = 500
# A spread below this share of the mean is rounding noise of float32 (epsilon 1.2e-7), not signal.
_NOISE_SHARE = 1e-6
# Keeps the bias finite for a class without rows and fixes softmax's free constant.
_BIAS_PENALTY = 1e-3
_TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True, slots=True)
class Head:
    """`softmax(((x - mean) / scale) @ weight + bias)`.

    Attributes:
        weight: float32 [D, K].
        bias: float32 [K].
        mean, scale: float32 [D], the standardisation of the features; no scale is zero.
    """

    weight: Float32
    bias: Float32
    mean: Float32
    scale: Float32

    def logits(self, features: Float32) -> Float32:
        """What the graph computes before temperature and softmax, in the same precision."""
        standard = (features - self.mean) / self.scale
        return np.asarray(standard @ self.weight + self.bias, dtype=np.float32)


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> Float64:
    """Probabilities of logits at a temperature, in float64.

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    scaled = logits.astype(np.float64) / temperature
    shifted = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def row_weights(
    labels: IntArray,
    classes_count: int,
    class_weights: ClassWeights,
    sample_weights: NDArray[np.floating] | None = None,
) -> Float64:
    """Weight of each row, with mean 1; `balanced` gives every class that occurs the same total.

    >>> row_weights(np.array([0, 0, 0, 1]), 2, "balanced").round(2).tolist()
    [0.67, 0.67, 0.67, 2.0]
    """
    weights = np.ones(len(labels)) if sample_weights is None else sample_weights.astype(np.float64)
    if class_weights == "balanced":
        totals = np.bincount(labels, weights=weights, minlength=classes_count)
        weights = weights / np.where(totals > 0, totals, 1.0)[labels]
    total = weights.sum()
    if not total > 0:
        raise Invalid("The rows have no weight in total, so nothing can be learnt from them.")
    return np.asarray(weights * (len(labels) / total))


def standardisation(features: Float32, weights: Float64 | None = None) -> tuple[Float32, Float32]:
    """Mean and scale per column; a column without spread gets scale 1."""
    share = np.full(len(features), 1.0) if weights is None else weights
    share = share / share.sum()
    mean = np.zeros(features.shape[1])
    for rows in _blocks(len(features)):
        mean += share[rows] @ features[rows].astype(np.float64)
    variance = np.zeros(features.shape[1])
    for rows in _blocks(len(features)):
        variance += share[rows] @ (features[rows] - mean) ** 2
    spread = np.sqrt(variance)
    flat = spread <= np.abs(mean) * _NOISE_SHARE + np.finfo(np.float32).tiny
    return mean.astype(np.float32), np.where(flat, 1.0, spread).astype(np.float32)


def fit_softmax(
    features: Float32,
    labels: IntArray,
    classes_count: int,
    *,
    l2: float,
    prior: Head | None = None,
    pull: float = 0.0,
    class_weights: ClassWeights = "balanced",
    sample_weights: NDArray[np.floating] | None = None,
) -> Head:
    """Fit multinomial logistic regression (Hastie et al., Elements of Statistical Learning, 4.4).

    Minimises `sum(w * cross entropy) + l2/2 |W|^2 + pull/2 |W - W_prior|^2` with row weights of
    mean 1, so `l2` is the reciprocal of scikit-learn's C. The last term is a Gaussian prior centred
    on the parent's head (Chelba and Acero 2006, "Adaptation of maximum entropy capitalizer"), which
    is re-expressed in this data's standardisation without changing what it computes. The problem is
    convex and solved by L-BFGS in float64 from a fixed start, so equal inputs give equal bytes.

    Args:
        features: float32 [n, D], finite.
        labels: int64 [n], below `classes_count`.
        classes_count: K; a class without rows gets a low bias.
        l2: strength of the shrinkage towards zero.
        prior: the parent's head over the same D features and K classes.
        pull: strength of the shrinkage towards `prior`; without a prior it has no effect.
        class_weights: `balanced` gives every class the same total weight.
        sample_weights: extra weight per row, e.g. fewer for augmented copies.
    """
    if not len(features):
        raise Invalid("A classifier needs at least one training row; the train split is empty.")
    from scipy.optimize import minimize

    weights = row_weights(labels, classes_count, class_weights, sample_weights)
    mean, scale = standardisation(features)
    start = _start(prior, mean, scale, classes_count)
    objective = _Objective(
        (features, labels, weights, mean, scale), start, l2, pull if prior is not None else 0.0
    )
    solved = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MAX_ITERATIONS, "maxfun": 2 * _MAX_ITERATIONS, "gtol": 1e-6},
    )
    found = np.asarray(solved.x, dtype=np.float64).reshape(start.shape)
    weight, bias = found[:-1], found[-1] - found[-1].mean()
    return Head(weight.astype(np.float32), bias.astype(np.float32), mean, scale)


def fit_temperature(
    logits: NDArray[np.floating],
    labels: IntArray,
    sample_weights: NDArray[np.floating] | None = None,
) -> float:
    """Find the temperature of least log loss (Guo et al. 2017, "On calibration …", 4.2).

    Bounded to 0.05 … 20; rows should not be those the logits were fitted on. Without rows, 1.
    """
    if not len(labels):
        return 1.0
    from scipy.optimize import minimize_scalar

    weights = np.ones(len(labels)) if sample_weights is None else sample_weights
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        chances = softmax(logits, float(np.exp(log_temperature)))
        picked = np.log(np.maximum(chances[rows, labels], np.finfo(np.float64).tiny))
        return float(-(weights * picked).sum() / weights.sum())

    low, high = np.log(_TEMPERATURES)
    found = minimize_scalar(loss, bounds=(float(low), float(high)), method="bounded")
    return float(np.float32(np.exp(found.x)))


def append_head(graph: GraphBuilder, features_name: str, head: Head, temperature: float) -> str:
    """Write the head after a float32 [N, D] value; returns the probabilities' name."""
    centred = graph.add("Sub", features_name, graph.constant(head.mean, "features.mean"))
    standard = graph.add("Div", centred, graph.constant(head.scale, "features.scale"))
    product = graph.add("MatMul", standard, graph.constant(head.weight, "head.weight"))
    logits = graph.add("Add", product, graph.constant(head.bias, "head.bias"))
    return append_temperature(graph, logits, temperature)


def append_temperature(graph: GraphBuilder, logits_name: str, temperature: float) -> str:
    """Divide logits by the temperature and take the softmax over classes."""
    divisor = graph.constant(np.float32(temperature), "head.temperature")
    return graph.add("Softmax", graph.add("Div", logits_name, divisor), axis=-1)


def read_head(encoded: bytes) -> Head:
    """Read the head of an ONNX file written by `append_head`."""
    arrays = read_initializers(encoded)
    names = ("head.weight", "head.bias", "features.mean", "features.scale")
    missing = [name for name in names if name not in arrays]
    if missing:
        raise Invalid(
            f"The parent version has no linear head ({missing[0]} is missing): choose a parent"
            " trained with a linear recipe, or set the model's init to scratch."
        )
    return Head(*(arrays[name].astype(np.float32) for name in names))


def _start(prior: Head | None, mean: Float32, scale: Float32, classes_count: int) -> Float64:
    """Weights and, in the last row, biases [D + 1, K]: the prior in our units, or zero."""
    start = np.zeros((len(mean) + 1, classes_count))
    if prior is None:
        return start
    if prior.weight.shape != (len(mean), classes_count):
        raise Invalid(
            f"The parent's head is for {prior.weight.shape[0]} features and"
            f" {prior.weight.shape[1]} classes, this data has {len(mean)} and {classes_count}:"
            " choose a parent of the same recipe, or set the model's init to scratch."
        )
    weight, own = prior.weight.astype(np.float64), prior.scale.astype(np.float64)
    shift = (mean.astype(np.float64) - prior.mean) / own
    start[:-1] = weight * (scale.astype(np.float64) / own)[:, None]
    start[-1] = prior.bias + shift @ weight
    return start


class _Objective:
    """Loss and gradient per row, in float64, over blocks of rows."""

    def __init__(
        self,
        data: tuple[Float32, IntArray, Float64, Float32, Float32],
        centre: Float64,
        l2: float,
        pull: float,
    ) -> None:
        self._features, self._labels, self._weights, self._mean, self._scale = data
        self._centre, self._l2, self._pull = centre, l2, pull

    def __call__(self, flat: Float64) -> tuple[float, Float64]:
        point = flat.reshape(self._centre.shape)
        loss, gradient = self._penalty(point)
        for rows in _blocks(len(self._labels)):
            standard = (self._features[rows].astype(np.float64) - self._mean) / self._scale
            block_loss, errors = self._block(standard @ point[:-1] + point[-1], rows)
            loss += block_loss
            gradient[:-1] += standard.T @ errors
            gradient[-1] += errors.sum(axis=0)
        count = len(self._labels)
        return loss / count, gradient.ravel() / count

    def _penalty(self, point: Float64) -> tuple[float, Float64]:
        moved = point - self._centre
        strength = np.full((len(point), 1), self._pull)
        strength[-1] = _BIAS_PENALTY
        gradient = strength * moved
        gradient[:-1] += self._l2 * point[:-1]
        loss = 0.5 * float((strength * moved**2).sum() + self._l2 * (point[:-1] ** 2).sum())
        return loss, gradient

    def _block(self, logits: Float64, rows: slice) -> tuple[float, Float64]:
        labels, weights = self._labels[rows], self._weights[rows]
        index = np.arange(len(labels))
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        total = chances.sum(axis=1, keepdims=True)
        loss = float((weights * (np.log(total[:, 0]) - logits[index, labels])).sum())
        chances /= total
        chances[index, labels] -= 1.0
        chances *= weights[:, None]
        return loss, chances


def _blocks(count: int) -> list[slice]:
    return [slice(low, min(low + _BLOCK_ROWS, count)) for low in range(0, count, _BLOCK_ROWS)]
