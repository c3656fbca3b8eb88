from __future__ import annotations

from dataclasses import replace

import pytest

from registry.domain.differences import Made, causes, changed_keys, why

NEW = Made(
    name="1.1.0",
    classes=("good", "dent"),
    plant="graz",
    data="d" * 64,
    rows=300,
    recipe={"name": "surface", "version": "1.0.0", "model": {"l2": 1.0}, "train": {"seed": 17}},
    parent="p",
    parent_name="surface 1.0.0 (centre)",
    code="c" * 40,
    environment={"python": "3.11"},
    hyperparameters={"l2": 1.0},
    seed=17,
    artifact="a",
)
OLD = replace(NEW, name="1.0.0", artifact="b")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"classes": ("good", "pit")}, "classes"),
        ({"is_upload": True}, "upload"),
        ({"data": "e" * 64, "rows": 420}, "data"),
        ({"data": "e" * 64, "plant": "brno"}, "data"),
        ({"recipe": {**OLD.recipe, "model": {"l2": 2.0}}}, "recipe"),
        ({"parent": ""}, "parent"),
        ({"code": "e" * 40}, "code"),
        ({"environment": {"python": "3.12"}}, "environment"),
        ({"seed": 18}, "seed"),
        ({"hyperparameters": {"l2": 3.0}}, "fitted"),
    ],
)
def test_one_difference_is_the_only_one_named(change, kind):
    (cause,) = causes(NEW, replace(OLD, **change))
    assert cause.kind == kind
    assert why(NEW, replace(OLD, **change)).startswith(f"Only {cause.word} differs: ")


def test_words_of_a_recipe_its_gates_and_its_bounds_are_no_cause():
    recipe = {**OLD.recipe, "version": "1.0.1", "description": "x", "plant_may_set": {"a": {}}}
    assert causes(NEW, replace(OLD, recipe=recipe)) == []
    assert why(NEW, replace(OLD, recipe=recipe)).startswith("Nothing that is on record")


def test_data_come_before_code_and_code_before_a_seed():
    other = replace(OLD, seed=3, code="e" * 40, data="e" * 64, hyperparameters={"l2": 9.0})
    assert [cause.kind for cause in causes(NEW, other)] == ["data", "code", "seed"]
    said = why(NEW, other, is_real=True)
    assert said.startswith("The likeliest reason is the data: ")
    assert said.endswith("Also different: the code commit and the seed.")
    assert why(NEW, other).startswith("What differs above all is the data: ")


def test_the_same_bytes_have_no_reason_to_differ():
    assert why(NEW, replace(OLD, artifact="a", seed=3)) == "Both are the same file, byte for byte."


def test_an_upload_s_judging_recipe_is_no_cause():
    other = replace(OLD, is_upload=True, recipe={"model": {"l2": 5.0}})
    assert [cause.kind for cause in causes(NEW, other)] == ["upload"]


def test_data_that_are_not_on_record_are_not_called_different():
    assert causes(NEW, replace(OLD, data="", rows=None)) == []


def test_a_value_that_only_one_has_is_a_change():
    assert changed_keys({"a": 1, "b": None}, {"a": 1.0, "c": 2}) == ["b", "c"]
