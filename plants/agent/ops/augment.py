"""Augment operations: how light, camera and part vary at a line, on training images only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plants.agent.examples import Pixels
from plants.agent.ops.vocabulary import boolean, number, parameters
from registry.domain.operations import Operation

Change = Callable[..., "FloatPixels"]
FloatPixels = NDArray[np.float32]

# Working at more than twice the model's size costs time and changes nothing it can see.
_OVERSAMPLING = 2


def augmented(
    pixels: Pixels,
    steps: Sequence[Mapping[str, Any]],
    *,
    seed: Sequence[int],
    size: tuple[int, int],
) -> Pixels:
    """Apply the recipe's steps to one image.

    Args:
        pixels: uint8 [H, W, 3].
        steps: the recipe's `augment` section, defaults filled in.
        seed: run seed, row and copy: the result depends on nothing else, least of all on order.
        size: height and width that the model works at.
    """
    small = reduced(pixels, size)
    # A grey image is worked on once, not three times.
    is_grey = bool((small == small[:, :, :1]).all())
    changed = (small[:, :, :1] if is_grey else small).astype(np.float32)
    for place, step in enumerate(steps):
        random = np.random.default_rng([*seed, place])
        arguments = {key: value for key, value in step.items() if key != "op"}
        # Drawn even when certain, so that editing one probability shifts no other draw.
        if random.random() < arguments.pop("probability"):
            changed = _STEPS[step["op"]](changed, random, **arguments)
    varied = np.clip(np.rint(changed), 0, 255).astype(np.uint8)
    return np.repeat(varied, 3, axis=2) if is_grey else varied


def reduced(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Average whole blocks of a much larger image, down to no less than twice the model's size."""
    height, width = pixels.shape[:2]
    factor = min(height // (_OVERSAMPLING * size[0]), width // (_OVERSAMPLING * size[1]))
    if factor < 2:
        return pixels
    rows, columns = height // factor, width // factor
    blocks = pixels[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor, 3)
    return np.asarray(np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)), dtype=np.uint8)


def _lighting(
    image: FloatPixels,
    random: np.random.Generator,
    *,
    gain: float,
    gamma: float,
    gradient: float,
) -> FloatPixels:
    """Change brightness, response curve and the fall-off of light across the part."""
    height, width = image.shape[:2]
    angle = random.uniform(0, 2 * np.pi)
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    slope = np.cos(angle) * columns + np.sin(angle) * rows
    light = (1 + random.uniform(-gain, gain)) * (1 + random.uniform(0, gradient) * slope)
    curve = np.exp(random.uniform(-gamma, gamma))
    return np.asarray(
        255 * np.clip(image * light[:, :, None] / 255, 0, 1) ** curve, dtype=np.float32
    )


def _noise(
    image: FloatPixels, random: np.random.Generator, *, sigma: float, background: float
) -> FloatPixels:
    """Add sensor noise and a cloudy background."""
    from scipy.ndimage import zoom

    height, width = image.shape[:2]
    grain = random.normal(0, random.uniform(0, sigma), (height, width, 1))
    coarse = random.normal(0, random.uniform(0, background), (6, 6))
    clouds = zoom(coarse, (height / 6, width / 6), order=1, mode="nearest", grid_mode=True)
    return np.asarray(image + grain + clouds[:height, :width, None], dtype=np.float32)


def _shake(
    image: FloatPixels, random: np.random.Generator, *, shift: float, smear: float
) -> FloatPixels:
    """Shift the part in the picture and smear it along one direction, as a moving camera does."""
    height, width = image.shape[:2]
    most = shift * min(height, width)
    down, right = random.uniform(-most, most, 2)
    angle = random.uniform(0, np.pi)
    length = random.uniform(0, smear) * min(height, width)
    steps = max(1, round(length))
    places = np.linspace(-0.5, 0.5, steps) * length if steps > 1 else np.zeros(1)
    total = np.zeros_like(image)
    for place in places:
        total += _moved(image, down + place * np.sin(angle), right + place * np.cos(angle))
    return np.asarray(total / steps, dtype=np.float32)


def _rotate(image: FloatPixels, random: np.random.Generator, *, degrees: float) -> FloatPixels:
    """Turn the part by a small angle; corners are mirrored, not blackened."""
    angle = np.deg2rad(random.uniform(-degrees, degrees))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(image.shape[:2]) - 1) / 2
    return _affine(image, turn, middle - turn @ middle)


