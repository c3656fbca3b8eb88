"""Two real models on the same real rows: the joint counts are those that anybody can recompute."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from scipy import stats

from plants.agent import ops
from plants.agent.jobs import evaluate, retrain, work
from plants.domain import protocol
from registry.domain import paired, recipes
from registry.domain.digests import digest_of
from registry.domain.onnx_contract import Signature
from registry.domain.recipe_yaml import parse_yaml
from tests.factories.agent import RECIPE

CLASSES = ("good", "scratch")
NAMES = {
    "parent": "11111111-1111-4111-8111-111111111111",
    "against": "2" * 8 + "-2222-4222-8222-" + "2" * 12,
}


def recipe(kind: str = "images", **train: Any) -> dict[str, Any]:
    document = parse_yaml(RECIPE.replace("[32, 32]", "[64, 64]"))
    if kind == "table":
        document |= {
            "task": {"kind": "table", "classes": "dataset"},
            "preprocess": [{"op": "impute@1"}],
            "model": {"op": "logistic@1", "init": "scratch"},
        }
    document["train"] |= train
    return recipes.canonical(document, ops.catalogue())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parts whose scratch is hard to see, so that both models err, and not on the same ones."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(4)
    (folder / "parts" / "pictures").mkdir(parents=True)
    rows = ["file,label,part"]
    for number in range(120):
        label = CLASSES[number % 2]
        picture = rng.normal(150, 22, (64, 64)).clip(0, 255)
        if label == "scratch":
            at = rng.integers(8, 56)
            picture[at : at + 3, rng.integers(0, 30) :] -= rng.uniform(8, 45)
        name = f"pictures/{number:04}.png"
        image = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
        image.save(folder / "parts" / name)
        rows.append(f"{name},{label},part-{number // 2}")
    (folder / "parts" / "labels.csv").write_text("\n".join(rows) + "\n")
    (folder / "parts" / "dataset.yaml").write_text(
        "name: parts\nkind: images\nlabels: labels.csv\ngroup: part\n"
    )
    return folder


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(5)
    (folder / "parts").mkdir()
    lines = ["heat,force,verdict"]
    for _ in range(300):
        heat, force = rng.normal(size=2)
        bad = heat + 0.7 * force + rng.normal() > 0
        lines.append(f"{heat:.4f},{force:.4f},{CLASSES[int(bad)]}")
    (folder / "parts" / "data.csv").write_text("\n".join(lines) + "\n")
    (folder / "parts" / "dataset.yaml").write_text(
        "name: parts\nkind: table\ndata: data.csv\ntarget: verdict\n"
    )
    return folder


def place(data: Path, folder: Path, kind: str, document: dict[str, Any], **models: bytes) -> Any:
    """A job's folder as the supervisor leaves it to the working process."""
    folder.mkdir(parents=True)
    named = dict.fromkeys(NAMES) | {
        which: {
            "version": NAMES[which],
            "signature": signature_of(onnx).as_document(),
        }
        for which, onnx in models.items()
    }
    for which, onnx in models.items():
        (folder / f"{which}.onnx").write_bytes(onnx)
    family = {"slug": "surface", "classes": [], "good_class": "good", "allows_local_classes": True}
    order = {"kind": kind, "dataset": "parts", "recipe": document, "family": family, **named}
    order["recipe_digest"] = digest_of(document)
    return work.Workplace(folder, order, data, b"s" * 32, io.StringIO())


def signature_of(onnx: bytes) -> Signature:
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    stated = session.get_modelmeta().custom_metadata_map["lineward.signature"]
    return Signature.from_document(json.loads(stated))


def trained(data: Path, folder: Path, document: dict[str, Any], **models: bytes) -> Any:
    """A retraining, done."""
    made = place(data, folder, "retrain", document, **models)
    retrain.run(made)
    return (folder / "model.onnx").read_bytes(), json.loads((folder / "result.json").read_text())


def answers(onnx: bytes, rows: Any) -> np.ndarray:
    """Class names that the model says, straight from the file, one row at a time."""
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    names = signature_of(onnx).classes
    said = []
    for row in range(len(rows)):
        if rows.kind == "images":
            feeds = {"pixels": rows.pixels(row)[None]}
        else:
            feeds = {"numeric": rows.numeric[row : row + 1]}
        likely = session.run(["probabilities"], feeds)[0]
        said.append(names[int(likely[0].argmax())])
    return np.array(said)


