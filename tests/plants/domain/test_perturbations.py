"""Perturbations: what each does to known pixels, in its unit, and that equal seeds are equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from plants.domain.perturbations import evenly, jittered, perturbed
from registry.domain.stress import PERTURBATIONS

LEVELS = {"light@1": 1.3, "blur@1": 0.02, "shift@1": 0.1, "noise@1": 8}


def part(height: int = 60, width: int = 90, *, colour: bool = False) -> Any:
    image = np.random.default_rng(5).integers(90, 110, (height, width, 3), dtype=np.uint8)
    image[10:25, 20:40] = 180
    return image if colour else np.repeat(image[:, :, :1], 3, axis=2)


def done(name: str, level: float, image: Any = None, seed: int = 3) -> Any:
    random = np.random.default_rng(seed)
    return perturbed(part() if image is None else image, name, level, random)


def test_every_word_for_images_has_a_formula() -> None:
    assert set(LEVELS) == {one.name for one in PERTURBATIONS.values() if one.kind == "images"}


@pytest.mark.parametrize(("name", "level"), LEVELS.items())
@pytest.mark.parametrize("colour", [False, True])
def test_equal_seeds_give_equal_pixels_and_the_image_keeps_its_kind(
    name: str, level: float, colour: bool
) -> None:
    before = part(colour=colour)
    found = done(name, level, before)
    assert np.array_equal(found, done(name, level, before))
    assert (found.dtype, found.shape) == (np.uint8, before.shape)
    assert not np.array_equal(found, before)
    assert np.array_equal(before, part(colour=colour)), "the row itself is left alone"
    assert bool((found == found[:, :, :1]).all()) is not colour


@pytest.mark.parametrize("name", LEVELS)
def test_the_neutral_level_changes_nothing(name: str) -> None:
    assert np.array_equal(done(name, PERTURBATIONS[name].neutral), part())


def test_light_multiplies_and_the_camera_saturates() -> None:
    assert np.array_equal(done("light@1", 0.5), np.rint(part() * 0.5).astype(np.uint8))
    bright = done("light@1", 2)
    assert bright.max() == 255
    assert (bright == 255).sum() == (part() >= 128).sum()


def test_blur_is_the_gaussian_of_its_share_of_the_shorter_side() -> None:
    expected = gaussian_filter(part()[:, :, 0].astype(float), 0.05 * 60, mode="reflect", truncate=8)
    assert np.abs(done("blur@1", 0.05)[:, :, 0] - expected).max() <= 0.51


def test_blur_of_a_large_image_goes_in_bundles_that_leave_no_seam(monkeypatch: Any) -> None:
    whole = done("blur@1", 0.02)
    monkeypatch.setattr("plants.domain.perturbations._BUNDLE_VALUES", 600)
    assert np.array_equal(done("blur@1", 0.02), whole)


def test_a_shift_moves_the_part_by_its_share_in_drawn_directions() -> None:
    image = np.zeros((100, 140, 3), dtype=np.uint8)
    image[50, 70] = 255
    places = [np.argwhere(done("shift@1", 0.2, image, seed)[:, :, 0])[0] for seed in range(8)]
    distances = [np.hypot(*(place - (50, 70))) for place in places]
    assert np.allclose(distances, 20, atol=1)
    assert len({tuple(place) for place in places}) == 8


def test_noise_has_its_grey_levels_and_the_same_draw_at_each_level() -> None:
    flat = np.full((200, 200, 3), 128, dtype=np.uint8)
    fine, coarse = (done("noise@1", level, flat)[:, :, 0] - 128.0 for level in (5, 10))
    assert fine.std() == pytest.approx(5, rel=0.03)
    assert np.corrcoef(fine.ravel(), coarse.ravel())[0, 1] > 0.99


def test_readings_are_jittered_by_their_own_spread_and_missing_ones_stay_missing() -> None:
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.normal(0, 10, 4000), rng.normal(5, 0.1, 4000), np.zeros(4000)])
    rows[:7, 0] = np.nan
    table = rows.astype(np.float32)
    found = jittered(table, 0.5, np.random.default_rng(2))
    assert np.isnan(found[:7, 0]).all()
    assert np.isfinite(found[7:]).all()
    moved = found[7:].astype(float) - table[7:]
    assert moved[:, 0].std() == pytest.approx(5, rel=0.05)
    assert moved[:, 1].std() == pytest.approx(0.05, rel=0.05)
    assert not moved[:, 2].any(), "a column that never changes has no spread"


def test_rows_are_drawn_evenly_so_that_the_rare_class_is_whole() -> None:
    labels = np.array([0] * 1000 + [1] * 30 + [2] * 3)
    rows = evenly(labels, 100, 17)
    assert np.bincount(labels[rows]).tolist() == [67, 30, 3]
    assert np.array_equal(rows, evenly(labels, 100, 17))
    assert not np.array_equal(rows, evenly(labels, 100, 18))
    assert (np.diff(rows) > 0).all()


def test_fewer_rows_than_asked_for_are_all_taken() -> None:
    assert evenly(np.array([1, 0, 1]), 400, 1).tolist() == [0, 1, 2]
