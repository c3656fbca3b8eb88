"""A fixed filter bank for surfaces: texture, defects, tone and colour as one vector per image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.preprocess import LUMA, Frame, pad_reflect, spatial_mean

Kernel = NDArray[np.float32]

_KERNEL = 7  # pixels; the smallest that holds one and a half periods of the wave below
_WAVE = 4.0  # pixels per period: half the band of one octave of the pyramid
_SIGMA = 2.0  # pixels; about one octave of bandwidth at that wave
_SMALLEST = 8  # pixels; below this a 7-pixel kernel sees more border than picture
_TONE_BINS, _COLOUR_BINS, _CONTRAST_BINS = 16, 9, 17
# Noise floors relative to an image standardised to spread 1, and to grey 0 … 1.
_LOG_FLOOR, _SQUARE_FLOOR, _GREY_FLOOR = 1e-3, 1e-8, 3e-3
_TEXTURE_STEP = 0.05  # share of the image's spread that a neighbour must differ by


@dataclass(frozen=True, slots=True)
class Bank:
    """Size of the bank.

    Attributes:
        levels: octaves of the pyramid.
        orientations: directions of the oriented filters.
        grid: cells per side in which energy is kept by place.
    """

    levels: int = 4
    orientations: int = 8
    grid: int = 3


def append_bank(graph: GraphBuilder, frame: Frame, bank: Bank) -> str:
    """Append the bank after float32 [N, 3, H, W]; returns float32 [N, D].

    Oriented energy and its second order follow the scattering transform (Bruna and Mallat 2013,
    "Invariant scattering convolution networks"); the texture codes are uniform local binary
    patterns (Ojala, Pietikäinen, Mäenpää 2002); blobs are differences of Gaussians (Lowe 2004).
    Means say what the surface is like, maxima find one small defect on a large good part.
    """
    grey, opponents = _split_colour(graph, frame.value)
    standard, spread = _standardise(graph, grey)
    pyramid = _pyramid(graph, standard, _levels(frame.size or (0, 0), bank.levels))
    energies = [_energy(graph, level, bank.orientations) for level in pyramid]
    parts = [
        *_tone(graph, grey, spread),
        *_colour(graph, opponents),
        _histogram(graph, standard, (-4.0, 4.0), _CONTRAST_BINS),
        *(part for energy in energies for part in _first_order(graph, energy, bank.grid)),
        *_second_order(graph, energies, bank.orientations),
        *(_texture_codes(graph, level) for level in pyramid),
        *(part for level in pyramid for part in _blobs(graph, level)),
    ]
    return graph.add("Concat", *parts, axis=1)


def _levels(size: tuple[int, int], wanted: int) -> int:
    most = int(np.floor(np.log2(max(min(size) / _SMALLEST, 1)))) + 1
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
    return _amplitude(graph, _filter(graph, level, _gabors(orientations)), orientations)


def _first_order(graph: GraphBuilder, energy: str, grid: int) -> list[str]:
    """Per orientation: mean, root mean square and strongest patch; and where the energy lies."""
    squared = spatial_mean(graph, graph.add("Mul", energy, energy), keep=False)
    patches = graph.add("AveragePool", energy, kernel_shape=[3, 3], strides=[2, 2])
    axis = graph.constant(np.array([1], dtype=np.int64))
    total = graph.add("ReduceMean", energy, axis, keepdims=1)
    cells = graph.add(
        "Resize",
        total,
        "",
        "",
        graph.constant(np.array([grid, grid], dtype=np.int64)),
        axes=[2, 3],
        antialias=1,
        mode="linear",
    )
    return [
        _log(graph, spatial_mean(graph, energy, keep=False)),
        _log(graph, _root(graph, squared)),
        _log(graph, _strongest(graph, patches)),
        graph.add("Flatten", _log(graph, cells)),
    ]


def _second_order(graph: GraphBuilder, energies: list[str], orientations: int) -> list[str]:
    """How each orientation's energy itself varies over coarser scales."""
    kernels = np.tile(_gabors(orientations), (orientations, 1, 1, 1))
    pairs = orientations * orientations
    parts = []
    for fine in range(len(energies) - 1):
        shrunk = energies[fine]
        for _ in range(fine + 1, len(energies)):
            shrunk = _halve(graph, shrunk)
            responses = _filter(graph, shrunk, kernels, groups=orientations)
            amplitude = _amplitude(graph, responses, pairs)
            parts.append(_log(graph, spatial_mean(graph, amplitude, keep=False)))
    return parts


