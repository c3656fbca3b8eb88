"""Two convolutional networks, written once and read by whoever plans, trains or exports them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from plants.agent.ops.graph import GraphBuilder

Float32 = NDArray[np.float32]
Weights = dict[str, Float32]
Value = TypeVar("Value")

NORM_EPSILON = 1e-3  # Tan and Le 2019, reference settings
STATISTICS = ("mean", "variance")  # measured by a normalisation, not learnt

# Grey levels 0 … 1 brought to about zero mean and unit spread.
_PIXEL_MEAN, _PIXEL_SPREAD = 0.45, 0.25
# EfficientNet-B0, Tan and Le 2019, table 1: expansion, channels, repeats, stride, kernel.
_B0_STEM, _B0_HEAD = 32, 1280
_B0_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_B0_DROP = 0.2  # share of the last block's results dropped in training; earlier blocks less
_COMPACT_CHANNELS = (24, 48, 96, 160)


class Layers(Protocol[Value]):
    """The steps that a network is made of; weights are found by name."""

    def scale(self, value: Value, factor: float, offset: float) -> Value: ...
    def conv(
        self,
        value: Value,
        name: str,
        channels: tuple[int, int],
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> Value: ...
    def norm(self, value: Value, name: str, channels: int) -> Value: ...
    def relu(self, value: Value) -> Value: ...
    def sigmoid(self, value: Value) -> Value: ...
    def multiply(self, left: Value, right: Value) -> Value: ...
    def add(self, left: Value, right: Value) -> Value: ...
    def mean(self, value: Value) -> Value:
        """Mean over height and width, which stay as size 1."""
        ...

    def largest(self, value: Value) -> Value:
        """Largest over height and width, which stay as size 1."""
        ...

    def join(self, left: Value, right: Value) -> Value:
        """Channels of both, one behind the other."""
        ...

    def drop(self, value: Value, share: float) -> Value:
        """In training, leave this result out for a share of the images."""
        ...


Network = Callable[[Layers[Value], Value], Value]


def compact_cnn(layers: Layers[Value], pixels: Value) -> Value:
    """A small residual network (He et al. 2016) of depthwise-separable steps (Howard et al. 2017).

    [N, 3, H, W] to [N, 320, 1, 1]: means and maxima, so that a small defect is not averaged away.
    """
    value = layers.scale(pixels, 1 / _PIXEL_SPREAD, -_PIXEL_MEAN / _PIXEL_SPREAD)
    value = layers.conv(value, "stem", (3, _COMPACT_CHANNELS[0]), kernel=5, stride=2)
    value = layers.relu(layers.norm(value, "stem.norm", _COMPACT_CHANNELS[0]))
    before = _COMPACT_CHANNELS[0]
    for stage, channels in enumerate(_COMPACT_CHANNELS):
        value = _separable(layers, value, f"stage{stage}.down", (before, channels), stride=2)
        inner = _separable(layers, value, f"stage{stage}.same", (channels, channels), stride=1)
        value = layers.add(value, inner)
        before = channels
    return layers.join(layers.mean(value), layers.largest(value))


def efficientnet_b0(layers: Layers[Value], pixels: Value) -> Value:
    """EfficientNet-B0 (Tan and Le 2019, "EfficientNet: rethinking model scaling", ICML).

    [N, 3, H, W] to [N, 1280, 1, 1].
    """
    value = layers.scale(pixels, 1 / _PIXEL_SPREAD, -_PIXEL_MEAN / _PIXEL_SPREAD)
    value = layers.conv(value, "stem", (3, _B0_STEM), kernel=3, stride=2)
    value = _swish(layers, layers.norm(value, "stem.norm", _B0_STEM))
    before, index = _B0_STEM, 0
    count = sum(repeats for _, _, repeats, _, _ in _B0_STAGES)
    for expansion, channels, repeats, stride, kernel in _B0_STAGES:
        for repeat in range(repeats):
            value = _inverted(
                layers,
                value,
                f"block{index}",
                (before, channels),
                expansion=expansion,
                kernel=kernel,
                stride=stride if repeat == 0 else 1,
                drop=_B0_DROP * index / count,
            )
            before, index = channels, index + 1
    value = layers.conv(value, "top", (before, _B0_HEAD))
    return layers.mean(_swish(layers, layers.norm(value, "top.norm", _B0_HEAD)))


NETWORKS: Mapping[str, Network[Any]] = {
    "compact_cnn@1": compact_cnn,
    "efficientnet_b0@1": efficientnet_b0,
}


def _separable(
    layers: Layers[Value], value: Value, name: str, channels: tuple[int, int], *, stride: int
) -> Value:
    before, after = channels
    value = layers.conv(
        value, f"{name}.depth", (before, before), kernel=3, stride=stride, groups=before
    )
    value = layers.relu(layers.norm(value, f"{name}.depth.norm", before))
    value = layers.conv(value, f"{name}.point", channels)
    return layers.relu(layers.norm(value, f"{name}.point.norm", after))


def _inverted(
    layers: Layers[Value],
    value: Value,
    name: str,
    channels: tuple[int, int],
    *,
    expansion: int,
    kernel: int,
    stride: int,
    drop: float,
) -> Value:
    """Inverted bottleneck (Sandler et al. 2018) with squeeze and excitation (Hu et al. 2018)."""
    before, after = channels
    wide, inner = before * expansion, value
    if expansion > 1:
        inner = layers.conv(inner, f"{name}.widen", (before, wide))
        inner = _swish(layers, layers.norm(inner, f"{name}.widen.norm", wide))
    inner = layers.conv(
        inner, f"{name}.depth", (wide, wide), kernel=kernel, stride=stride, groups=wide
    )
    inner = _swish(layers, layers.norm(inner, f"{name}.depth.norm", wide))
    inner = _excited(layers, inner, name, (wide, max(1, before // 4)))
    inner = layers.norm(
        layers.conv(inner, f"{name}.narrow", (wide, after)), f"{name}.narrow.norm", after
    )
    if stride == 1 and before == after:
        return layers.add(value, layers.drop(inner, drop))
    return inner


def _excited(layers: Layers[Value], value: Value, name: str, channels: tuple[int, int]) -> Value:
    wide, narrow = channels
    squeezed = layers.conv(layers.mean(value), f"{name}.squeeze", channels, bias=True)
    excited = layers.conv(_swish(layers, squeezed), f"{name}.excite", (narrow, wide), bias=True)
    return layers.multiply(value, layers.sigmoid(excited))


def _swish(layers: Layers[Value], value: Value) -> Value:
    return layers.multiply(value, layers.sigmoid(value))


class Passing(Generic[Value]):
    """Steps that do nothing to a value; what plans or measures overrides some of them."""

    def scale(self, value: Value, factor: float, offset: float) -> Value:
        del factor, offset
        return value

    def relu(self, value: Value) -> Value:
        return value

    sigmoid = mean = largest = relu

    def multiply(self, left: Value, right: Value) -> Value:
        del right
        return left

    add = multiply

    def drop(self, value: Value, share: float) -> Value:
        del share
        return value


class Plan(Passing[int]):
    """Follows a network with the number of channels and draws first weights on the way."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self.weights: Weights = {}

    def conv(
        self,
        value: int,
        name: str,
        channels: tuple[int, int],
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> int:
        del value, stride
        before, after = channels
        shape = (after, before // groups, kernel, kernel)
        # He et al. 2015, fan-out mode.
        spread = np.sqrt(2 * groups / (after * kernel * kernel))
        self.weights[f"{name}.weight"] = self._random.normal(0, spread, shape).astype(np.float32)
        if bias:
            self.weights[f"{name}.bias"] = np.zeros(after, dtype=np.float32)
        return after

    def norm(self, value: int, name: str, channels: int) -> int:
        for part, start in (("weight", 1), ("bias", 0), ("mean", 0), ("variance", 1)):
            self.weights[f"{name}.{part}"] = np.full(channels, start, dtype=np.float32)
        return value

    def join(self, left: int, right: int) -> int:
        return left + right


class Written:
    """Writes a trained network into a graph; the stored arrays carry the weights' names."""

    def __init__(self, graph: GraphBuilder, weights: Mapping[str, Float32]) -> None:
        self._graph, self._weights = graph, weights

    def scale(self, value: str, factor: float, offset: float) -> str:
        scaled = self._graph.add("Mul", value, self._graph.constant(np.float32(factor)))
        return self._graph.add("Add", scaled, self._graph.constant(np.float32(offset)))

    def conv(
        self,
        value: str,
        name: str,
        channels: tuple[int, int],
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> str:
        del channels
        inputs = [self._stored(f"{name}.weight")]
        if bias:
            inputs.append(self._stored(f"{name}.bias"))
        return self._graph.add(
            "Conv",
            value,
            *inputs,
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
            group=groups,
        )

    def norm(self, value: str, name: str, channels: int) -> str:
        del channels
        parts = [self._stored(f"{name}.{part}") for part in ("weight", "bias", "mean", "variance")]
        return self._graph.add("BatchNormalization", value, *parts, epsilon=NORM_EPSILON)

    def relu(self, value: str) -> str:
        return self._graph.add("Relu", value)

    def sigmoid(self, value: str) -> str:
        return self._graph.add("Sigmoid", value)

    def multiply(self, left: str, right: str) -> str:
        return self._graph.add("Mul", left, right)

    def add(self, left: str, right: str) -> str:
        return self._graph.add("Add", left, right)

    def mean(self, value: str) -> str:
        return self._graph.add("GlobalAveragePool", value)

    def largest(self, value: str) -> str:
        return self._graph.add("GlobalMaxPool", value)

    def join(self, left: str, right: str) -> str:
        return self._graph.add("Concat", left, right, axis=1)

    def drop(self, value: str, share: float) -> str:
        del share
        return value

    def _stored(self, name: str) -> str:
        return self._graph.constant(self._weights[name], name)
