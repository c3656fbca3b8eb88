"""Measures what light and lens did to one image, the same way at the desk and at the line."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Weights of red, green and blue in luma (ITU-R BT.601), in 256ths: whole numbers are exact and
# several times faster than a product of matrices.
_RED, _GREEN, _BLUE = 77, 150, 29
# Brightness and contrast of a million pixels are those of all of them; sharpness is a matter of
# neighbours, so it is read from the middle of the frame at full resolution.
_ENOUGH_PIXELS = 1_000_000
_MIDDLE_PIXELS = 1_024
# JPEG and white balance tint grey by a few levels; colour is more, on more than a speck.
_COLOUR_LEVELS = 12
_COLOUR_SHARE = 0.01
# Colour and framing are read from a grid of points: a mean and a centre need no more.
_GRID_PIXELS = 65_536
# From sRGB levels to light (IEC 61966-2-1), and from its three primaries to CIE 1931 XYZ.
_LEVELS = np.arange(256) / 255
_LIGHT = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
# McCamy's cubic means nothing beyond these; the ends of the scale collect what lies there.
_KELVIN_LIMITS = (1_000.0, 25_000.0)


@dataclass(frozen=True)
class ImageQuality:
    """One image in figures.

    Attributes:
        brightness: mean luma, 0 to 255.
        contrast: standard deviation of luma, 0 to 127.5.
        sharpness: variance of the Laplacian of luma (Pech-Pacheco et al., "Diatom autofocusing in
            brightfield microscopy", ICPR 2000); it falls with blur and rises with noise.
        has_colour: whether the channels differ on more than a speck.
        kelvin: correlated colour temperature of the mean colour (McCamy, "Correlated color
            temperature as an explicit function of chromaticity coordinates", Color Research and
            Application 17(2), 1992); None without colour.
        centre_x: where the structure lies, as a share of the frame's width: the centre of the
            squared gradient of luma; None where nothing is to be seen.
        centre_y: the same of the frame's height.
    """

    brightness: float
    contrast: float
    sharpness: float
    width: int
    height: int
    has_colour: bool
    kelvin: float | None = None
    centre_x: float | None = None
    centre_y: float | None = None


def measure(pixels: npt.NDArray[np.uint8]) -> ImageQuality:
    """Figures of one image, uint8 [H, W, 3].

    >>> flat = np.full((4, 6, 3), 100, dtype=np.uint8)
    >>> found = measure(flat)
    >>> found.brightness, found.contrast, found.sharpness, found.kelvin, found.centre_x
    (100.0, 0.0, 0.0, None, None)
    """
    height, width = pixels.shape[:2]
    step = max(1, math.ceil(math.sqrt(height * width / _ENOUGH_PIXELS)))
    sampled = pixels[::step, ::step]
    luma = _luma(sampled)
    step = max(1, math.ceil(math.sqrt(luma.size / _GRID_PIXELS)))
    has_colour = _has_colour(sampled)
    centre_x, centre_y = _centre(luma[::step, ::step])
    return ImageQuality(
        brightness=round(float(luma.mean()), 3),
        contrast=round(float(luma.std()), 3),
        sharpness=round(_sharpness(_middle(pixels)), 3),
        width=width,
        height=height,
        has_colour=has_colour,
        kelvin=_kelvin(sampled[::step, ::step]) if has_colour else None,
        centre_x=centre_x,
        centre_y=centre_y,
    )


def _luma(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    wide = pixels.astype(np.uint32)
    weighted = _RED * wide[..., 0] + _GREEN * wide[..., 1] + _BLUE * wide[..., 2]
    return weighted.astype(np.float32) / np.float32(256)


def _middle(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    top, left = (max(0, (side - _MIDDLE_PIXELS) // 2) for side in pixels.shape[:2])
    return pixels[top : top + _MIDDLE_PIXELS, left : left + _MIDDLE_PIXELS]


def _sharpness(pixels: npt.NDArray[np.uint8]) -> float:
    if min(pixels.shape[:2]) < 3:
        return 0.0
    luma = _luma(pixels)
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((around - 4 * luma[1:-1, 1:-1]).var())


def _has_colour(pixels: npt.NDArray[np.uint8]) -> bool:
    red, green, blue = (pixels[..., channel] for channel in range(3))
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    return bool((highest - lowest > _COLOUR_LEVELS).mean() > _COLOUR_SHARE)


def _kelvin(pixels: npt.NDArray[np.uint8]) -> float:
    x, y, z = _TO_XYZ @ _LIGHT[pixels].mean(axis=(0, 1))
    total = x + y + z
    # Where the line of equal temperature runs off to infinity there is none to give.
    away = 0.1858 - y / total
    n = (x / total - 0.3320) / (away or math.copysign(1e-9, away))
    kelvin = 449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33
    return round(float(np.clip(kelvin, *_KELVIN_LIMITS)), 1)


def _centre(luma: npt.NDArray[np.float32]) -> tuple[float | None, float | None]:
    if min(luma.shape) < 2:
        return None, None
    across = luma[:-1, 1:] - luma[:-1, :-1]
    down = luma[1:, :-1] - luma[:-1, :-1]
    energy = (across * across + down * down).astype(np.float64)
    total = float(energy.sum())
    if total == 0:
        return None, None
    sums = energy.sum(axis=0), energy.sum(axis=1)
    found = (float((side * (np.arange(len(side)) + 1)).sum()) for side in sums)
    x, y = (at / total / size for at, size in zip(found, luma.shape[::-1], strict=True))
    return round(x, 4), round(y, 4)
