from __future__ import annotations

import numpy as np
from scipy import ndimage

from plants.domain.image_quality import measure


def _noise(side: int = 64) -> np.ndarray:
    grey = np.random.default_rng(0).integers(60, 200, (side, side), dtype=np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def test_blur_lowers_sharpness_and_light_raises_brightness():
    sharp = _noise()
    blurred = ndimage.gaussian_filter(sharp, (1.5, 1.5, 0))
    assert measure(blurred).sharpness < measure(sharp).sharpness / 10
    assert measure(sharp // 2).brightness < measure(sharp).brightness
    assert measure(sharp // 2).contrast < measure(sharp).contrast


def test_grey_has_no_colour_and_a_tinted_image_has():
    grey = _noise()
    assert not measure(grey).has_colour
    tinted = grey.copy()
    tinted[..., 2] //= 2
    assert measure(tinted).has_colour


def test_frames_of_any_size_are_measured():
    for height, width in ((1, 1), (2, 500), (3000, 2000)):
        quality = measure(np.full((height, width, 3), 50, dtype=np.uint8))
        assert (quality.height, quality.width) == (height, width)
        assert quality.brightness == 50
