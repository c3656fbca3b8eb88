from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from plants.domain import perceptual_hash
from plants.domain.perceptual_hash import Traces, near_pairs, trace


def surface(seed: int, size: tuple[int, int] = (200, 160)) -> Image.Image:
    """A made-up rolled surface: streaks and spots of many sizes."""
    random = np.random.default_rng(seed)
    grey = np.full(size[::-1], 128.0)
    for cells in (5, 12, 30):
        rough = Image.fromarray(random.normal(0, 20, (cells, cells)).astype(np.float32))
        grey += np.asarray(rough.resize(size, Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def saved(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def pairs(images: list[Image.Image], contents: list[int] | None = None) -> list[tuple[int, int]]:
    traces = Traces.blank(len(images))
    for row, image in enumerate(images):
        traces.keep(row, pixels(image))
    codes = np.arange(len(images)) if contents is None else np.array(contents)
    return [
        (int(one), int(other))
        for first, second in near_pairs(traces, codes)
        for one, other in zip(first, second, strict=True)
    ]


AGAIN = {
    "as a JPEG": lambda image: saved(image, 75),
    "at half the size": lambda image: image.resize((100, 80), Image.Resampling.LANCZOS),
    "larger": lambda image: image.resize((330, 270), Image.Resampling.BICUBIC),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    "paler": lambda image: Image.eval(image, lambda level: level * 4 // 5 + 20),
}


@pytest.mark.parametrize("again", AGAIN)
def test_a_picture_saved_again_is_found_among_others(again):
    images = [surface(seed) for seed in range(24)]
    images += [AGAIN[again](images[3]), AGAIN[again](images[11])]
    assert pairs(images) == [(3, 24), (11, 25)]


def test_pictures_of_other_parts_are_no_pair():
    assert pairs([surface(seed) for seed in range(40)]) == []


def test_turned_or_mirrored_it_is_another_picture():
    image = surface(1)
    assert pairs([image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), image.rotate(180)]) == []


def test_the_same_shade_of_light_makes_no_pair():
    ramp = np.linspace(-60, 60, 200)[None, :, None]
    lit = [
        Image.fromarray(np.clip(pixels(surface(seed)) * 0.2 + 100 + ramp, 0, 255).astype(np.uint8))
        for seed in range(6)
    ]
    hashes = {trace(pixels(image))[0] for image in lit}
    assert len(hashes) == 1  # light alone decides the hash, and the detail tells them apart
    assert pairs(lit) == []


def test_what_the_station_shows_in_every_picture_makes_no_pair():
    def framed(seed: int) -> Image.Image:
        image = surface(seed).point(lambda level: 128 + (level - 128) // 12)
        image.paste((20, 20, 20), (0, 40, 200, 52))
        image.paste((240, 240, 240), (60, 0, 72, 160))
        return image

    images = [framed(seed) for seed in range(30)]
    assert pairs(images) == []
    assert pairs([*images, saved(images[7], 95)]) == [(7, 30)]


def test_copies_of_the_same_bytes_are_counted_elsewhere():
    image, other = surface(1), surface(2)
    assert pairs([image, other, image], [0, 1, 0]) == []
    assert pairs([image, other, image]) == [(0, 2)]


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (500, 3), (2, 90), (1300, 1100)])
def test_every_size_has_a_trace(size):
    value, detail = trace(pixels(surface(3, size)))
    assert 0 <= value < 2**64
    assert (detail.dtype, len(detail)) == (np.int8, 32 * 36)


def test_pictures_without_any_detail_are_no_pair():
    assert not trace(np.full((64, 64, 3), 200, dtype=np.uint8))[1].any()
    assert pairs([Image.new("RGB", (64, 64), (level,) * 3) for level in (10, 10, 200, 200)]) == []


def test_all_blocks_of_a_large_set_are_held_together():
    count = 3_000
    assert count**2 > 3 * perceptual_hash._AT_ONCE
    random = np.random.default_rng(1)
    hashes = random.integers(0, 2**63, count, dtype=np.uint64)
    details = random.integers(-127, 128, (count, 1152), dtype=np.int8)
    for one, other in ((0, 2_999), (1_500, 1_501), (10, 2_000)):
        hashes[other], details[other] = hashes[one] ^ np.uint64(0b1011), details[one]
    hashes[5] = hashes[6]  # the same hash, but another detail
    found = near_pairs(Traces(hashes, details), np.arange(count))
    assert [two for a, b in found for two in zip(a.tolist(), b.tolist(), strict=True)] == [
        *((0, 2_999), (10, 2_000), (1_500, 1_501)),
    ]
