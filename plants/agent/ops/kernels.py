"""The fixed kernels and code tables of the filter bank."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Kernel = NDArray[np.float32]

_GABOR_SIDE = 7  # pixels; the smallest that holds one and a half periods of the wave below
_WAVE = 4.0  # pixels per period: half the band of one octave of the pyramid
_SIGMA = 2.0  # pixels; about one octave of bandwidth at that wave
_LINE_SIDE = 5  # pixels; a scratch of one to three pixels and its surroundings
_LINE_WIDTH, _LINE_LENGTH = 1.0, 2.0  # pixels, sigma across and along
_LINE_DIRECTIONS = 4


def gabors(orientations: int) -> Kernel:
    """Even and odd Gabor kernels [2 * O, 1, 7, 7] with no response to flat grey (Daugman 1985)."""
    radius = _GABOR_SIDE // 2
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


def blob(narrow: float, wide: float, side: int = _GABOR_SIDE) -> Kernel:
    """Difference of two Gaussians [1, 1, side, side] with no response to flat grey (Lowe 2004)."""
    return (_gauss(narrow, side) - _gauss(wide, side))[None, None]


def lines() -> Kernel:
    """One blob and four line detectors [5, 1, 5, 5] with no response to flat grey.

    Second derivatives of an elongated Gaussian (Steger 1998, "An unbiased detector of curvilinear
    structures").
    """
    radius = _LINE_SIDE // 2
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    window = np.exp(-(rows**2 + columns**2) / (2 * 2.5**2))
    found = [blob(0.8, 1.8, _LINE_SIDE)[0, 0]]
    for index in range(_LINE_DIRECTIONS):
        angle = np.pi * index / _LINE_DIRECTIONS
        across = (columns * np.cos(angle) + rows * np.sin(angle)) / _LINE_WIDTH
        along = (rows * np.cos(angle) - columns * np.sin(angle)) / _LINE_LENGTH
        kernel = (1 - across**2) * np.exp(-(across**2 + along**2) / 2) * window
        kernel -= window * kernel.sum() / window.sum()
        found.append(kernel / np.abs(kernel).sum())
    return np.array(found, dtype=np.float32)[:, None]


def _gauss(sigma: float, side: int) -> Kernel:
    offsets = np.arange(side, dtype=np.float64) - side // 2
    line = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel = np.outer(line, line)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def neighbours() -> Kernel:
    """Difference of each of the eight neighbours, in circular order, to the centre [8, 1, 3, 3]."""
    kernels = np.zeros((8, 1, 3, 3), dtype=np.float32)
    circle = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    for index, (row, column) in enumerate(circle):
        kernels[index, 0, row, column] = 1
        kernels[index, 0, 1, 1] -= 1
    return kernels


def uniform_patterns() -> Kernel:
    """One-hot bin of each of the 256 codes [256, 59]; the last bin takes the irregular ones."""
    table = np.zeros((256, 59), dtype=np.float32)
    used = 0
    for code in range(256):
        bits = [(code >> place) & 1 for place in range(8)]
        changes = sum(bits[place] != bits[place - 1] for place in range(8))
        table[code, used if changes <= 2 else 58] = 1
        used += changes <= 2
    return table
