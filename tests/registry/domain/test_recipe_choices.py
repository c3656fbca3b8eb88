"""Recipes: what a plant may choose within their bounds, and the published schema."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from registry.domain import recipes
from registry.domain.digests import digest_of
from registry.domain.errors import Conflict, Invalid
from registry.domain.recipe_schema import structure
from tests.registry.domain.recipe_cast import CATALOGUE, recipe
from tests.registry.domain.test_recipes import REFUSED


def stored(**sections: Any) -> dict[str, Any]:
    return recipes.canonical(recipe(**sections), CATALOGUE)


def test_a_plants_choices_give_a_document_of_its_own() -> None:
    base = stored()
    resolved = recipes.resolve(
        base, {"model.l2": 10, "augment.0.degrees": 3.5, "model.init": "scratch"}, CATALOGUE
    )
    assert resolved["model"]["l2"] == 10
    assert resolved["augment"][0]["degrees"] == 3.5
    assert resolved["model"]["init"] == "scratch"
    assert resolved["resolved_from"] == recipes.digest(base)
    assert recipes.digest(resolved) != recipes.digest(base)
    assert base == stored()
    recipes.validate(resolved, CATALOGUE)


def test_no_choices_still_name_the_recipe_they_came_from() -> None:
    base = stored()
    assert recipes.resolve(base, {}, CATALOGUE) == base | {"resolved_from": digest_of(base)}


def test_equal_choices_give_equal_documents() -> None:
    first = recipes.resolve(stored(), {"train.seed": 5, "model.l2": 2.0}, CATALOGUE)
    second = recipes.resolve(stored(), {"model.l2": 2, "train.seed": 5.0}, CATALOGUE)
    assert recipes.digest(first) == recipes.digest(second)


def test_a_position_in_a_list_can_be_offered() -> None:
    base = stored(
        plant_may_set={
            "preprocess.0.size.0": {"min": 64, "max": 1024},
            "preprocess.0.size.1": {"min": 64, "max": 512},
            "preprocess.0.size": {"choices": [[96, 128], [64, 64]]},
        }
    )
    resolved = recipes.resolve(base, {"preprocess.0.size": [64, 64]}, CATALOGUE)
    assert resolved["preprocess"][0]["size"] == [64, 64]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("model.l2", 1000, "model.l2 is 1000; choose from 0.0001 to 100"),
        ("model.l2", "10", 'model.l2 is "10"; it must be a number'),
        ("model.l2", True, "model.l2 is true; it must be a number"),
        ("model.l2", None, "must be a number"),
        ("model.l2", float("nan"), "finite"),
        ("model.l2", [1], "must be a number"),
        ("train.seed", 1.5, "a whole number"),
        ("model.init", "hub", '"baseline" or "scratch"'),
        ("model.filters", 8, "model.filters is not offered by this recipe; a plant may set"),
        ("gates.0.min", 0, "not offered"),
        ("model.op", "boosting@1", "not offered"),
        ("", 0, "not offered"),
        ("x" * 5000, 0, "not offered"),
    ],
)
def test_a_choice_that_is_not_offered_is_refused(path: str, value: Any, words: str) -> None:
    base = stored()
    with pytest.raises(Invalid, match="choices do not fit") as caught:
        recipes.resolve(base, {path: value}, CATALOGUE)
    assert words in str(caught.value.fields)
    assert base == stored()


def test_a_choice_outside_the_offered_ones_is_refused() -> None:
    base = stored(plant_may_set={"model.filters": {"choices": [8, 16]}})
    with pytest.raises(Invalid, match=r"model\.filters is 12; choose 8 or 16"):
        recipes.resolve(base, {"model.filters": 12}, CATALOGUE)


def test_a_nullable_number_keeps_its_bounds() -> None:
    base = stored(plant_may_set={"model.label": {"choices": [None, "night"]}})
    assert recipes.resolve(base, {"model.label": "night"}, CATALOGUE)["model"]["label"] == "night"


def test_a_recipe_without_knobs_says_so() -> None:
    with pytest.raises(Invalid, match="a plant may set: nothing"):
        recipes.resolve(stored(plant_may_set={}), {"model.l2": 2}, CATALOGUE)


def test_a_resolved_recipe_is_not_resolved_again() -> None:
    resolved = recipes.resolve(stored(), {}, CATALOGUE)
    with pytest.raises(Conflict, match="resolved already"):
        recipes.resolve(resolved, {"model.l2": 2}, CATALOGUE)


def test_knobs_tell_a_form_all_it_needs() -> None:
    by_path = {knob.path: knob for knob in recipes.knobs(stored(), CATALOGUE)}
    assert dataclasses.asdict(by_path["model.l2"]) == {
        "path": "model.l2",
        "type": "number",
        "value": 1,
        "minimum": 0.0001,
        "maximum": 100,
        "choices": (),
        "description": "pull towards the start",
    }
    assert by_path["train.seed"].type == "integer"
    assert by_path["model.init"].type == "choice"
    assert by_path["model.init"].choices == ("baseline", "scratch")
    assert by_path["augment.0.degrees"].description == "largest angle in degrees"


# --- the published schema


def test_the_published_schema_is_a_valid_schema_and_pure_json() -> None:
    schema = recipes.published_schema(CATALOGUE)
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def test_an_empty_catalogue_publishes_a_schema_that_accepts_nothing() -> None:
    schema = recipes.published_schema({})
    Draft202012Validator.check_schema(schema)
    assert not Draft202012Validator(schema).is_valid(recipe())


@pytest.mark.parametrize(
    "document", [recipe(), recipe(augment=None, plant_may_set={}), recipe(gates=[])]
)
def test_the_published_schema_accepts_what_the_code_accepts(document: dict[str, Any]) -> None:
    validator = Draft202012Validator(recipes.published_schema(CATALOGUE))
    assert validator.is_valid(document)
    assert validator.is_valid(recipes.canonical(document, CATALOGUE))


@pytest.mark.parametrize(("sections", "path", "words"), REFUSED)
def test_the_published_schema_refuses_no_more_than_the_code(
    sections: dict[str, Any], path: str, words: str
) -> None:
    document = recipe(**sections)
    own = Draft202012Validator(structure()).is_valid(document)
    published = Draft202012Validator(recipes.published_schema(CATALOGUE)).is_valid(document)
    assert own or not published


def test_unknown_operations_break_the_published_schema_too() -> None:
    validator = Draft202012Validator(recipes.published_schema(CATALOGUE))
    assert not validator.is_valid(recipe(model={"op": "liner@1"}))
    assert not validator.is_valid(recipe(model={"op": "linear@1", "l2": 0}))
    assert not validator.is_valid(recipe(augment=[{"op": "resize@1"}]))
