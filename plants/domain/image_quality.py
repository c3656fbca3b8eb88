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


@dataclass(frozen=True)
class ImageQuality:
    """One image in figures.

    Attributes:
        brightness: mean luma, 0 to 255.
        contrast: standard deviation of luma, 0 to 127.5.
        sharpness: variance of the Laplacian of luma (Pech-Pacheco et al., "Diatom autofocusing in
            brightfield microscopy", ICPR 2000); it falls with blur and rises with noise.
        has_colour: whether the channels differ on more than a speck.
    """

    brightness: float
    contrast: float
    sharpness: float
    width: int
    height: int
    has_colour: bool


def measure(pixels: npt.NDArray[np.uint8]) -> ImageQuality:
    """Figures of one image, uint8 [H, W, 3].

    >>> flat = np.full((4, 6, 3), 100, dtype=np.uint8)
    >>> measure(flat)
    ImageQuality(brightness=100.0, contrast=0.0, sharpness=0.0, width=6, height=4, has_colour=False)
    """
    height, width = pixels.shape[:2]
    step = max(1, math.ceil(math.sqrt(height * width / _ENOUGH_PIXELS)))
    sampled = pixels[::step, ::step]
    luma = _luma(sampled)
    return ImageQuality(
        brightness=round(float(luma.mean()), 3),
        contrast=round(float(luma.std()), 3),
        sharpness=round(_sharpness(_middle(pixels)), 3),
        width=width,
        height=height,
        has_colour=_has_colour(sampled),
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
