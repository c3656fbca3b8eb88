"""Training on the same images: the standard recipe, and a random forest on what a notebook uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# graz: brushed steel under a dark field, neither the easiest nor the hardest of the demo's plants.
_PLANT, _SEED = "graz", 11
_RECIPE = Path(__file__).resolve().parents[3] / "registry" / "standard_recipes" / "images.yaml"
_SIDE = 32


def prepare(folder: str, images: int) -> dict[str, int]:
    """Draw the images and write down the recipe as resolved and the split it makes."""
    from plants.agent import datasets, ops, synthetic
    from plants.agent.jobs import work
    from registry.domain import recipes

    place = Path(folder)
    synthetic.write(place / "images", plant=_PLANT, images=images, seed=_SEED)
    catalogue = ops.catalogue()
    document = recipes.canonical(recipes.parse_yaml(_RECIPE.read_bytes()), catalogue)
    recipe = recipes.resolve(document, {"model.init": "scratch"}, catalogue)
    split = work.cut(datasets.load(place / "images"), recipe["data_contract"]["split"])
    parts = {part: getattr(split, part).tolist() for part in ("train", "validation", "holdout")}
    (place / "recipe.json").write_text(json.dumps(recipe))
    (place / "split.json").write_text(json.dumps(parts))
    return {part: len(rows) for part, rows in parts.items()}


def standard(folder: str) -> dict[str, Any]:
    """Load, train, export and check as a plant's worker does; score the hold-out."""
    from plants.agent import datasets, ops
    from registry.domain.digests import sha256

    place = Path(folder)
    recipe, split = (json.loads((place / f"{name}.json").read_text()) for name in _INPUTS)
    dataset = datasets.load(place / "images")
    examples = dataset.examples
    train, validation, holdout = (examples.take(split[part]) for part in _PARTS)
    fitted = ops.fit(recipe, train, validation, dataset.classes)
    (place / "model.onnx").write_bytes(fitted.onnx)
    predicted = ops.predict(fitted.onnx, holdout).probabilities.argmax(axis=1)
    accuracy = float((predicted == holdout.labels).mean())
    return {"accuracy": accuracy, "rows": len(holdout), "sha256": sha256(fitted.onnx)}


def forest(folder: str) -> dict[str, Any]:
    """Grey pixels at 32 x 32 beside mean, spread and gradients: a forest's usual diet."""
    import csv

    import numpy as np
    from sklearn.ensemble import RandomForestClassifier

    place = Path(folder)
    split = json.loads((place / "split.json").read_text())
    with (place / "images" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = np.array([row["label"] for row in rows])
    features = np.stack([_features(place / "images" / row["file"]) for row in rows])
    known = [*split["train"], *split["validation"]]
    model = RandomForestClassifier(100, class_weight="balanced", random_state=17, n_jobs=1)
    model.fit(features[known], labels[known])
    accuracy = float(model.score(features[split["holdout"]], labels[split["holdout"]]))
    return {"accuracy": accuracy, "rows": len(split["holdout"])}


_INPUTS, _PARTS = ("recipe", "split"), ("train", "validation", "holdout")


def _features(path: Path) -> Any:
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        grey = np.asarray(image.convert("L"), dtype=np.float32) / 255
        small = np.asarray(image.convert("L").resize((_SIDE, _SIDE)), dtype=np.float32) / 255
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    figures = (grey, np.abs(down), np.abs(across), strength)
    statistics = [one for figure in figures for one in (figure.mean(), figure.std(), figure.max())]
    histogram = np.histogram(grey, bins=16, range=(0, 1))[0] / grey.size
    return np.concatenate([small.ravel(), statistics, histogram])
