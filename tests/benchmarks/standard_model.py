"""The standard image model that several benchmarks look at: trained once in a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.benchmarks import fresh

IMAGES = 300


def prepared(folder: Path) -> Path:
    """A folder with 300 synthetic images, the resolved standard recipe and its split."""
    place = folder / "standard"
    if not (place / "split.json").exists():
        place.mkdir(exist_ok=True)
        fresh.call("retraining:prepare", str(place), IMAGES)
    return place


def trained(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The file of the standard recipe's model of these images, and its score."""
    place = prepared(folder)
    model, score = place / "model.onnx", place / "score.json"
    if not score.exists():
        answer = fresh.call("retraining:standard", str(place)).answer
        score.write_text(json.dumps(answer))
    return model, dict(json.loads(score.read_text()))