def _glint(
    image: FloatPixels, random: np.random.Generator, *, strength: float, size: float
) -> FloatPixels:
    """Add one bright reflection with soft edges."""
    height, width = image.shape[:2]
    row, column = random.uniform(0, height), random.uniform(0, width)
    long, short = size * min(height, width) * random.uniform(0.3, 1.0, 2)
    angle = random.uniform(0, np.pi)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    along = (columns - column) * np.cos(angle) + (rows - row) * np.sin(angle)
    across = (rows - row) * np.cos(angle) - (columns - column) * np.sin(angle)
    spot = np.exp(-0.5 * ((along / max(long, 1)) ** 2 + (across / max(short, 1)) ** 2))
    light = 255 * strength * random.uniform(0.3, 1.0) * spot
    return np.asarray(image + light[:, :, None], dtype=np.float32)


def _blur(image: FloatPixels, random: np.random.Generator, *, sigma: float) -> FloatPixels:
    """Defocus the camera."""
    from scipy.ndimage import gaussian_filter

    width = random.uniform(0, sigma) * min(image.shape[:2])
    return np.asarray(
        gaussian_filter(image, (width, width, 0), mode="reflect", truncate=3.0), dtype=np.float32
    )


def _flip(
    image: FloatPixels, random: np.random.Generator, *, horizontal: bool, vertical: bool
) -> FloatPixels:
    """Mirror the part, where the process has no preferred direction."""
    across, down = random.random(2) < 0.5
    if horizontal and across:
        image = image[:, ::-1]
    if vertical and down:
        image = image[::-1]
    return np.ascontiguousarray(image)


def _moved(image: FloatPixels, down: float, right: float) -> FloatPixels:
    return _affine(image, np.eye(2), np.array([-down, -right]))


def _affine(
    image: FloatPixels, matrix: NDArray[np.float64], offset: NDArray[np.float64]
) -> FloatPixels:
    from scipy.ndimage import affine_transform

    channels = [
        affine_transform(image[:, :, channel], matrix, offset, order=1, mode="reflect")
        for channel in range(image.shape[2])
    ]
    return np.stack(channels, axis=2).astype(np.float32)


_STEPS: Mapping[str, Change] = {
    "lighting@1": _lighting,
    "noise@1": _noise,
    "shake@1": _shake,
    "rotate@1": _rotate,
    "glint@1": _glint,
    "blur@1": _blur,
    "flip@1": _flip,
}


def operations() -> tuple[Operation, ...]:
    """The augment operations for images.

    References: Shorten and Khoshgoftaar 2019, "A survey on image data augmentation for deep
    learning"; shake and blur after Hendrycks and Dietterich 2019, "Benchmarking neural network
    robustness to common corruptions" (motion and defocus blur).
    """
    return (
        _declare(
            "lighting@1",
            "Vary brightness, response curve and fall-off of the light.",
            gain=number("Largest relative change of brightness.", default=0.2, bounds=(0, 0.8)),
            gamma=number("Largest change of the log response curve.", default=0.2, bounds=(0, 1)),
            gradient=number("Largest fall-off across the part.", default=0.1, bounds=(0, 0.8)),
        ),
        _declare(
            "noise@1",
            "Add sensor noise and a cloudy background.",
            sigma=number("Largest grain in grey levels of 255.", default=4, bounds=(0, 40)),
            background=number("Largest clouds in grey levels of 255.", default=4, bounds=(0, 40)),
        ),
        _declare(
            "shake@1",
            "Shift and smear the part as a moving camera does.",
            shift=number(
                "Largest shift, share of the shorter side.", default=0.03, bounds=(0, 0.2)
            ),
            smear=number("Longest smear, share of the shorter side.", default=0.0, bounds=(0, 0.1)),
        ),
        _declare(
            "rotate@1",
            "Turn the part by a small angle.",
            degrees=number("Largest angle.", default=5, bounds=(0, 180)),
        ),
        _declare(
            "glint@1",
            "Add one bright reflection.",
            strength=number("Brightness as a share of white.", default=0.4, bounds=(0, 1)),
            size=number("Sigma, share of the shorter side.", default=0.08, bounds=(0.01, 0.5)),
        ),
        _declare(
            "blur@1",
            "Defocus the camera.",
            sigma=number(
                "Largest sigma, share of the shorter side.", default=0.005, bounds=(0, 0.05)
            ),
        ),
        _declare(
            "flip@1",
            "Mirror the part.",
            horizontal=boolean("Swap left and right.", default=True),
            vertical=boolean("Swap top and bottom.", default=True),
        ),
    )


def _declare(name: str, summary: str, **properties: Mapping[str, Any]) -> Operation:
    chance = number("Share of the copies that this happens to.", default=0.5, bounds=(0, 1))
    schema = parameters(**properties, probability=chance)
    return Operation(name, "augment", ("images",), schema, summary)
