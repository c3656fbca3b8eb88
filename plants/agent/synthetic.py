"""Writes a data folder of SYNTHETIC inspection images, so that a demo needs nobody's data.

Nothing here stands for a real product: the images exist to exercise the whole path, and the gap
between the plants (texture, direction of light, blur, noise, colour) is there so that adapting the
baseline has something to gain.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from plants.agent import surface_scenes
from plants.agent.surface_scenes import Scene
from registry.domain.errors import Conflict, Invalid

CLASSES = ("good", "scratch", "pit", "stain", "inclusion")
VARIANTS = ("plate", "bored", "slotted")
# Parts come in shuffled rounds of one of each defect and two good ones: a sorted training set, in
# which any day shows every class.
_ROUND = ("good", *CLASSES)
_MAX_PHOTOS = 3
_FIRST_PART = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
_TAKT = timedelta(minutes=47)
_EXPOSURE_GAP = timedelta(seconds=2)


@dataclass(frozen=True)
class Profile:
    """A plant of the demo: its scene and the variants its line makes."""

    scene: Scene
    variant_shares: tuple[float, float, float]


PLANTS: Mapping[str, Profile] = {
    # The pilot cell: fresh lamp, bright field, sharp lens, little noise.
    "centre": Profile(
        Scene(
            texture="brushed",
            grain_px=2.0,
            relief=0.05,
            light=0.62,
            light_wander=0.02,
            gradient=0.05,
            gradient_degrees=0,
            polarity=-1,
            severity=0.5,
            offset_px=1.0,
            blur_px=0.5,
            noise=2.0,
        ),
        (0.5, 0.3, 0.2),
    ),
    # Brushed steel under a low-angle ring: dark field, where edges shine.
    "graz": Profile(
        Scene(
            texture="brushed",
            grain_px=3.2,
            relief=0.12,
            light=0.34,
            light_wander=0.06,
            gradient=0.25,
            gradient_degrees=60,
            polarity=1,
            severity=0.55,
            offset_px=2.5,
            blur_px=0.8,
            noise=4.0,
        ),
        (0.3, 0.5, 0.2),
    ),
    # Castings under an old lamp, the camera a little out of focus.
    "leipzig": Profile(
        Scene(
            texture="cast",
            grain_px=1.6,
            relief=0.13,
            light=0.45,
            light_wander=0.08,
            gradient=0.35,
            gradient_degrees=180,
            polarity=-1,
            severity=0.6,
            offset_px=3.0,
            blur_px=1.1,
            noise=5.0,
        ),
        (0.6, 0.1, 0.3),
    ),
    # Woven composite under warm light that leaks in from a window; a colour camera.
    "sevilla": Profile(
        Scene(
            texture="woven",
            grain_px=3.0,
            relief=0.10,
            light=0.72,
            light_wander=0.10,
            gradient=0.55,
            gradient_degrees=300,
            polarity=-1,
            severity=0.55,
            offset_px=4.0,
            blur_px=0.7,
            noise=6.0,
            tint=(1.0, 0.88, 0.68),
        ),
        (0.4, 0.2, 0.4),
    ),
}


@dataclass(frozen=True)
class _Photo:
    """One row of labels.csv."""

    file: str
    label: str
    part: str
    captured_at: str
    variant: str


def write(folder: Path, *, plant: str, images: int = 240, seed: int = 7, name: str = "") -> None:
    """Write a folder that meets the data contract; equal arguments write equal bytes.

    Raises:
        Invalid: there is no profile of that plant, or too few images for five classes.
        Conflict: the folder holds something already.
    """
    profile = _profile(plant)
    least = len(CLASSES) * _MAX_PHOTOS * 2
    if images < least:
        raise Invalid(f"{images} images are too few for {len(CLASSES)} classes: ask for {least}.")
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty: choose another folder, nothing was written.")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    photos = _draw(folder, profile, images, np.random.default_rng([seed, _number(plant)]))
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_Photo.__dataclass_fields__)
        writer.writerows(vars(photo).values() for photo in photos)
    # Last, because a folder with a dataset.yaml is a complete data set.
    (folder / "dataset.yaml").write_text(
        f"# SYNTHETIC images, drawn by plants.agent.synthetic (plant {plant}, seed {seed}).\n"
        f"name: {name or f'{plant}-surfaces'}\nkind: images\nlabels: labels.csv\n"
        f"classes: [{', '.join(CLASSES)}]\n"
        "group: part\ntime: captured_at\nvariant: variant\n",
        encoding="utf-8",
    )


def main(args: list[str]) -> int:
    """Write one plant's folder from the command line."""
    parser = argparse.ArgumentParser(prog="python -m plants.agent.synthetic", description=__doc__)
    parser.add_argument("--plant", choices=sorted(PLANTS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="A new or empty folder.")
    parser.add_argument("--images", type=int, default=240)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args(args)
    try:
        write(arguments.out, plant=arguments.plant, images=arguments.images, seed=arguments.seed)
    except (Invalid, Conflict) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    sys.stdout.write(f"{arguments.images} synthetic images are in {arguments.out}\n")
    return 0


def _profile(plant: str) -> Profile:
    try:
        return PLANTS[plant]
    except KeyError:
        raise Invalid(
            f"There is no synthetic plant {plant!r}: choose {', '.join(PLANTS)}."
        ) from None


def _number(plant: str) -> int:
    return list(PLANTS).index(plant)


def _draw(folder: Path, profile: Profile, images: int, rng: np.random.Generator) -> list[_Photo]:
    """Parts in the order they were made, each photographed one to three times."""
    photos: list[_Photo] = []
    part = 0
    waiting: list[str] = []
    while len(photos) < images:
        part += 1
        waiting = waiting or rng.permutation(_ROUND).tolist()
        label = waiting.pop()
        variant = VARIANTS[rng.choice(len(VARIANTS), p=profile.variant_shares)]
        surface = surface_scenes.texture(profile.scene, rng)
        albedo = surface_scenes.shape(variant)
        mark = surface_scenes.defect(label, rng)
        made = _FIRST_PART + part * _TAKT
        for shot in range(min(int(rng.integers(1, _MAX_PHOTOS + 1)), images - len(photos))):
            name = f"images/{len(photos):05d}.png"
            pixels = surface_scenes.photograph(profile.scene, surface, albedo, mark, rng)
            Image.fromarray(pixels).save(folder / name, compress_level=1)
            moment = (made + shot * _EXPOSURE_GAP).isoformat()
            photos.append(_Photo(name, label, f"P{part:05d}", moment, variant))
    return photos


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
