"""A fixed filter bank for surfaces: texture, defects, tone and colour as one vector per image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plants.agent.ops import kernels
from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.kernels import Kernel
from plants.agent.ops.preprocess import LUMA, Frame, pad_reflect, spatial_mean

_SMALLEST = 5  # pixels; a mirrored border of 3 needs at least 4
_TONE_BINS, _COLOUR_BINS, _CONTRAST_BINS = 16, 9, 17
# Noise floors relative to an image standardised to spread 1, and to grey 0 … 1.
_LOG_FLOOR, _SQUARE_FLOOR, _GREY_FLOOR = 1e-3, 1e-8, 3e-3
_TEXTURE_STEP = 0.05  # share of the image's spread that a neighbour must differ by
_LAYOUT = 8  # cells per side of the thumbnail that shows where light and dark lie
# Octaves of the closer look, as far as enough cells remain.
_DETAIL_LEVELS, _DETAIL_SIDE = 3, 32
# Defects are looked for in cells of 8 pixels; the strongest cell, the 4th and the 16th are kept.
_CELL, _RANKS = 8, (0, 3, 15)
_PATCH, _PATCH_FLOOR = 16, 1e-4  # pixels; and squared response that counts as none


@dataclass(frozen=True, slots=True)
class Bank:
    """Size of the bank.

    Attributes:
        levels: octaves of the pyramid.
        orientations: directions of the oriented filters.
        grid: cells per side in which energy is kept by place.
    """

    levels: int
    orientations: int
    grid: int


def append_bank(graph: GraphBuilder, frame: Frame, detail: Frame | None, bank: Bank) -> str:
    """Append the bank after float32 [N, 3, H, W]; returns float32 [N, D].

    Args:
        graph: what is appended to.
        frame: the whole part at working size.
        detail: the same part larger, searched for small defects only; or None.
        bank: the size of the bank.

    Oriented energy and its second order follow the scattering transform (Bruna and Mallat 2013,
    "Invariant scattering convolution networks"); the texture codes are uniform local binary
    patterns (Ojala, Pietikäinen, Mäenpää 2002).
    Means say what the surface is like, maxima find one small defect on a large good part.
    """
    grey, opponents = _split_colour(graph, frame.value)
    standard, spread = _standardise(graph, grey)
    pyramid = _pyramid(graph, standard, _levels(frame.shortest, bank.levels))
    energies = [_energy(graph, level, bank.orientations) for level in pyramid]
    parts = [
        *_tone(graph, grey, spread),
        *_colour(graph, opponents),
        _histogram(graph, standard, (-4.0, 4.0), _CONTRAST_BINS),
        *(part for energy in energies for part in _first_order(graph, energy, bank.grid)),
        *_second_order(graph, energies, bank.orientations),
        *(_texture_codes(graph, level) for level in pyramid),
        *(part for level in pyramid for part in _blobs(graph, level)),
        graph.add("Flatten", _cells(graph, standard, _LAYOUT)),
    ]
    if detail is not None:
        parts += _details(graph, detail)
    return graph.add("Concat", *parts, axis=1)


def _levels(shortest: int, wanted: int) -> int:
    most = int(np.floor(np.log2(max(shortest / _SMALLEST, 1)))) + 1
    return max(1, min(wanted, most))


def _split_colour(graph: GraphBuilder, value: str) -> tuple[str, str]:
    """Grey, and the two opponent colours red-green and yellow-blue."""
    weights = np.array([LUMA, (0.5, -0.5, 0.0), (0.25, 0.25, -0.5)], dtype=np.float32)
    mixed = graph.add("Conv", value, graph.constant(weights[:, :, None, None]))
    parts = graph.constant(np.array([1, 2], dtype=np.int64))
    grey, opponents = graph.add_many("Split", mixed, parts, outputs=2, axis=1)
    return grey, opponents


def _standardise(graph: GraphBuilder, grey: str) -> tuple[str, str]:
    """The grey image with mean 0 and spread 1, and that spread [N, 1, 1, 1]."""
    centred = graph.add("Sub", grey, spatial_mean(graph, grey, keep=True))
    variance = spatial_mean(graph, graph.add("Mul", centred, centred), keep=True)
    floored = graph.add("Add", variance, graph.constant(np.float32(_GREY_FLOOR**2)))
    spread = graph.add("Sqrt", floored)
    return graph.add("Div", centred, spread), spread


def _pyramid(graph: GraphBuilder, value: str, levels: int) -> list[str]:
    found = [value]
    for _ in range(1, levels):
        found.append(_halve(graph, found[-1]))
    return found


def _halve(graph: GraphBuilder, value: str) -> str:
    return graph.add("AveragePool", value, kernel_shape=[2, 2], strides=[2, 2])


def _tone(graph: GraphBuilder, grey: str, spread: str) -> list[str]:
    return [
        _histogram(graph, grey, (0.0, 1.0), _TONE_BINS),
        spatial_mean(graph, grey, keep=False),
        _log(graph, graph.add("Flatten", spread)),
    ]


def _colour(graph: GraphBuilder, opponents: str) -> list[str]:
    mean = spatial_mean(graph, opponents, keep=True)
    centred = graph.add("Sub", opponents, mean)
    variance = spatial_mean(graph, graph.add("Mul", centred, centred), keep=False)
    return [
        graph.add("Flatten", mean),
        _root(graph, variance),
        _histogram(graph, opponents, (-0.3, 0.3), _COLOUR_BINS),
    ]


def _energy(graph: GraphBuilder, level: str, orientations: int) -> str:
    """Local amplitude per orientation [N, O, h, w]: even and odd responses, combined."""
    return _amplitude(graph, _filter(graph, level, kernels.gabors(orientations)), orientations)


def _first_order(graph: GraphBuilder, energy: str, grid: int) -> list[str]:
    """Per orientation: mean, root mean square and strongest patch; and where the energy lies."""
    squared = spatial_mean(graph, graph.add("Mul", energy, energy), keep=False)
    patches = graph.add("AveragePool", energy, kernel_shape=[3, 3], strides=[2, 2])
    axis = graph.constant(np.array([1], dtype=np.int64))
    total = graph.add("ReduceMean", energy, axis, keepdims=1)
    return [
        _log(graph, spatial_mean(graph, energy, keep=False)),
        _log(graph, _root(graph, squared)),
        _log(graph, _strongest(graph, patches)),
        graph.add("Flatten", _log(graph, _cells(graph, total, grid))),
    ]


def _second_order(graph: GraphBuilder, energies: list[str], orientations: int) -> list[str]:
    """How each orientation's energy itself varies over coarser scales."""
    bank = np.tile(kernels.gabors(orientations), (orientations, 1, 1, 1))
    pairs = orientations * orientations
    parts = []
    for fine in range(len(energies) - 1):
        shrunk = energies[fine]
        for _ in range(fine + 1, len(energies)):
            shrunk = _halve(graph, shrunk)
            responses = _filter(graph, shrunk, bank, groups=orientations)
            amplitude = _amplitude(graph, responses, pairs)
            parts.append(_log(graph, spatial_mean(graph, amplitude, keep=False)))
    return parts


