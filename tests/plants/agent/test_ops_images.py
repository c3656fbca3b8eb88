"""The image models: one file from raw pixels to probabilities, the same every time."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from plants.agent import ops
from plants.agent.examples import ImageExamples
from plants.agent.ops import export
from registry.domain.errors import Conflict, Invalid, TooLarge

CLASSES = ("clean", "spot", "stripe")


def surface(label: int, seed: int, side: int = 48, columns: int | None = None) -> Any:
    """A noisy plate: clean, with a dark spot, or with a bright stripe."""
    random = np.random.default_rng([seed, label])
    image = random.normal(120, 8, (side, columns or side))
    row, column = random.integers(side // 4, 3 * side // 4, 2)
    if label == 1:
        image[row - 4 : row + 4, column - 4 : column + 4] -= 70
    if label == 2:
        image[row - 1 : row + 2] += 60
    return np.repeat(np.clip(image, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def plates(count: int, seed: int = 0, classes: int = 3, **shape: int) -> ImageExamples:
    labels = np.arange(count, dtype=np.int64) % classes
    pixels = tuple(surface(int(label), seed + row, **shape) for row, label in enumerate(labels))
    return ImageExamples(pixels, labels)


def recipe(**changes: Any) -> dict[str, Any]:
    """A small complete recipe; `model` and `export` may be changed."""
    return {
        "preprocess": changes.pop("preprocess", [{"op": "resize@1", "size": [48, 48]}]),
        "augment": changes.pop("augment", []),
        "model": {"op": "filterbank_linear@1", "levels": 2, "orientations": 4}
        | changes.pop("model", {}),
        "train": {"seed": 3, "threads": 1, "class_weights": "balanced"},
        "export": {"max_mb": 10, "parity": {"max_abs": 0.001}} | changes.pop("export", {}),
    }


@pytest.fixture(scope="module")
def baseline() -> ops.Fitted:
    return ops.fit(recipe(), plates(36), plates(12, seed=100), CLASSES)


def test_a_small_set_is_learnt_and_scored_from_raw_pixels(baseline: ops.Fitted) -> None:
    unseen = plates(30, seed=500)

    scored = ops.predict(baseline.onnx, unseen)

    assert (scored.probabilities.argmax(axis=1) == unseen.labels).mean() > 0.9
    assert scored.probabilities.sum(axis=1) == pytest.approx(1)
    assert (scored.latency_ms > 0).all()
    assert baseline.parity_max_abs < 1e-5
    assert baseline.train_rows == 36


def test_the_file_keeps_the_contract(baseline: ops.Fitted) -> None:
    model = onnx.load_model_from_string(baseline.onnx)

    assert [one.name for one in model.graph.input] == ["pixels"]
    assert [one.name for one in model.graph.output] == ["embedding", "probabilities"]
    assert export.signature_of(baseline.onnx) == baseline.signature
    assert baseline.signature.classes == CLASSES


def test_any_size_and_any_number_of_images_go_through(baseline: ops.Fitted) -> None:
    runner = export.session(baseline.onnx)
    small, wide = surface(1, 9, side=17), surface(1, 9, side=60, columns=333)

    pair = np.stack([surface(1, 7), surface(2, 8)])
    together = runner.run(["probabilities"], {"pixels": pair})[0]
    apart = [runner.run(["probabilities"], {"pixels": one[None]})[0][0] for one in pair]

    assert together == pytest.approx(np.array(apart), abs=1e-6)
    for odd in (small, wide):
        assert np.isfinite(runner.run(["embedding"], {"pixels": odd[None]})[0]).all()


def test_equal_recipe_rows_and_seed_give_equal_bytes() -> None:
    varied = recipe(augment=[{"op": "lighting@1"}, {"op": "rotate@1"}])

    first, second = (ops.fit(varied, plates(18), plates(6, 50), CLASSES) for _ in range(2))

    assert first.onnx == second.onnx


def test_another_seed_gives_another_file_when_images_are_varied() -> None:
    varied = recipe(augment=[{"op": "noise@1", "sigma": 20}])
    reseeded = {**varied, "train": {**varied["train"], "seed": 4}}

    one, other = (ops.fit(each, plates(18), plates(6, 50), CLASSES) for each in (varied, reseeded))

    assert one.onnx != other.onnx


def test_progress_never_falls_and_ends_at_one() -> None:
    seen: list[ops.Progress] = []

    ops.fit(recipe(), plates(12), plates(6, 50), CLASSES, report=seen.append)

    fractions = [one.fraction for one in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert {one.phase for one in seen} == {"features", "validation", "head", "parity"}


def test_a_strong_pull_keeps_the_baselines_answers(baseline: ops.Fitted) -> None:
    held = recipe(model={"init": "baseline", "tune": False, "l2": 0.0001, "pull": 100})

    adapted = ops.fit(held, plates(12, seed=900), plates(0), CLASSES, parent=baseline.onnx)

    unseen = plates(12, seed=700)
    ours, theirs = (ops.predict(one.onnx, unseen) for one in (adapted, baseline))
    assert (ours.probabilities.argmax(1) == theirs.probabilities.argmax(1)).all()
    assert adapted.onnx != baseline.onnx


def test_classes_are_matched_by_name_and_new_ones_start_at_zero(baseline: ops.Fitted) -> None:
    own = ("stripe", "clean", "scale")
    relabelled = plates(12, seed=900)
    rows = ImageExamples(relabelled.sources, np.array([2, 2, 0] * 4) % 3)
    keeping = recipe(model={"init": "baseline", "tune": False, "l2": 0.0001, "pull": 100})

    adapted = ops.fit(keeping, rows, plates(0), own, parent=baseline.onnx)

    assert adapted.notes == ("New to the baseline and learnt from zero: scale.",)
    stripes = ImageExamples((surface(2, 77),), np.zeros(1, dtype=np.int64))
    assert ops.predict(adapted.onnx, stripes).probabilities.argmax() == own.index("stripe")


def test_without_a_baseline_training_starts_from_scratch_and_says_so() -> None:
    fitted = ops.fit(recipe(model={"init": "baseline"}), plates(12), plates(6, 50), CLASSES)

    assert fitted.notes == ("No baseline was given, so training started from scratch.",)


def test_a_baseline_with_other_features_is_refused(baseline: ops.Fitted) -> None:
    other = recipe(preprocess=[{"op": "resize@1", "size": [40, 40]}], model={"init": "baseline"})

    with pytest.raises(Conflict, match=r"other preprocess steps") as refusal:
        ops.fit(other, plates(12), plates(6, 50), CLASSES, parent=baseline.onnx)

    assert refusal.value.code == "parent-mismatch"


@pytest.mark.parametrize(
    ("export_rules", "error", "code"),
    [
        ({"max_mb": 0.01}, TooLarge, "too-large"),
        ({"parity": {"max_abs": 0.0}}, Conflict, "parity-failed"),
    ],
)
def test_an_export_that_breaks_its_rules_is_refused(
    export_rules: dict[str, Any], error: type[Exception], code: str
) -> None:
    with pytest.raises(error) as refusal:
        ops.fit(recipe(export=export_rules), plates(12), plates(6, 50), CLASSES)

    assert getattr(refusal.value, "code", "") == code


def test_one_class_alone_is_refused() -> None:
    only = ImageExamples(plates(6).sources, np.zeros(6, dtype=np.int64))

    with pytest.raises(Invalid, match="fewer than two classes"):
        ops.fit(recipe(), only, plates(0), CLASSES)


def test_a_recipe_without_a_size_is_refused() -> None:
    with pytest.raises(Invalid, match=r"no resize@1 step"):
        ops.fit(recipe(preprocess=[{"op": "grey@1"}]), plates(6), plates(0), CLASSES)


@pytest.mark.parametrize("size", [[16, 16], [16, 40], [200, 24]])
@pytest.mark.parametrize("keep_aspect", [True, False])
def test_the_smallest_and_oddest_sizes_work(size: list[int], keep_aspect: bool) -> None:
    step = {"op": "resize@1", "size": size, "keep_aspect": keep_aspect}
    deep = recipe(preprocess=[step], model={"levels": 7, "detail": 3})

    fitted = ops.fit(deep, plates(12), plates(0), CLASSES)

    dot = np.zeros((1, 1, 3), dtype=np.uint8)
    strips = (dot, surface(1, 3, side=16, columns=900), surface(2, 3, side=900, columns=16))
    scored = ops.predict(fitted.onnx, ImageExamples(strips, np.zeros(3, dtype=np.int64)))
    assert np.isfinite(scored.probabilities).all()


def test_flat_and_extreme_images_give_finite_answers(baseline: ops.Fitted) -> None:
    flat = tuple(np.full((20, 20, 3), value, dtype=np.uint8) for value in (0, 127, 255))

    scored = ops.predict(baseline.onnx, ImageExamples(flat, np.zeros(3, dtype=np.int64)))

    assert np.isfinite(scored.probabilities).all()
