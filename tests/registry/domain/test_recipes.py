"""Recipes: what is accepted, what it is called, and every refusal in words."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain import recipes
from registry.domain.errors import Invalid
from tests.registry.domain.recipe_cast import CATALOGUE, RECIPE, RECIPE_TEXT, recipe


def refusal(document: Any) -> dict[str, list[str]]:
    before = deepcopy(document)
    with pytest.raises(Invalid) as caught:
        recipes.validate(document, CATALOGUE)
    assert caught.value.code == "bad-recipe"
    assert caught.value.message.startswith("The recipe is not valid: ")
    assert repr(document) == repr(before)
    return caught.value.fields


def test_text_becomes_the_document_it_says() -> None:
    assert recipes.parse_yaml(RECIPE_TEXT) == RECIPE


def test_a_good_recipe_is_accepted_and_left_as_it_is() -> None:
    document = recipe()
    recipes.validate(document, CATALOGUE)
    assert document == RECIPE


def test_the_shortest_recipe_gets_every_default() -> None:
    short = recipe(
        description=None, preprocess=None, augment=None, train=None, gates=None, plant_may_set=None
    )
    short["model"] = {"op": "linear@1"}
    full = recipes.canonical(short, CATALOGUE)
    assert full["model"] == {
        "op": "linear@1",
        "init": "scratch",
        "l2": 1,
        "filters": 16,
        "bias": True,
        "label": None,
    }
    assert full["data_contract"] == {
        "min_rows": 40,
        "min_per_class": 5,
        "max_missing": 0.5,
        "split": {"respect": ["group", "time"], "validation": 0.15, "holdout": 0.25, "seed": 17},
    }
    assert full["train"] == {
        "seed": 17,
        "threads": 1,
        "max_minutes": 60,
        "class_weights": "balanced",
    }
    assert full["export"] == {
        "format": "onnx",
        "opset": 18,
        "max_mb": 200,
        "parity": {"max_abs": 0.001},
    }
    assert (full["preprocess"], full["augment"], full["gates"]) == ([], [], [])


def test_canonical_is_a_fixed_point() -> None:
    once = recipes.canonical(recipe(), CATALOGUE)
    assert recipes.canonical(once, CATALOGUE) == once


@pytest.mark.parametrize(
    "same",
    [
        {"model": {"l2": 1.0, "op": "linear@1", "init": "baseline", "filters": 16}},
        {"description": "  Steel surfaces, few labels.\n"},
        {"data_contract": {"split": {"respect": ["time", "group"]}}},
        {"train": {"threads": 1, "seed": 17.0}},
        {"export": {}},
    ],
)
def test_equal_meaning_is_equal_digest(same: dict[str, Any]) -> None:
    assert digest_for(recipe(**same)) == digest_for(recipe())


def test_the_order_of_gates_means_nothing() -> None:
    first = {"id": "a", "metric": "auc", "min": 0.7}
    second = {"id": "b", "metric": "ece", "max": 0.1}
    assert digest_for(recipe(gates=[first, second])) == digest_for(recipe(gates=[second, first]))


def test_composed_and_decomposed_letters_mean_the_same() -> None:
    composed, decomposed = recipe(description="Gr\u00fcn"), recipe(description="Gru\u0308n")
    assert digest_for(composed) == digest_for(decomposed)


@pytest.mark.parametrize(
    "other",
    [
        {"model": {"op": "linear@1", "init": "baseline", "l2": 1.5}},
        {"train": {"seed": 18}},
        {"version": "1.0.1"},
        {"preprocess": []},
    ],
)
def test_other_meaning_is_another_digest(other: dict[str, Any]) -> None:
    assert digest_for(recipe(**other)) != digest_for(recipe())


def digest_for(document: dict[str, Any]) -> str:
    return recipes.digest(recipes.canonical(document, CATALOGUE))


# --- refusals: one row a rule, the path that is blamed, and words the sentence must hold


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    # shape
    ({"apiVersion": "recipe/v2"}, "apiVersion", 'must be "lineward.recipe/v1"'),
    ({"name": None}, "name", "name is missing"),
    ({"model": None}, "model", "model is missing"),
    ({"hooks": []}, "hooks", "hooks is not known; allowed in the document: apiVersion"),
    ({"name": "Surface Standard"}, "name", "1 to 64 of a-z"),
    ({"name": "a" * 65}, "name", "1 to 64 of a-z"),
    ({"name": "../../etc/passwd"}, "name", "beginning with a letter or digit"),
    ({"name": "\u0455urface"}, "name", "1 to 64 of a-z"),  # Cyrillic dze
    ({"name": "\uff53urface"}, "name", "1 to 64 of a-z"),  # full-width s
    ({"name": 7}, "name", "name is 7; it must be text"),
    ({"version": 1.0}, "version", "it must be text"),
    ({"version": "1.0"}, "version", "X.Y.Z"),
    ({"version": "1.0.0-rc1"}, "version", "X.Y.Z"),
    ({"version": "\u0661.0.0"}, "version", "X.Y.Z"),  # Arabic-Indic digit one
    ({"description": 5}, "description", "it must be text"),
    ({"description": "x" * 2001}, "description", "at most 2000 characters"),
    ({"task": {"kind": "audio"}}, "task.kind", 'must be "images" or "table"'),
    ({"task": {}}, "task.kind", "task.kind is missing"),
    ({"task": "images"}, "task", "it must be a mapping"),
    ({"data_contract": {"min_rows": 0}}, "data_contract.min_rows", "at least 4"),
    ({"data_contract": {"min_rows": True}}, "data_contract.min_rows", "a whole number"),
    ({"data_contract": {"min_rows": 40.5}}, "data_contract.min_rows", "a whole number"),
    ({"data_contract": {"max_missing": 1}}, "data_contract.max_missing", "less than 1"),
    (
        {"data_contract": {"split": {"respect": ["group", "group"]}}},
        "data_contract.split.respect",
        "must differ",
    ),
    ({"data_contract": {"split": {"holdout": 0}}}, "data_contract.split.holdout", "more than 0"),
    (
        {"data_contract": {"split": {"holdout": 0.6, "validation": 0.4}}},
        "data_contract.split",
        "0.4 for validation and 0.6 for the hold-out; below 1 together",
    ),
    ({"preprocess": {"op": "resize@1"}}, "preprocess", "it must be a list"),
    ({"augment": [{"op": "rotate@1"}] * 33}, "augment", "at most 32 entries"),
    ({"train": {"seed": -1}}, "train.seed", "train.seed is -1; it must be at least 0"),
    ({"train": {"epochs": 3}}, "train.epochs", "allowed in train: seed, threads"),
    ({"train": {"seed": "{{ seed }}"}}, "train.seed", "never filled in"),
    ({"export": {"format": "pickle"}}, "export.format", 'must be "onnx"'),
    ({"export": {"opset": 17}}, "export.opset", "export.opset is 17; it must be 18"),
    ({"export": {"parity": {"max_abs": 0}}}, "export.parity.max_abs", "more than 0"),
    ({"resolved_from": "x"}, "resolved_from", "SHA-256"),
    # hidden things
    ({"name": "${HOME}"}, "name", "instead of ${"),
    ({"name": "surface\n"}, "name", "hidden character (U+000A)"),
    ({"name": "sur\u202eface"}, "name", "hidden character (U+202E)"),
    ({"description": "a\u0007b"}, "description", "hidden character (U+0007)"),
    ({"description": "\ud800"}, "description", "hidden character (U+D800)"),
    ({"train": {"seed": float("nan")}}, "train.seed", "finite"),
    ({"train": {"seed": float("-inf")}}, "train.seed", "finite"),
    ({"train": {"seed": 10**400}}, "train.seed", "more digits than JSON can carry"),
    ({"train": {"seed": b"1"}}, "train.seed", "it must be a JSON value"),
    ({"train": {1: 2}}, "train", "has the key 1; keys are text"),
    ({"train": {"se\u2066ed": 2}}, "train", "key with a hidden character (U+2066)"),
    # operations
    ({"model": {"l2": 1}}, "model.op", "model.op is missing"),
    ({"model": {"op": "os.system@1"}}, "model.op", "name of an operation"),
    ({"model": {"op": "../../x@1"}}, "model.op", "name of an operation"),
    ({"model": {"op": "linear"}}, "model.op", "name of an operation"),
    ({"model": {"op": 1}}, "model.op", "it must be text"),
    ({"model": {"op": "${x}@1"}}, "model.op", "instead of ${"),
    (
        {"model": {"op": "liner@1"}},
        "model.op",
        "no such operation; did you mean linear@1? known for images in model: boosting@1, linear@1",
    ),
    ({"model": {"op": "linear@2"}}, "model.op", "did you mean linear@1?"),
    ({"model": {"op": "zzz@9"}}, "model.op", "no such operation; known for images"),
    ({"augment": [{"op": "resize@1"}]}, "augment.0.op", "belongs in preprocess"),
    ({"preprocess": [{"op": "impute@1"}]}, "preprocess.0.op", "works on table, not on images"),
    ({"model": {"op": "linear@1", "l2": 0}}, "model.l2", "model.l2 is 0; it must be more than 0"),
    ({"model": {"op": "linear@1", "l2": "1"}}, "model.l2", "a number"),
    ({"model": {"op": "linear@1", "label": 3}}, "model.label", "must be text or null"),
    ({"model": {"op": "linear@1", "weights": 1}}, "model.weights", "allowed in model: op, init"),
    ({"model": {"op": "linear@1", "init": "hub"}}, "model.init", '"baseline" or "scratch"'),
    ({"model": {"op": "boosting@1"}}, "model.trees", "model.trees is missing"),
    (
        {"model": {"op": "boosting@1", "trees": 5, "init": "baseline"}},
        "model.init",
        'must be "scratch"',
    ),
    ({"preprocess": [{"op": "resize@1", "size": [8]}]}, "preprocess.0.size", "at least 2 entries"),
    # gates
    ({"gates": [{"id": "g", "metric": "f2", "min": 0}]}, "gates.0.metric", '"accuracy"'),
    ({"gates": [{"id": "G!", "metric": "auc", "min": 0}]}, "gates.0.id", "1 to 64 of a-z"),
    ({"gates": [{"id": "g", "metric": "auc"}]}, "gates.0.min", "a gate on auc needs a min"),
    (
        {"gates": [{"id": "g", "metric": "ece", "min": 0.1}]},
        "gates.0.min",
        "gates.0.min is 0.1, but less ece is better: use max",
    ),
    (
        {"gates": [{"id": "g", "metric": "auc", "min": 0.1, "max": 0.9}]},
        "gates.0.max",
        "more auc is better",
    ),
    ({"gates": [{"id": "g", "metric": "auc", "min": 70}]}, "gates.0.min", "auc is from 0 to 1"),
    ({"gates": [{"id": "g", "metric": "auc", "min": -1}]}, "gates.0.min", "auc is from 0 to 1"),
    (
        {"gates": [{"id": "g", "metric": "latency_ms", "max": 0}]},
        "gates.0.max",
        "latency_ms is more than 0",
    ),
    (
        {"gates": [{"id": "g", "metric": "auc", "min": 0.5}] * 2},
        "gates.1.id",
        'gates.1.id is "g" again',
    ),
    # knobs
    (
        {"plant_may_set": {"gates.0.min": {"min": 0, "max": 1}}},
        "plant_may_set",
        'has the key "gates.0.min"; allowed: model.P',
    ),
    ({"plant_may_set": {"task.kind": {"choices": [1]}}}, "plant_may_set", "model.PARAMETER"),
    ({"plant_may_set": {"model.__class__": {"choices": [1]}}}, "plant_may_set", "model.PARAMETER"),
    ({"plant_may_set": {"model.l2": {"min": 0.1}}}, "plant_may_set.model.l2", "either {min"),
    ({"plant_may_set": {"model.l2": {"choices": []}}}, "plant_may_set.model.l2", "either {min"),
    (
        {"plant_may_set": {"model.nope": {"min": 0, "max": 1}}},
        "plant_may_set.model.nope",
        "leads nowhere: the recipe has no value at model.nope",
    ),
    (
        {"plant_may_set": {"augment.7.degrees": {"min": 0, "max": 1}}},
        "plant_may_set.augment.7.degrees",
        "leads nowhere",
    ),
    (
        {"plant_may_set": {"train.class_weights.0": {"choices": ["b"]}}},
        "plant_may_set.train.class_weights.0",
        "leads nowhere",
    ),
    (
        {"plant_may_set": {"model.op": {"choices": ["linear@1"]}}},
        "plant_may_set.model.op",
        "offers the operation itself",
    ),
    (
        {"plant_may_set": {"model.l2": {"min": 0, "max": 100}}},
        "plant_may_set.model.l2.min",
        "is 0; it must be more than 0",
    ),
    (
        {"plant_may_set": {"model.filters": {"min": 1, "max": 20.5}}},
        "plant_may_set.model.filters.max",
        "a whole number",
    ),
    (
        {"plant_may_set": {"model.l2": {"min": 5, "max": 2}}},
        "plant_may_set.model.l2",
        "min 5 above max 2",
    ),
    (
        {"plant_may_set": {"model.l2": {"min": 2, "max": 5}}},
        "plant_may_set.model.l2",
        "the recipe's own value 1 is not in it; choose from 2 to 5",
    ),
    (
        {"plant_may_set": {"model.init": {"choices": ["scratch"]}}},
        "plant_may_set.model.init",
        'own value "baseline" is not in it; choose "scratch"',
    ),
    (
        {"plant_may_set": {"model.init": {"choices": ["baseline", "hub"]}}},
        "plant_may_set.model.init.choices.1",
        '"baseline" or "scratch"',
    ),
    (
        {"plant_may_set": {"model.init": {"min": 0, "max": 1}}},
        "plant_may_set.model.init",
        "model.init is no number: use choices",
    ),
    (
        {"plant_may_set": {"model.bias": {"choices": [1]}}},
        "plant_may_set.model.bias.choices.0",
        "true or false",
    ),
]


@pytest.mark.parametrize(("sections", "path", "words"), REFUSED)
def test_a_broken_rule_is_named_with_its_path(
    sections: dict[str, Any], path: str, words: str
) -> None:
    fields = refusal(recipe(**sections))
    assert words in " ".join(fields[path])


@pytest.mark.parametrize("document", [None, [], "name: x", 7, {1: 2}, {}])
def test_what_is_no_recipe_at_all_is_refused(document: Any) -> None:
    assert refusal(document)


def test_deep_nesting_is_refused_without_recursion() -> None:
    document: Any = []
    for _ in range(50_000):
        document = [document]
    with pytest.raises(Invalid, match="nested deeper than 12 levels"):
        recipes.validate({"train": document}, CATALOGUE)


def test_too_many_values_are_refused() -> None:
    with pytest.raises(Invalid, match="more than 5000 values"):
        recipes.validate({"train": list(range(6000))}, CATALOGUE)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(RECIPE)), _JSON)
def test_anything_in_a_section_is_accepted_or_refused_in_words(section: str, value: Any) -> None:
    try:
        full = recipes.canonical(recipe() | {section: value}, CATALOGUE)
    except Invalid as refusal:
        full = refusal.fields
    assert full


def test_all_problems_are_reported_at_once() -> None:
    fields = refusal(recipe(name="A B", train={"seed": -1, "x": 1}, version="1"))
    assert set(fields) == {"name", "train.seed", "train.x", "version"}


def test_a_long_hostile_value_is_cut_in_the_sentence() -> None:
    fields = refusal(recipe(name="x" * 100_000, **{"y" * 100_000: 1}))
    assert all(len(path) < 200 for path in fields)
    assert all(len(text) < 600 for texts in fields.values() for text in texts)


def test_a_recipe_for_tables_takes_operations_for_tables() -> None:
    table = recipe(
        task={"kind": "table"},
        preprocess=[{"op": "impute@1"}],
        augment=None,
        model={"op": "boosting@1", "trees": 50},
        plant_may_set={"model.trees": {"min": 10, "max": 100}},
    )
    assert recipes.canonical(table, CATALOGUE)["model"]["init"] == "scratch"