def _texture_codes(graph: GraphBuilder, level: str) -> str:
    """Root of the share of each uniform local binary pattern [N, 59]."""
    differences = _filter(graph, level, kernels.neighbours())
    brighter = graph.add("Greater", differences, graph.constant(np.float32(_TEXTURE_STEP)))
    bits = graph.add("Cast", brighter, to=1)
    powers = (2.0 ** np.arange(8, dtype=np.float32)).reshape(1, 8, 1, 1)
    code = graph.add("Cast", graph.add("Conv", bits, graph.constant(powers)), to=7)
    hits = graph.add("Gather", graph.constant(kernels.uniform_patterns()), code)
    axes = graph.constant(np.array([1, 2, 3], dtype=np.int64))
    return graph.add("Sqrt", graph.add("ReduceMean", hits, axes, keepdims=0))


def _blobs(graph: GraphBuilder, level: str) -> list[str]:
    """Bright and dark spots of this scale: mean, root mean square and the strongest."""
    response = _filter(graph, level, kernels.blob(1.0, 2.0))
    parts = []
    for signed in (response, graph.add("Neg", response)):
        spots = graph.add("Relu", signed)
        squared = spatial_mean(graph, graph.add("Mul", spots, spots), keep=False)
        parts += [
            spatial_mean(graph, spots, keep=False),
            _root(graph, squared),
            _strongest(graph, spots),
        ]
    return [_log(graph, part) for part in parts]


