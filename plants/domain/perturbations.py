"""What a line does to an image or to readings, one formula each: equal seed, equal result.

Names and units are `registry.domain.stress`'s. Images saturate at 0 and 255 like a camera's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
_WHITE = 255
_BUNDLE_VALUES = 1_000_000


def perturbed(pixels: Pixels, name: str, level: float, random: np.random.Generator) -> Pixels:
    """One image, uint8 [H, W, 3], under one level of one perturbation.

    Whole grey levels come out, as from a camera of 8 bits; a grey image stays grey.

    >>> image = np.array([[[0, 0, 0], [100, 100, 100], [200, 200, 200]]], dtype=np.uint8)
    >>> perturbed(image, "light@1", 1.5, np.random.default_rng(0))[0, :, 0].tolist()
    [0, 150, 255]
    """
    is_grey = bool((pixels == pixels[:, :, :1]).all())
    image = (pixels[:, :, :1] if is_grey else pixels).astype(np.float32)
    changed = _FORMULAS[name](image, level, random)
    levels = np.clip(np.rint(changed), 0, _WHITE).astype(np.uint8)
    return np.repeat(levels, 3, axis=2) if is_grey else levels


def _lit(image: Floats, gain: float, _: np.random.Generator) -> Floats:
    """Another level of the lamp before a camera of linear response: value times gain."""
    return image * np.float32(gain)


def _blurred(image: Floats, share: float, _: np.random.Generator) -> Floats:
    """A Gaussian of sigma = share x shorter side, mirrored at the edges.

    Its transform is a Gaussian again, exp(-2 (pi sigma f)^2), so that a wide one costs no more
    than a narrow one.
    """
    sigma = share * min(image.shape[:2])
    for axis in (0, 1):
        image = np.moveaxis(_smoothed(np.moveaxis(image, axis, 0), sigma), 0, axis)
    return image


def _smoothed(image: Floats, sigma: float) -> Floats:
    """The same along the first axis, a bundle of lines at a time so that memory stays flat."""
    length = len(image)
    lines = image.reshape(length, -1)
    found = np.empty_like(lines)
    weights = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(2 * length)) ** 2)
    width = max(1, _BUNDLE_VALUES // length)
    for start in range(0, lines.shape[1], width):
        bundle = lines[:, start : start + width]
        mirrored = np.concatenate([bundle, bundle[::-1]])
        spectrum = np.fft.rfft(mirrored, axis=0) * weights[:, None]
        found[:, start : start + width] = np.fft.irfft(spectrum, n=2 * length, axis=0)[:length]
    return found.reshape(image.shape)


def _shifted(image: Floats, share: float, random: np.random.Generator) -> Floats:
    """The part elsewhere in the frame by share x shorter side, in a drawn direction, to whole
    pixels; what comes into the frame is mirrored, because nobody knows it."""
    height, width = image.shape[:2]
    length, angle = share * min(height, width), random.uniform(0, 2 * np.pi)
    down, right = round(length * np.sin(angle)), round(length * np.cos(angle))
    margins = ((abs(down),) * 2, (abs(right),) * 2, (0, 0))
    padded = np.pad(image, margins, mode="symmetric")
    top, left = abs(down) - down, abs(right) - right
    return padded[top : top + height, left : left + width]


def _noisy(image: Floats, sigma: float, random: np.random.Generator) -> Floats:
    """Gaussian noise of so many grey levels on every value of its own."""
    return image + np.float32(sigma) * random.standard_normal(image.shape, dtype=np.float32)


_FORMULAS: Mapping[str, Callable[[Floats, float, np.random.Generator], Floats]] = {
    "light@1": _lit,
    "blur@1": _blurred,
    "shift@1": _shifted,
    "noise@1": _noisy,
}


def jittered(numeric: Floats, share: float, random: np.random.Generator) -> Floats:
    """Readings, float32 [n, F], with Gaussian noise of a share of each column's standard deviation
    (`sensor_noise@1`); what is missing stays missing.

    >>> flat = np.array([[1.0], [1.0]], dtype=np.float32)
    >>> jittered(flat, 0.5, np.random.default_rng(0)).tolist()
    [[1.0], [1.0]]
    """
    known = np.isfinite(numeric)
    count = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, numeric, 0).astype(np.float64)
    means = values.sum(axis=0) / count
    spread = np.sqrt((np.where(known, values - means, 0) ** 2).sum(axis=0) / count)
    noise = share * spread * random.standard_normal(numeric.shape)
    return np.asarray(numeric + noise, dtype=np.float32)


def evenly(labels: npt.NDArray[np.int64], most: int, seed: int) -> npt.NDArray[np.int64]:
    """Row numbers, ascending: as many of each class as of any other, as far as it has rows.

    Drops are judged class by class, and defects are rare: a share of all rows would hold few.

    >>> evenly(np.array([0] * 90 + [1] * 10), 30, 17).size
    30
    >>> np.bincount(np.array([0] * 90 + [1] * 10)[evenly(np.array([0] * 90 + [1] * 10), 30, 17)])
    array([20, 10])
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    turns = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mine = order[labels[order] == label]
        turns[mine] = np.arange(len(mine))
    # Round after round: first one row of each class, then another.
    by_turn = order[np.argsort(turns[order], kind="stable")]
    return np.sort(by_turn[:most])
