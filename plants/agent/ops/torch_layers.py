"""The networks' steps in torch; the only module that may import it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plants.agent.ops.networks import NORM_EPSILON, STATISTICS, Weights
from registry.domain.errors import Invalid

Float32 = NDArray[np.float32]
Tensor = Any

# How much of each batch enters the statistics that are used after training.
_MOMENTUM = 0.1


def require(operation: str) -> Any:
    """The torch library, or a refusal that names the way out."""
    try:
        import torch
    except ImportError:
        raise Invalid(
            f"The operation {operation} needs the optional install torch: install the worker with"
            " the extra `torch`, or choose a recipe with filterbank_linear@1.",
            code="extra-missing",
        ) from None
    return torch


@contextmanager
def repeatable(torch: Any, seed: int, threads: int) -> Iterator[None]:
    """Fixed seed, threads and algorithms inside; whatever was set before, afterwards."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(mode=before[1])


@dataclass(slots=True)
class TorchLayers:
    """Runs a network on tensors found by name.

    Attributes:
        torch: the library.
        weights: tensors by name; statistics are changed in training.
        training: measure statistics and drop results.
    """

    torch: Any
    weights: Mapping[str, Tensor]
    training: bool = False

    def scale(self, value: Tensor, factor: float, offset: float) -> Tensor:
        return value * factor + offset

    def conv(
        self,
        value: Tensor,
        name: str,
        channels: tuple[int, int],
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> Tensor:
        del channels
        return self.torch.nn.functional.conv2d(
            value,
            self.weights[f"{name}.weight"],
            self.weights[f"{name}.bias"] if bias else None,
            stride=stride,
            padding=kernel // 2,
            groups=groups,
        )

    def norm(self, value: Tensor, name: str, channels: int) -> Tensor:
        del channels
        return self.torch.nn.functional.batch_norm(
            value,
            self.weights[f"{name}.mean"],
            self.weights[f"{name}.variance"],
            self.weights[f"{name}.weight"],
            self.weights[f"{name}.bias"],
            training=self.training,
            momentum=_MOMENTUM,
            eps=NORM_EPSILON,
        )

    def relu(self, value: Tensor) -> Tensor:
        return self.torch.relu(value)

    def sigmoid(self, value: Tensor) -> Tensor:
        return self.torch.sigmoid(value)

    def multiply(self, left: Tensor, right: Tensor) -> Tensor:
        return left * right

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        return left + right

    def mean(self, value: Tensor) -> Tensor:
        return value.mean(dim=(2, 3), keepdim=True)

    def largest(self, value: Tensor) -> Tensor:
        return value.amax(dim=(2, 3), keepdim=True)

    def join(self, left: Tensor, right: Tensor) -> Tensor:
        return self.torch.cat([left, right], dim=1)

    def drop(self, value: Tensor, share: float) -> Tensor:
        if not self.training or share <= 0:
            return value
        kept = self.torch.rand(len(value), 1, 1, 1) >= share
        return value * kept / (1 - share)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn."""

    epochs: int
    batch: int
    rate: float
    decay: float
    smoothing: float


def as_tensors(torch: Any, weights: Weights) -> dict[str, Tensor]:
    """Tensors of their own memory; all but statistics learn."""
    tensors = {name: torch.tensor(value) for name, value in weights.items()}
    for name, tensor in tensors.items():
        tensor.requires_grad_(name.rpartition(".")[2] not in STATISTICS)
    return tensors


def logits_of(layers: TorchLayers, network: Callable[..., Tensor], pixels: Tensor) -> Tensor:
    """Pixels [N, 3, H, W] to logits [N, K]."""
    embedding = network(layers, pixels).flatten(1)
    return embedding @ layers.weights["head.weight"] + layers.weights["head.bias"]


def optimiser(torch: Any, tensors: Mapping[str, Tensor], schedule: Schedule) -> Any:
    """AdamW (Loshchilov and Hutter 2019); only kernels decay, not offsets and scales."""
    learning = [tensor for tensor in tensors.values() if tensor.requires_grad]
    groups = [
        {"params": [one for one in learning if one.ndim > 1], "weight_decay": schedule.decay},
        {"params": [one for one in learning if one.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.rate)


def rate_at(schedule: Schedule, done: float) -> float:
    """One tenth of warm-up, then a half cosine to zero (Loshchilov and Hutter 2017, SGDR).

    >>> steps = Schedule(epochs=10, batch=8, rate=1.0, decay=0, smoothing=0)
    >>> [round(rate_at(steps, done), 2) for done in (0.05, 0.1, 0.55, 1.0)]
    [0.5, 1.0, 0.5, 0.0]
    """
    warm = 0.1
    if done < warm:
        return schedule.rate * done / warm
    return float(schedule.rate * 0.5 * (1 + np.cos(np.pi * (done - warm) / (1 - warm))))