def _details(graph: GraphBuilder, detail: Frame) -> list[str]:
    """Spots and lines too small for the working size: overall level, and the strongest cells."""
    parts: list[str] = []
    levels = sum(detail.shortest >> level >= _DETAIL_SIDE for level in range(_DETAIL_LEVELS))
    if not levels:
        return parts
    standard, _ = _standardise(graph, _split_colour(graph, detail.value)[0])
    for level in _pyramid(graph, standard, levels):
        response = _filter(graph, level, kernels.lines())
        squared = graph.add("Mul", response, response)
        parts.append(_log(graph, _root(graph, spatial_mean(graph, squared, keep=False))))
        parts += _unevenness(graph, squared)
        for signed in (response, graph.add("Neg", response)):
            parts.append(_ranked_cells(graph, signed))
    return parts


def _ranked_cells(graph: GraphBuilder, response: str) -> str:
    """The strongest positive responses, one per cell, so that one edge does not fill the list."""
    cells = graph.add("MaxPool", response, kernel_shape=[_CELL, _CELL], strides=[_CELL, _CELL])
    as_row = graph.constant(np.array([0, 0, -1], dtype=np.int64))
    row = graph.add("Reshape", graph.add("Relu", cells), as_row)
    most = graph.constant(np.array([_RANKS[-1] + 1], dtype=np.int64))
    strongest, _ = graph.add_many("TopK", row, most, outputs=2, axis=-1)
    ranks = graph.constant(np.array(_RANKS, dtype=np.int64))
    return graph.add("Flatten", _log(graph, graph.add("Gather", strongest, ranks, axis=2)))


def _unevenness(graph: GraphBuilder, squared: str) -> list[str]:
    """How far the busiest and the calmest patch are from the rest: a weave may be too smooth."""
    patches = graph.add(
        "AveragePool", squared, kernel_shape=[_PATCH, _PATCH], strides=[_PATCH // 2, _PATCH // 2]
    )
    floored = graph.add("Add", patches, graph.constant(np.float32(_PATCH_FLOOR)))
    energy = graph.add("Log", floored)
    centred = graph.add("Sub", energy, spatial_mean(graph, energy, keep=True))
    variance = spatial_mean(graph, graph.add("Mul", centred, centred), keep=False)
    return [
        _strongest(graph, centred),
        _strongest(graph, graph.add("Neg", centred)),
        _log(graph, _root(graph, variance)),
    ]


def _cells(graph: GraphBuilder, value: str, side: int) -> str:
    """Averages over side x side equal cells, whatever the image's size."""
    sizes = graph.constant(np.array([side, side], dtype=np.int64))
    return graph.add("Resize", value, "", "", sizes, axes=[2, 3], antialias=1, mode="linear")


def _filter(graph: GraphBuilder, value: str, bank: Kernel, groups: int = 1) -> str:
    rows, columns = bank.shape[-2] // 2, bank.shape[-1] // 2
    padded = pad_reflect(graph, value, rows, columns)
    return graph.add("Conv", padded, graph.constant(bank), group=groups)


def _amplitude(graph: GraphBuilder, responses: str, pairs: int) -> str:
    """Root of the squared sum of each even and odd pair of channels."""
    squared = graph.add("Mul", responses, responses)
    ones = graph.constant(np.ones((pairs, 2, 1, 1), dtype=np.float32))
    return _root(graph, graph.add("Conv", squared, ones, group=pairs))


def _histogram(graph: GraphBuilder, value: str, span: tuple[float, float], bins: int) -> str:
    """Root of the share of pixels per overlapping (triangular) bin and channel."""
    centres = np.linspace(*span, bins, dtype=np.float32)
    width = graph.constant(np.float32(1 / (centres[1] - centres[0])))
    low, high = (graph.constant(np.float32(edge)) for edge in span)
    inside = graph.add("Clip", value, low, high)
    shares = []
    for centre in centres:
        distance = graph.add("Abs", graph.add("Sub", inside, graph.constant(centre)))
        near = graph.add("Sub", graph.constant(np.float32(1)), graph.add("Mul", distance, width))
        shares.append(spatial_mean(graph, graph.add("Relu", near), keep=False))
    return graph.add("Sqrt", graph.add("Concat", *shares, axis=1))


def _strongest(graph: GraphBuilder, value: str) -> str:
    axes = graph.constant(np.array([2, 3], dtype=np.int64))
    return graph.add("ReduceMax", value, axes, keepdims=0)


def _log(graph: GraphBuilder, value: str) -> str:
    return graph.add("Log", graph.add("Add", value, graph.constant(np.float32(_LOG_FLOOR))))


def _root(graph: GraphBuilder, value: str) -> str:
    return graph.add("Sqrt", graph.add("Add", value, graph.constant(np.float32(_SQUARE_FLOOR))))
