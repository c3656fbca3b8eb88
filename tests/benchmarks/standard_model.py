"""The standard image model that several benchmarks look at, and the images it learns from."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks import fresh

# What the graph costs does not depend on how many images it has learnt from.
_FEW_IMAGES = 120


def prepared(folder: Path, images: int) -> Path:
    """A folder with synthetic images, the resolved standard recipe and its split of them."""
    place = folder / f"standard-{images}"
    if not (place / "split.json").exists():
        place.mkdir()
        fresh.call("retraining:prepare", str(place), images)
    return place


def trained(folder: Path) -> Path:
    """The file of a model that the standard recipe makes; trained once in a run."""
    model = prepared(folder, _FEW_IMAGES) / "model.onnx"
    if not model.exists():
        fresh.call("retraining:standard", str(model.parent))
    return model
