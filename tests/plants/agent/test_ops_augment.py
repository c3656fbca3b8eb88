"""The augment operations: physical, seeded by row and copy, and blind to order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plants.agent.ops import augment
from plants.agent.ops.augment import augmented, reduced
from plants.agent.ops.vocabulary import defaults

SIZE = (32, 32)
OPERATIONS = augment.operations()
# Defaults are mild; at 64 pixels these are large enough to show.
VISIBLE = {"shake@1": {"smear": 0.05}, "blur@1": {"sigma": 0.05}}


def part(side: int = 64, *, colour: bool = False) -> Any:
    """A grey part with a bright square off its middle, or a colourful one."""
    image = np.random.default_rng(5).integers(90, 110, (side, side, 3), dtype=np.uint8)
    image[side // 8 : side // 3, side // 8 : side // 3] = 220
    return image if colour else np.repeat(image[:, :, :1], 3, axis=2)


def step(name: str, **changes: Any) -> dict[str, Any]:
    operation = next(one for one in OPERATIONS if one.name == name)
    return {"op": name, **defaults(operation.parameters), "probability": 1, **changes}


@pytest.mark.parametrize("name", [one.name for one in OPERATIONS])
def test_a_step_changes_the_image_and_depends_on_the_seed_alone(name: str) -> None:
    steps = [step(name, **VISIBLE.get(name, {}))]
    seeds = [(7, 3, copy) for copy in range(1, 9)]

    first = [augmented(part(), steps, seed=seed, size=SIZE) for seed in seeds]
    backwards = [augmented(part(), steps, seed=seed, size=SIZE) for seed in reversed(seeds)]

    assert all(np.array_equal(a, b) for a, b in zip(first, reversed(backwards), strict=True))
    assert any(not np.array_equal(one, part()) for one in first)
    assert len({one.tobytes() for one in first}) > 1
    assert all(one.dtype == np.uint8 and one.shape == part().shape for one in first)


@pytest.mark.parametrize("name", [one.name for one in OPERATIONS])
def test_a_step_with_probability_zero_changes_nothing(name: str) -> None:
    unchanged = augmented(part(), [step(name, probability=0)], seed=(1, 2, 3), size=SIZE)

    assert np.array_equal(unchanged, part())


def test_editing_one_steps_probability_shifts_no_other_draw() -> None:
    noise = step("noise@1")
    without = augmented(part(), [step("flip@1", probability=0), noise], seed=(1, 2, 3), size=SIZE)
    still = step("flip@1", horizontal=False, vertical=False)

    assert np.array_equal(without, augmented(part(), [still, noise], seed=(1, 2, 3), size=SIZE))


def test_grey_stays_grey_and_colour_stays_colour() -> None:
    every = [step(one.name) for one in OPERATIONS]

    grey = augmented(part(), every, seed=(1, 1, 1), size=SIZE)
    colour = augmented(part(colour=True), every, seed=(1, 1, 1), size=SIZE)

    assert (grey == grey[:, :, :1]).all()
    assert (colour != colour[:, :, :1]).any()


def test_lighting_scales_brightness_within_its_gain() -> None:
    steps = [step("lighting@1", gain=0.3, gamma=0, gradient=0)]
    means = [
        augmented(part(), steps, seed=(0, row, 1), size=SIZE).mean() / part().mean()
        for row in range(60)
    ]

    assert 0.65 < min(means) < 0.85
    assert 1.1 < max(means) < 1.35


def test_a_turn_by_a_quarter_is_a_turn_by_a_quarter() -> None:
    turned = [
        augmented(part(), [step("rotate@1", degrees=180)], seed=(0, row, 1), size=SIZE)
        for row in range(20)
    ]

    # The bright corner travels round the middle instead of leaving the picture.
    assert all(int((one > 200).sum()) > 0.6 * int((part() > 200).sum()) for one in turned)
    assert any(not (one[:32, :32] > 200).any() for one in turned)


def test_a_shift_moves_the_part_no_further_than_allowed() -> None:
    for row in range(20):
        moved = augmented(
            part(), [step("shake@1", shift=0.1, smear=0)], seed=(0, row, 1), size=SIZE
        )
        rows, columns = np.nonzero(moved[:, :, 0] > 180)
        assert abs(rows.mean() - 14) <= 6.5
        assert abs(columns.mean() - 14) <= 6.5


def test_blur_and_smear_lower_contrast_but_keep_the_mean() -> None:
    for soft in (step("blur@1", sigma=0.05), step("shake@1", shift=0, smear=0.1)):
        images = [augmented(part(), [soft], seed=(0, row, 1), size=SIZE) for row in range(8)]
        assert np.mean([one.std() for one in images]) < part().std()
        assert np.mean([one.mean() for one in images]) == pytest.approx(part().mean(), rel=0.02)


def test_much_larger_images_are_averaged_down_first() -> None:
    large = part(side=400)

    small = reduced(large, SIZE)

    assert small.shape == (66, 66, 3)
    assert small.mean() == pytest.approx(large[:396, :396].mean(), abs=0.5)
    assert reduced(part(side=100), SIZE).shape == (100, 100, 3)
