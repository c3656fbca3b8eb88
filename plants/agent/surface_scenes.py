"""Draws SYNTHETIC inspection images: a machined surface, a defect, a lamp, a lens and a sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Field = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

SIDE = 96
# Pixels around the frame that a camera offset may bring into view.
MARGIN = 12
_WHITE = 255.0
_HOLE_ALBEDO = 0.25


@dataclass(frozen=True)
class Scene:
    """One plant's surface, lighting and camera, as physical parameters.

    Attributes:
        texture: brushed, cast or woven.
        grain_px: size of the texture's grain.
        relief: how much of the light the texture takes or gives, as a share.
        light: lamp level; 1 brings a plain surface to white.
        light_wander: standard deviation of the level between images, as a share.
        gradient: fall of light across the frame, as a share.
        gradient_degrees: where the light comes from.
        polarity: -1 bright field (defects are dark), +1 dark field (their edges shine).
        severity: contrast of defects, as a share of the light.
        offset_px: standard deviation of the camera's position.
        blur_px: standard deviation of the lens blur.
        noise: standard deviation of the sensor's noise, in grey levels of 255.
        tint: red, green and blue of the light; None is a grey camera.
    """

    texture: str
    grain_px: float
    relief: float
    light: float
    light_wander: float
    gradient: float
    gradient_degrees: float
    polarity: int
    severity: float
    offset_px: float
    blur_px: float
    noise: float
    tint: tuple[float, float, float] | None = None


def texture(scene: Scene, rng: np.random.Generator) -> Field:
    """The surface of one part, mean 0 and standard deviation 1, larger than the frame."""
    size = SIDE + 2 * MARGIN
    drawn = _TEXTURES[scene.texture](rng.standard_normal((size, size)), scene.grain_px, rng)
    return np.asarray((drawn - drawn.mean()) / drawn.std())


def _brushed(noise: Field, grain: float, rng: np.random.Generator) -> Field:
    return np.asarray(ndimage.gaussian_filter(noise, (grain / 3, grain * 8), mode="wrap"))


def _cast(noise: Field, grain: float, rng: np.random.Generator) -> Field:
    fine = ndimage.gaussian_filter(noise, grain, mode="wrap")
    coarse = ndimage.gaussian_filter(rng.standard_normal(noise.shape), grain * 4, mode="wrap")
    return np.asarray(fine / fine.std() + 0.7 * coarse / coarse.std())


def _woven(noise: Field, grain: float, rng: np.random.Generator) -> Field:
    rows, columns = np.mgrid[: noise.shape[0], : noise.shape[1]]
    bend = ndimage.gaussian_filter(noise, 6, mode="wrap") * 4
    pitch = grain * 2 * np.pi / 4
    phase = rng.uniform(0, 2 * np.pi, 2)
    weave = np.sin((columns + bend) / pitch + phase[0]) * np.sin((rows + bend) / pitch + phase[1])
    return np.asarray(weave + 0.35 * noise)


_TEXTURES: dict[str, Callable[[Field, float, np.random.Generator], Field]] = {
    "brushed": _brushed,
    "cast": _cast,
    "woven": _woven,
}


def shape(variant: str) -> Field:
    """Albedo of a part variant (plate, bored, slotted), larger than the frame."""
    size = SIDE + 2 * MARGIN
    albedo = np.ones((size, size))
    rows, columns = np.mgrid[:size, :size] - size / 2
    if variant == "bored":
        distance = np.hypot(rows + 22, columns - 20)
        albedo[distance < 11] = _HOLE_ALBEDO
        albedo[(distance >= 11) & (distance < 13)] = 1.15
    elif variant == "slotted":
        albedo[(np.abs(rows - 26) < 4) & (np.abs(columns) < 26)] = _HOLE_ALBEDO
    return np.asarray(ndimage.gaussian_filter(albedo, 0.7))


def defect(name: str, rng: np.random.Generator) -> Field:
    """What a defect does to the light: depth of the mark per pixel, 0 to about 1."""
    size = SIDE + 2 * MARGIN
    mark = np.zeros((size, size))
    if name in _DEFECTS:
        _DEFECTS[name](mark, rng)
    return mark


def _scratch(mark: Field, rng: np.random.Generator) -> None:
    """One or two long, thin, slightly bent lines in any direction."""
    for _ in range(rng.integers(1, 3)):
        angle, bend = rng.uniform(0, np.pi), rng.normal(0, 0.006)
        along = np.linspace(-1, 1, 400) * rng.uniform(20, 42)
        row, column = _place(rng, 18)
        across = bend * along**2
        _dots(
            mark,
            row + along * np.sin(angle) + across * np.cos(angle),
            column + along * np.cos(angle) - across * np.sin(angle),
        )
    width = rng.uniform(0.6, 1.0)
    _settle(mark, ndimage.gaussian_filter(mark, width), rng.uniform(0.7, 1.0))


def _pit(mark: Field, rng: np.random.Generator) -> None:
    """Two to six round craters with soft walls."""
    rows, columns = np.mgrid[: mark.shape[0], : mark.shape[1]]
    for _ in range(rng.integers(2, 7)):
        row, column = _place(rng, 36)
        distance = np.hypot(rows - row, columns - column)
        radius = rng.uniform(2.0, 4.2)
        np.maximum(mark, np.clip(1.6 - distance / radius, 0, 1), out=mark)


def _stain(mark: Field, rng: np.random.Generator) -> None:
    """One broad patch with a ragged edge."""
    rows, columns = np.mgrid[: mark.shape[0], : mark.shape[1]]
    row, column = _place(rng, 20)
    ragged = ndimage.gaussian_filter(rng.standard_normal(mark.shape), 5, mode="wrap")
    stretch = rng.uniform(0.7, 1.4)
    distance = np.hypot((rows - row) * stretch, (columns - column) / stretch)
    edge = rng.uniform(17, 26) + 9 * ragged / ragged.std() - distance
    mark += 0.62 / (1 + np.exp(-edge / 2.5))


def _inclusion(mark: Field, rng: np.random.Generator) -> None:
    """A cluster of fine specks that the mill rolled in, drawn out along the strip."""
    count = int(rng.integers(18, 36))
    row, column = _place(rng, 22)
    _dots(mark, row + rng.normal(0, 6, count), column + rng.normal(0, 16, count))
    _settle(mark, ndimage.gaussian_filter(mark, (0.7, 1.2)), 1.3)


_DEFECTS: dict[str, Callable[[Field, np.random.Generator], None]] = {
    "scratch": _scratch,
    "pit": _pit,
    "stain": _stain,
    "inclusion": _inclusion,
}


def _place(rng: np.random.Generator, reach: float) -> Field:
    return (SIDE + 2 * MARGIN) / 2 + rng.uniform(-reach, reach, 2)


def _dots(mark: Field, rows: Field, columns: Field) -> None:
    last = mark.shape[0] - 1
    at = (np.rint(rows).clip(0, last).astype(int), np.rint(columns).clip(0, last).astype(int))
    mark[at] = 1.0


def _settle(mark: Field, soft: Field, depth: float) -> None:
    mark[:] = depth * soft / max(float(soft.max()), 1e-9)


def photograph(
    scene: Scene, surface: Field, albedo: Field, mark: Field, rng: np.random.Generator
) -> Pixels:
    """One image of a part: uint8 [H, W] of a grey camera, [H, W, 3] of a colour camera."""
    offset = np.clip(np.rint(rng.normal(0, scene.offset_px, 2)), -MARGIN, MARGIN).astype(int)
    top, left = MARGIN + offset
    window = np.s_[top : top + SIDE, left : left + SIDE]
    reflected = albedo * (1 + scene.relief * surface) + scene.polarity * scene.severity * mark
    seen = reflected[window].clip(0, None) * _lamp(scene, rng)
    seen = ndimage.gaussian_filter(seen, scene.blur_px) * _WHITE
    if scene.tint is not None:
        seen = seen[:, :, np.newaxis] * np.array(scene.tint)
    seen += rng.normal(0, scene.noise, seen.shape)
    return np.asarray(np.rint(seen.clip(0, _WHITE)), dtype=np.uint8)


def _lamp(scene: Scene, rng: np.random.Generator) -> Field:
    axis = np.linspace(-0.5, 0.5, SIDE)
    angle = np.deg2rad(scene.gradient_degrees + rng.normal(0, 4))
    slope = axis[:, np.newaxis] * np.sin(angle) + axis[np.newaxis, :] * np.cos(angle)
    level = scene.light * (1 + rng.normal(0, scene.light_wander))
    return np.asarray(level * (1 + scene.gradient * slope))
