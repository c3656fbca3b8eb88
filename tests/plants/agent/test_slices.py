"""The hold-out judged again by the worker: every declared level, the same rows, counts only."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plants.agent import ops
from plants.agent.examples import ImageExamples, TableExamples
from plants.agent.jobs import evaluate, retrain, slices, work
from plants.domain import protocol
from registry.domain import metrics, recipes, report_slices
from registry.domain.errors import Invalid
from registry.domain.recipe_yaml import parse_yaml
from tests.factories.agent import RECIPE
from tests.plants.agent.data_folders import image_set
from tests.plants.agent.test_beside import NAMES, signature_of

STRESS = [{"op": "light@1", "gain": [0.5, 4]}, {"op": "shift@1", "share": [0.05]}]
TABLE_STRESS = [{"op": "sensor_noise@1", "spread": [0.1, 2]}]


def recipe(stress: Any = None, kind: str = "images") -> dict[str, Any]:
    document = parse_yaml(RECIPE)
    if kind == "table":
        document |= {
            "task": {"kind": "table", "classes": "dataset"},
            "preprocess": [{"op": "impute@1"}],
            "model": {"op": "logistic@1", "init": "scratch"},
        }
    if stress:
        document["stress"] = stress
    return recipes.canonical(document, ops.catalogue())


def workplace(folder: Path, document: dict[str, Any], kind: str = "retrain") -> work.Workplace:
    folder.mkdir(parents=True, exist_ok=True)
    family = {"slug": "parts", "classes": [], "good_class": "ok", "allows_local_classes": True}
    order = {"kind": kind, "dataset": "parts", "recipe": document, "family": family}
    order |= {"parent": None, "against": None}
    return work.Workplace(folder, order, folder.parent / "data", b"s" * 32, io.StringIO())


def parts(count: int = 60) -> ImageExamples:
    """Grey parts that only their texture tells apart."""
    rng = np.random.default_rng(3)
    labels = np.arange(count) % 2
    pictures = []
    for label in labels:
        picture = rng.normal(120, 6, (32, 32))
        picture[:, ::2] += 30 * label
        pictures.append(np.repeat(picture.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2))
    return ImageExamples(tuple(pictures), labels)


@pytest.fixture(scope="module")
def fitted() -> Any:
    rows = parts()
    return ops.fit(recipe(), rows.take(range(30)), rows.take(range(30, 40)), ("ok", "dent"))


def again(place: work.Workplace, onnx: bytes, holdout: Any) -> Any:
    predictions = ops.predict(onnx, holdout)
    found = slices.judged_again(place, onnx, holdout, predictions, (0.5, 1.0))
    report = work.score(place, predictions, holdout.labels, ("ok", "dent"))
    return report | found


@pytest.mark.slow
def test_every_declared_level_is_judged_on_the_same_rows(tmp_path: Path, fitted: Any) -> None:
    place = workplace(tmp_path / "job", recipe(STRESS))
    report = again(place, fitted.onnx, parts())
    metrics.check_report(report)
    assert report_slices.undeclared(report, place.order["recipe"]) == []
    repeated = again(place, fitted.onnx, parts())
    assert report["slices"] == repeated["slices"], "equal seeds, equal counts"
    assert report["slices"]["plain"]["n"] == 60
    read = report_slices.read(report["slices"])
    assert read is not None
    dark, burnt = read.of("light@1")
    assert dark.drop == 0
    assert burnt.drop == pytest.approx(0.5), "at four times the light every pixel is white"
    assert place.timings["stress_seconds"] > 0


@pytest.mark.slow
def test_a_recipe_without_stress_costs_nothing(tmp_path: Path, fitted: Any) -> None:
    place = workplace(tmp_path / "job", recipe())
    assert "slices" not in again(place, fitted.onnx, parts())
    assert "stress_seconds" not in place.timings
    assert slices.apart(place, 60, (0.1, 0.9)) == ((0.1, 0.9), (0.9, 0.9))


@pytest.mark.slow
def test_large_images_and_large_hold_outs_are_judged_on_fewer_rows(
    tmp_path: Path, fitted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = workplace(tmp_path / "job", recipe(STRESS))
    monkeypatch.setattr(slices, "_LEVEL_PIXELS", 40 * 32 * 32)
    assert again(place, fitted.onnx, parts())["slices"]["plain"]["n"] == 40
    monkeypatch.setattr(slices, "_LEVEL_PIXELS", 1)
    assert again(place, fitted.onnx, parts())["slices"]["plain"]["n"] == 30


def test_readings_are_disturbed_for_all_rows_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(900) % 2
    readings = (rng.normal(size=(900, 2)) + 4 * labels[:, None]).astype(np.float32)
    table = TableExamples(readings, np.empty((900, 0), dtype=object), labels, ("heat", "force"), ())
    document = recipe(kind="table")
    fitted = ops.fit(document, table.take(range(300)), table.take(range(300, 400)), ("ok", "dent"))
    place = workplace(tmp_path / "job", document)
    place.order["recipe"] = recipe(TABLE_STRESS, "table")
    report = again(place, fitted.onnx, table.take(range(400, 900)))
    metrics.check_report(report)
    read = report_slices.read(report["slices"])
    assert read is not None
    fine, coarse = read.of("sensor_noise@1")
    assert fine.n == 400
    assert fine.drop < 0.02 < coarse.drop


@pytest.mark.parametrize("job", [retrain, evaluate])
def test_a_perturbation_of_a_newer_portal_is_refused_before_anything_is_done(
    tmp_path: Path, job: Any
) -> None:
    place = workplace(tmp_path / "job", recipe(STRESS))
    place.order["recipe"]["stress"][0]["op"] = "light@2"
    with pytest.raises(Invalid, match="does not know the perturbation light@2") as caught:
        job.run(place)
    assert caught.value.code == "unsupported-operation"
    assert list(place.folder.iterdir()) == []


@pytest.mark.slow
def test_both_kinds_of_job_send_slices_that_the_portal_accepts(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "parts"
    rows = [(f"images/{number:03d}.png", ("ok", "dent")[number % 2]) for number in range(60)]
    image_set(folder, rows)
    place = workplace(tmp_path / "one", recipe(STRESS))
    retrain.run(place)
    trained = json.loads((place.folder / "result.json").read_text())
    onnx = (place.folder / "model.onnx").read_bytes()

    judging = workplace(tmp_path / "two", recipe(STRESS), "evaluate")
    signature = signature_of(onnx).as_document()
    judging.order["parent"] = {"version": NAMES["parent"], "signature": signature}
    (judging.folder / "parent.onnx").write_bytes(onnx)
    evaluate.run(judging)
    judged = json.loads((judging.folder / "result.json").read_text())

    metrics.check_report(trained["report"])
    assert judged["report"]["slices"] == trained["report"]["slices"]
    sent = {"token": 1, **judged}
    assert protocol.check("result", sent) == sent
    fractions = [
        event["fraction"]
        for line in judging.out.getvalue().splitlines()  # type: ignore[attr-defined]
        if (event := json.loads(line))["event"] == "progress"
    ]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