def _texture_codes(graph: GraphBuilder, level: str) -> str:
    """Root of the share of each uniform local binary pattern [N, 59]."""
    differences = _filter(graph, level, _NEIGHBOURS)
    brighter = graph.add("Greater", differences, graph.constant(np.float32(_TEXTURE_STEP)))
    bits = graph.add("Cast", brighter, to=1)
    powers = (2.0 ** np.arange(8, dtype=np.float32)).reshape(1, 8, 1, 1)
    code = graph.add("Cast", graph.add("Conv", bits, graph.constant(powers)), to=7)
    hits = graph.add("Gather", graph.constant(_uniform_patterns()), code)
    axes = graph.constant(np.array([1, 2, 3], dtype=np.int64))
    return graph.add("Sqrt", graph.add("ReduceMean", hits, axes, keepdims=0))


def _blobs(graph: GraphBuilder, level: str) -> list[str]:
    """Bright and dark spots of this scale: mean, root mean square and the strongest."""
    response = _filter(graph, level, (_gauss(1.0) - _gauss(2.0))[None, None])
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


def _filter(graph: GraphBuilder, value: str, kernels: Kernel, groups: int = 1) -> str:
    rows, columns = kernels.shape[-2] // 2, kernels.shape[-1] // 2
    padded = pad_reflect(graph, value, rows, columns)
    return graph.add("Conv", padded, graph.constant(kernels.astype(np.float32)), group=groups)


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


def _gabors(orientations: int) -> Kernel:
    """Even and odd Gabor kernels [2 * O, 1, 7, 7] with no response to flat grey (Daugman 1985)."""
    radius = _KERNEL // 2
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    window = np.exp(-(rows**2 + columns**2) / (2 * _SIGMA**2))
    found = []
    for index in range(orientations):
        angle = np.pi * index / orientations
        along = columns * np.cos(angle) + rows * np.sin(angle)
        even = window * np.cos(2 * np.pi * along / _WAVE)
        even -= window * even.sum() / window.sum()
        odd = window * np.sin(2 * np.pi * along / _WAVE)
        found += [kernel / np.abs(kernel).sum() for kernel in (even, odd)]
    return np.array(found, dtype=np.float32)[:, None]


def _gauss(sigma: float) -> Kernel:
    offsets = np.arange(-3, 4, dtype=np.float64)
    line = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel = np.outer(line, line)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _neighbours() -> Kernel:
    """Difference of each of the eight neighbours, in circular order, to the centre [8, 1, 3, 3]."""
    kernels = np.zeros((8, 1, 3, 3), dtype=np.float32)
    circle = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    for index, (row, column) in enumerate(circle):
        kernels[index, 0, row, column] = 1
        kernels[index, 0, 1, 1] -= 1
    return kernels


def _uniform_patterns() -> Kernel:
    """One-hot bin of each of the 256 codes [256, 59]; the last bin takes the irregular ones."""
    table = np.zeros((256, 59), dtype=np.float32)
    used = 0
    for code in range(256):
        bits = [(code >> place) & 1 for place in range(8)]
        changes = sum(bits[place] != bits[place - 1] for place in range(8))
        table[code, used if changes <= 2 else 58] = 1
        used += changes <= 2
    return table


_NEIGHBOURS = _neighbours()
