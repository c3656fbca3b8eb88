"""A recipe's stress section: closed words, bounded levels, the centre's own."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from plants.agent.ops import catalogue
from registry.domain import recipes, stress
from registry.domain.errors import Invalid
from registry.domain.recipe_pipeline import pipeline
from registry.domain.recipe_yaml import parse_yaml, written
from tests.registry.domain.recipe_cast import CATALOGUE, recipe

LIGHT = {"op": "light@1", "gain": [0.6, 1.6]}


def stored(*steps: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return recipes.canonical(recipe(stress=list(steps) or None, **sections), CATALOGUE)


def refused(steps: Any, **sections: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        recipes.validate(recipe(stress=steps, **sections), CATALOGUE)
    return caught.value.fields


def test_a_recipe_without_it_says_nothing_of_it_and_keeps_its_digest() -> None:
    assert "stress" not in stored()
    assert "stress" not in recipes.resolve(stored(), {}, CATALOGUE)
    assert recipes.digest(stored()) != recipes.digest(stored(LIGHT))


def test_order_means_nothing() -> None:
    blur = {"op": "blur@1", "sigma": [0.02, 0.01]}
    swapped = stored({"op": "light@1", "gain": [1.6, 0.6]}, blur)
    assert recipes.digest(stored(blur, LIGHT)) == recipes.digest(swapped)
    assert [step["op"] for step in swapped["stress"]] == ["blur@1", "light@1"]
    assert swapped["stress"][0]["sigma"] == [0.01, 0.02]


@pytest.mark.parametrize(
    ("steps", "path", "words"),
    [
        ([], "stress", "at least 1 entries"),
        ([{"op": "fog@1", "gain": [1]}], "stress.0.op", '"light@1", "blur@1"'),
        ([{"op": "sensor_noise@1", "spread": [1]}], "stress.0.op", "for images it must be"),
        ([{"op": "light@1"}], "stress.0.gain", "is missing"),
        ([{**LIGHT, "gain": []}], "stress.0.gain", "at least 1 entries"),
        ([{**LIGHT, "gain": [0]}], "stress.0.gain.0", "more than 0"),
        ([{**LIGHT, "gain": [17]}], "stress.0.gain.0", "at most 16"),
        ([{**LIGHT, "gain": [0.5, 0.5]}], "stress.0.gain", "must differ"),
        ([{**LIGHT, "gamma": [2]}], "stress.0.gamma", "is not known"),
        ([LIGHT, LIGHT], "stress.1.op", "join the two"),
        ({"op": "light@1"}, "stress", "must be a list"),
    ],
)
def test_what_it_does_not_name_is_refused_at_its_place(steps: Any, path: str, words: str) -> None:
    assert words in refused(steps)[path][0]


def test_levels_are_counted_over_all_entries() -> None:
    levels = [number / 100 for number in range(1, 13)]
    dark = {"op": "light@1", "gain": levels}
    noisy = {"op": "noise@1", "sigma": levels}
    assert len(stress.levels_of(stored(dark, noisy)["stress"])) == stress.MAX_LEVELS
    found = refused([dark, {**noisy, "sigma": [*levels, 5]}])
    assert found["stress"] == ["stress has 25 levels in all; at most 24 are tried."]


def test_a_plant_may_not_turn_it() -> None:
    offered = {"stress.0.gain.0": {"min": 0.1, "max": 2}}
    assert "plant_may_set" in refused([LIGHT], plant_may_set=offered)
    with pytest.raises(Invalid, match="not offered"):
        recipes.resolve(stored(LIGHT), {"stress.0.gain.0": 0.9}, CATALOGUE)


def test_adding_and_changing_it_is_a_minor_change_named_by_its_operation() -> None:
    added = recipes.diff(stored(), stored(LIGHT))
    assert [str(one) for one in added] == [
        "stress.light@1.gain added ([0.6, 1.6])",
        'stress.light@1.op added ("light@1")',
    ]
    (changed,) = recipes.diff(stored(LIGHT), stored({"op": "light@1", "gain": [0.4, 1.6]}))
    assert str(changed) == "stress.light@1.gain changed from [0.6, 1.6] to [0.4, 1.6]"
    recipes.check_successor(stored(), stored(LIGHT, version="1.1.0"))
    with pytest.raises(Invalid, match="minor change"):
        recipes.check_successor(stored(), stored(LIGHT, version="1.0.1"))


def test_the_pipeline_shows_it_before_the_gates_where_there_is_one() -> None:
    stages = {one.key: one for one in pipeline(stored(LIGHT), [])}
    assert list(stages)[-2:] == ["stress", "gates"]
    (step,) = stages["stress"].steps
    assert (step.title, step.parameters[0].value) == ("light@1", "[0.6, 1.6]")
    assert "stress" not in {one.key for one in pipeline(stored(), [])}


def test_it_is_written_as_people_read_it() -> None:
    text = written(stored(LIGHT))
    assert text.index("export:") < text.index("stress:\n- op: light@1") < text.index("gates:")
    assert recipes.canonical(parse_yaml(text), CATALOGUE) == stored(LIGHT)


def test_editors_are_told_the_same() -> None:
    validator = Draft202012Validator(recipes.published_schema(CATALOGUE))
    for one in stress.PERTURBATIONS.values():
        step = {"op": one.name, one.parameter: [one.maximum]}
        assert validator.is_valid(recipe(stress=[step]))
        assert not validator.is_valid(recipe(stress=[{**step, "more": [1]}]))


def test_no_word_stands_for_two_units() -> None:
    """An operation of the same name in `augment` measures in the same unit."""
    sigma = catalogue()["blur@1"].parameters["properties"]["sigma"]
    assert "share of the shorter side" in sigma["description"]
    assert "shorter side" in stress.PERTURBATIONS["blur@1"].unit
    assert "grey levels" in catalogue()["noise@1"].parameters["properties"]["sigma"]["description"]
    assert stress.PERTURBATIONS["noise@1"].unit == "grey levels"
