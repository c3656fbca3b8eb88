"""Preprocess operations on images: each is a step of the graph, so it runs where the model runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.vocabulary import boolean, integer_pair, number, parameters
from registry.domain.errors import Invalid
from registry.domain.operations import Operation

# ITU-R BT.601 luma, the grey that inspection cameras and Pillow use.
LUMA = (0.299, 0.587, 0.114)
_RGB_FLOOR = 1e-3
_SIDE = (16, 1024)
# Longer strips are squeezed to this proportion; sides come in multiples, so that halving is clean.
_MOST_ASPECT, _MULTIPLE = 8.0, 8


@dataclass(frozen=True, slots=True)
class Frame:
    """A value in the graph that holds images.

    Attributes:
        value: name of the value.
        raw: uint8 [N, H, W, 3] as the camera gave it; otherwise float32 [N, 3, H, W], 0 to 1.
        shortest: the least number of pixels per side after a resize; 0 before one.
    """

    value: str
    raw: bool
    shortest: int = 0


def append_preprocess(
    graph: GraphBuilder, pixels: str, steps: Sequence[Mapping[str, Any]], times: int = 1
) -> Frame:
    """Append the recipe's steps after the raw pixels; the result is float32 [N, 3, H, W].

    Args:
        graph: what is appended to.
        pixels: name of the raw pixels.
        steps: the recipe's preprocess section, defaults filled in.
        times: enlarge what resize@1 says, for a second, closer look at the same image.
    """
    frame = Frame(pixels, raw=True)
    for step in steps:
        arguments = {key: value for key, value in step.items() if key != "op"}
        if step["op"] == "resize@1":
            arguments["size"] = [times * side for side in step["size"]]
        frame = _STEPS[step["op"]](graph, frame, **arguments)
    if not frame.shortest:
        raise Invalid(
            "The recipe has no resize@1 step, so images of different sizes cannot be compared:"
            " add one to preprocess.",
            code="recipe-invalid",
        )
    return _float_frame(graph, frame)


def pad_reflect(graph: GraphBuilder, value: str, rows: int, columns: int) -> str:
    """Mirror the border of [N, C, H, W], which adds no edge that is not in the picture."""
    amounts = np.array([0, 0, rows, columns, 0, 0, rows, columns], dtype=np.int64)
    return graph.add("Pad", value, graph.constant(amounts), mode="reflect")


def spatial_mean(graph: GraphBuilder, value: str, *, keep: bool) -> str:
    """Mean over height and width."""
    axes = graph.constant(np.array([2, 3], dtype=np.int64))
    return graph.add("ReduceMean", value, axes, keepdims=int(keep))


def _resize(graph: GraphBuilder, frame: Frame, *, size: Sequence[int], keep_aspect: bool) -> Frame:
    """Shrink or enlarge, linear with antialias (ONNX Resize, opset 18).

    As the first step it works on the raw bytes: a 16-megapixel frame then needs no float copy
    (measured: 1 MB instead of 228 MB, 0.04 s instead of 0.84 s, at most one grey level apart).
    """
    height, width = int(size[0]), int(size[1])
    axes = [1, 2] if frame.raw else [2, 3]
    shortest = min(height, width)
    if keep_aspect:
        sizes = _same_area(graph, frame.value, axes[0], height * width)
        shortest = _MULTIPLE * round(np.sqrt(height * width / _MULTIPLE**2 / _MOST_ASPECT))
    else:
        sizes = graph.constant(np.array([height, width], dtype=np.int64))
    value = graph.add(
        "Resize",
        frame.value,
        "",
        "",
        sizes,
        axes=axes,
        antialias=1,
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    return replace(frame, value=value, shortest=shortest)


def _same_area(graph: GraphBuilder, value: str, axis: int, area: int) -> str:
    """Height and width with the image's own proportions, up to 8 to 1, and a fixed area."""
    own = graph.add("Cast", graph.add("Shape", value, start=axis, end=axis + 2), to=1)
    swapped = graph.add("Gather", own, graph.constant(np.array([1, 0], dtype=np.int64)))
    low, high = (graph.constant(np.float32(edge)) for edge in (1 / _MOST_ASPECT, _MOST_ASPECT))
    aspect = graph.add("Clip", graph.add("Div", own, swapped), low, high)
    units = graph.constant(np.float32(area / _MULTIPLE**2))
    sides = graph.add("Round", graph.add("Sqrt", graph.add("Mul", aspect, units)))
    whole = graph.add("Cast", sides, to=7)
    return graph.add("Mul", whole, graph.constant(np.int64(_MULTIPLE)))


def _grey(graph: GraphBuilder, frame: Frame) -> Frame:
    """Replace colour by luma, ITU-R BT.601."""
    frame = _float_frame(graph, frame)
    weights = np.tile(np.array(LUMA, dtype=np.float32), (3, 1))[:, :, None, None]
    return replace(frame, value=graph.add("Conv", frame.value, graph.constant(weights)))


def _normalise(graph: GraphBuilder, frame: Frame, *, spread: float) -> Frame:
    """Give every image the same mean and contrast (per-image standardisation).

    Reference: LeCun, Bottou, Orr, Müller 1998, "Efficient BackProp", section 4.3, per image.
    """
    frame = _float_frame(graph, frame)
    axes = graph.constant(np.array([1, 2, 3], dtype=np.int64))
    centred = graph.add("Sub", frame.value, graph.add("ReduceMean", frame.value, axes, keepdims=1))
    variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), axes, keepdims=1)
    floored = graph.add("Add", variance, graph.constant(np.float32(_RGB_FLOOR**2)))
    scaled = graph.add("Div", centred, graph.add("Sqrt", floored))
    scaled = graph.add("Mul", scaled, graph.constant(np.float32(spread)))
    return replace(frame, value=graph.add("Add", scaled, graph.constant(np.float32(0.5))))


