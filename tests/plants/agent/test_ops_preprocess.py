"""The preprocess operations on images: what each does to light, contrast, colour and size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plants.agent.ops import export, preprocess
from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.preprocess import append_preprocess
from plants.agent.ops.vocabulary import defaults
from registry.domain.errors import Invalid


def run(image: Any, *steps: dict[str, Any], times: int = 1) -> Any:
    """Send one image through the steps; float32 [3, H, W]."""
    known = {one.name: defaults(one.parameters) for one in preprocess.operations()}
    graph = GraphBuilder()
    pixels = graph.input("pixels", "uint8", ("N", "H", "W", 3))
    full = [{**known[step["op"]], **step} for step in steps]
    frame = append_preprocess(graph, pixels, full, times)
    graph.output("image", frame.value, "float32", ("N", 3, "h", "w"))
    return export.session(graph.build()).run(None, {"pixels": image[None]})[0][0]


def resize(*size: int, keep_aspect: bool = False) -> dict[str, Any]:
    return {"op": "resize@1", "size": list(size), "keep_aspect": keep_aspect}


def stripes(height: int = 60, width: int = 60) -> Any:
    rows = np.arange(height)[:, None, None]
    return np.broadcast_to(100 + 40 * np.sin(rows / 2), (height, width, 3)).astype(np.uint8)


def test_resize_averages_instead_of_skipping_pixels() -> None:
    chequered = np.indices((64, 64)).sum(axis=0) % 2 * 255
    image = np.repeat(chequered.astype(np.uint8)[:, :, None], 3, axis=2)

    small = run(image, resize(16, 16))

    assert small.shape == (3, 16, 16)
    assert small == pytest.approx(0.5, abs=0.02)


def test_resize_after_another_step_gives_what_it_gives_before() -> None:
    image = np.random.default_rng(1).integers(0, 256, (50, 70, 3), dtype=np.uint8)

    first = run(image, resize(24, 24), {"op": "grey@1"})
    last = run(image, {"op": "grey@1"}, resize(24, 24))

    assert last == pytest.approx(first, abs=1.5 / 255)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(300, 300, (64, 64)), (100, 400, (32, 128)), (400, 100, (128, 32)), (20, 4000, (24, 184))],
)
def test_proportions_are_kept_within_one_area(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    seen = run(stripes(height, width), resize(64, 64, keep_aspect=True))

    assert seen.shape[1:] == expected


def test_a_closer_look_enlarges_the_resize_only() -> None:
    assert run(stripes(), resize(32, 32), times=3).shape == (3, 96, 96)


def test_grey_is_luma_in_all_three_channels() -> None:
    red = np.zeros((20, 20, 3), dtype=np.uint8)
    red[:, :, 0] = 255

    grey = run(red, resize(16, 16), {"op": "grey@1"})

    assert grey == pytest.approx(0.299, abs=0.002)


def test_normalise_takes_brightness_and_contrast_away() -> None:
    dim = (stripes() * 0.4 + 10).astype(np.uint8)
    steps = (resize(60, 60), {"op": "normalise@1", "spread": 0.1})

    bright_seen, dim_seen = run(stripes(), *steps), run(dim, *steps)

    assert bright_seen.std() == pytest.approx(0.1, abs=0.005)
    assert dim_seen == pytest.approx(bright_seen, abs=0.02)


@pytest.mark.parametrize("divide", [True, False])
def test_flattening_takes_a_slope_of_light_away(divide: bool) -> None:
    slope = np.linspace(0.5, 1.5, 60)[None, :, None]
    image = (stripes() * slope * 0.8).astype(np.uint8)
    flatten = {"op": "illumination_flatten@1", "divide": divide}

    before = run(image, resize(60, 60))
    after = run(image, resize(60, 60), flatten)

    def side_to_side(seen: Any) -> float:
        return float(abs(seen[:, :, :15].mean() - seen[:, :, -15:].mean()) / seen.mean())

    assert side_to_side(after) < 0.5 * side_to_side(before)


def test_local_contrast_raises_the_quiet_half_up_to_its_limit() -> None:
    image = stripes().astype(np.float32)
    image[:, :30] = 100 + (image[:, :30] - 100) * 0.2
    quiet_and_loud = image.astype(np.uint8)

    def ratio(seen: Any) -> float:
        return float(seen[:, :, 40:].std() / seen[:, :, :20].std())

    before = ratio(run(quiet_and_loud, resize(60, 60)))
    gently = ratio(run(quiet_and_loud, resize(60, 60), {"op": "local_contrast@1", "limit": 1.5}))
    fully = ratio(run(quiet_and_loud, resize(60, 60), {"op": "local_contrast@1", "limit": 20}))

    assert before > gently > fully
    assert fully < 1.6


@pytest.mark.parametrize("name", ["illumination_flatten@1", "local_contrast@1"])
def test_a_step_that_needs_a_size_says_so(name: str) -> None:
    with pytest.raises(Invalid, match=r"put it after resize@1"):
        run(stripes(), {"op": name}, resize(32, 32))