def recomputed(data: Path, folder: Path, document: Any, one: bytes, other: bytes) -> Any:
    """Joint counts by other means than the job's: names instead of numbers, loops over rows."""
    prepared = work.prepare(place(data, folder, "evaluate", document))
    holdout = prepared.dataset.examples.take(prepared.split.holdout)
    truth = np.array(prepared.dataset.classes)[holdout.labels]
    right = [answers(onnx, holdout) == truth for onnx in (one, other)]
    counts = {name: [0, 0, 0, 0] for name in prepared.dataset.classes}
    for name, first, second in zip(truth, *right, strict=True):
        counts[str(name)][2 * (not first) + (not second)] += 1
    return counts, right


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["images", "table"])
def test_an_evaluation_of_two_counts_what_anybody_would_count(kind, tmp_path, pictures, readings):
    data = pictures if kind == "images" else readings
    one, _ = trained(data, tmp_path / "one", recipe(kind))
    weak = recipe(kind)
    weak["data_contract"]["split"] |= {"validation": 0.3, "holdout": 0.6, "seed": 3}
    other, _ = trained(data, tmp_path / "other", weak)
    made = place(data, tmp_path / "job", "evaluate", recipe(kind), parent=one, against=other)
    evaluate.run(made)
    result = json.loads((tmp_path / "job" / "result.json").read_text())
    sent = {"token": 1, **result}
    assert protocol.check("result", sent) == sent
    counts, right = recomputed(data, tmp_path / "again", recipe(kind), one, other)
    assert result["paired"]["counts"] == counts
    assert result["paired"]["version"] == NAMES["against"]
    cells = paired.check_counts(
        result["paired"]["counts"], result["report"], result["paired"]["report"]
    )
    whole = paired.total(list(cells.values()))
    only_first, only_second = (right[0] & ~right[1]).sum(), (~right[0] & right[1]).sum()
    assert (whole.only_first, whole.only_second) == (only_first, only_second)
    assert whole.discordant, "a pair that never differs proves nothing here"
    expected = stats.binomtest(int(only_first), int(only_first + only_second)).pvalue
    assert paired.mcnemar(whole.only_first, whole.only_second) == pytest.approx(expected)


@pytest.mark.slow
def test_a_retraining_scores_what_it_started_from_and_is_the_same_file_all_the_same(
    tmp_path, pictures
):
    parent, _ = trained(pictures, tmp_path / "parent", recipe(seed=3))
    alone, lonely = trained(pictures, tmp_path / "alone", recipe())
    beside, result = trained(pictures, tmp_path / "beside", recipe(), parent=parent)
    assert beside == alone, "the proof changes nothing of the artifact"
    assert "paired" not in lonely
    assert result["report"]["confusion"] == lonely["report"]["confusion"]
    assert result["paired"]["version"] == NAMES["parent"]
    counts, _ = recomputed(pictures, tmp_path / "again", recipe(), beside, parent)
    assert result["paired"]["counts"] == counts
    timings = result["timings"]
    assert timings["evaluate_beside_seconds"] < max(1.0, timings["train_seconds"])


@pytest.mark.slow
def test_a_parent_of_other_classes_or_columns_keeps_nobody_from_the_new_version(
    tmp_path, pictures, readings
):
    onnx, _ = trained(pictures, tmp_path / "parent", recipe())
    made = place(pictures, tmp_path / "other", "retrain", recipe(), parent=onnx)
    made.order["parent"]["signature"]["classes"] = ["good", "pit"]
    retrain.run(made)
    assert "paired" not in json.loads((tmp_path / "other" / "result.json").read_text())
    table, _ = trained(readings, tmp_path / "table-parent", recipe("table"))
    made = place(readings, tmp_path / "table", "retrain", recipe("table"), parent=table)
    made.order["parent"]["signature"]["numeric"] = ["heat", "torque"]
    retrain.run(made)
    assert "paired" not in json.loads((tmp_path / "table" / "result.json").read_text())
    kept = json.loads((tmp_path / "table" / "local-report.json").read_text())
    assert "torque" in kept["parent_not_scored"]