def _illumination_flatten(
    graph: GraphBuilder, frame: Frame, *, width: float, divide: bool
) -> Frame:
    """Remove slow changes of light: divide by, or subtract, a wide blur of the grey image.

    Reference: homomorphic background correction, Gonzalez and Woods, Digital Image Processing,
    4th ed., sections 2.6 (shading correction) and 4.9.
    """
    if not frame.shortest:
        raise Invalid(
            "illumination_flatten@1 needs a known image size: put it after resize@1.",
            code="recipe-invalid",
        )
    frame = _float_frame(graph, frame)
    background = _wide_blur(graph, frame.value, frame.shortest, width)
    middle = spatial_mean(graph, background, keep=True)
    if divide:
        floored = graph.add("Max", background, graph.constant(np.float32(0.02)))
        flat = graph.add("Mul", graph.add("Div", frame.value, floored), middle)
    else:
        flat = graph.add("Add", graph.add("Sub", frame.value, background), middle)
    low, high = graph.constant(np.float32(0)), graph.constant(np.float32(1))
    return replace(frame, value=graph.add("Clip", flat, low, high))


def _local_contrast(graph: GraphBuilder, frame: Frame, *, width: float, limit: float) -> Frame:
    """Divide by the local spread, with a limit on how far noise may be raised.

    Reference: Jarrett, Kavukcuoglu, Ranzato, LeCun 2009, "What is the best multi-stage
    architecture for object recognition?", local contrast normalisation.
    """
    if not frame.shortest:
        raise Invalid(
            "local_contrast@1 needs a known image size: put it after resize@1.",
            code="recipe-invalid",
        )
    frame = _float_frame(graph, frame)
    centred = graph.add("Sub", frame.value, _wide_blur(graph, frame.value, frame.shortest, width))
    energy = _wide_blur(graph, graph.add("Mul", centred, centred), frame.shortest, width)
    overall = spatial_mean(graph, energy, keep=True)
    floor = graph.add("Mul", overall, graph.constant(np.float32(1.0 / limit**2)))
    floor = graph.add("Add", floor, graph.constant(np.float32(_RGB_FLOOR**2)))
    spread = graph.add("Sqrt", graph.add("Max", energy, floor))
    scaled = graph.add("Mul", graph.add("Div", centred, spread), graph.constant(np.float32(0.2)))
    return replace(frame, value=graph.add("Add", scaled, graph.constant(np.float32(0.5))))


def _wide_blur(graph: GraphBuilder, value: str, shortest: int, width: float) -> str:
    """Gaussian blur of [N, 3, H, W] whose sigma is a share of the shorter side."""
    sigma = max(width * shortest, 0.5)
    radius = min(int(np.ceil(2.5 * sigma)), shortest - 1)
    offsets = np.arange(-radius, radius + 1, dtype=np.float64)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel = np.tile((kernel / kernel.sum()).astype(np.float32), (3, 1, 1, 1))
    padded = pad_reflect(graph, value, radius, radius)
    across = graph.add("Conv", padded, graph.constant(kernel), group=3)
    return graph.add("Conv", across, graph.constant(kernel.transpose(0, 1, 3, 2)), group=3)


def _float_frame(graph: GraphBuilder, frame: Frame) -> Frame:
    if not frame.raw:
        return frame
    moved = graph.add("Transpose", frame.value, perm=[0, 3, 1, 2])
    cast = graph.add("Cast", moved, to=1)
    value = graph.add("Mul", cast, graph.constant(np.float32(1 / 255)))
    return replace(frame, value=value, raw=False)


_STEPS: Mapping[str, Callable[..., Frame]] = {
    "resize@1": _resize,
    "grey@1": _grey,
    "normalise@1": _normalise,
    "illumination_flatten@1": _illumination_flatten,
    "local_contrast@1": _local_contrast,
}


def operations() -> tuple[Operation, ...]:
    """The preprocess operations for images."""
    return (
        _declare(
            "resize@1",
            "Bring every image to one size, linear with antialias.",
            size=integer_pair("Height and width in pixels.", default=(128, 128), bounds=_SIDE),
            keep_aspect=boolean(
                "Keep each image's own proportions (up to 8 to 1) and give it the area of `size`.",
                default=True,
            ),
        ),
        _declare("grey@1", "Drop colour and keep luma."),
        _declare(
            "normalise@1",
            "Give every image the same mean and contrast.",
            spread=number("Standard deviation after the step.", default=0.2, bounds=(0.01, 1.0)),
        ),
        _declare(
            "illumination_flatten@1",
            "Remove slow changes of light across the image.",
            width=number(
                "Sigma of the blur that stands for the light, as a share of the shorter side.",
                default=0.15,
                bounds=(0.02, 0.5),
            ),
            divide=boolean("Divide by the light instead of subtracting it.", default=True),
        ),
        _declare(
            "local_contrast@1",
            "Even out contrast between parts of the image.",
            width=number(
                "Sigma of the neighbourhood, as a share of the shorter side.",
                default=0.1,
                bounds=(0.02, 0.5),
            ),
            limit=number("How often contrast may be raised at most.", default=4, bounds=(1, 20)),
        ),
    )


def _declare(name: str, summary: str, **properties: Mapping[str, Any]) -> Operation:
    return Operation(name, "preprocess", ("images",), parameters(**properties), summary)
