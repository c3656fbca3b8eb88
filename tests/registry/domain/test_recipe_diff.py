"""Successors: what changed, and the least version number that says so."""

from __future__ import annotations

from typing import Any

import pytest

from registry.domain import recipes
from registry.domain.errors import Conflict, Invalid
from registry.domain.recipe_diff import needed_part
from tests.registry.domain.recipe_cast import CATALOGUE, RECIPE, recipe


def stored(**sections: Any) -> dict[str, Any]:
    return recipes.canonical(recipe(**sections), CATALOGUE)


def changes(**sections: Any) -> list[str]:
    return [str(change) for change in recipes.diff(stored(), stored(**sections))]


def test_equal_documents_do_not_differ() -> None:
    assert changes() == []


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"train": {"seed": 18}}, ["train.seed changed from 17 to 18"]),
        (
            {"augment": [], "plant_may_set": {}},
            [
                "augment.0.degrees removed (was 7)",
                'augment.0.op removed (was "rotate@1")',
                "augment.0.probability removed (was 0.5)",
                'plant_may_set.augment.0.degrees removed (was {"max": 15, "min": 0})',
                'plant_may_set.model.init removed (was {"choices": ["baseline", "scratch"]})',
                'plant_may_set.model.l2 removed (was {"max": 100, "min": 0.0001})',
                'plant_may_set.train.seed removed (was {"max": 65535, "min": 0})',
            ],
        ),
        (
            {"preprocess": [{"op": "resize@1", "size": [96, 96]}]},
            ["preprocess.0.size changed from [96, 128] to [96, 96]"],
        ),
        (
            {"gates": [{"id": "sharp", "metric": "auc", "min": 0.9}, *RECIPE["gates"]]},
            [
                'gates.sharp.id added ("sharp")',
                'gates.sharp.metric added ("auc")',
                "gates.sharp.min added (0.9)",
                "gates.sharp.min_support added (20)",
            ],
        ),
        (
            {"model": {"op": "linear@1", "init": "baseline", "label": "x"}},
            ['model.label changed from null to "x"'],
        ),
        ({"model": {"op": "linear@1", "init": "baseline", "l2": 1.0}}, []),
    ],
)
def test_every_change_is_named(sections: dict[str, Any], expected: list[str]) -> None:
    assert changes(**sections) == expected


def test_a_difference_of_type_alone_is_a_change() -> None:
    difference = recipes.diff({"model": {"bias": True}}, {"model": {"bias": 1}})
    assert [(one.path, one.before, one.after) for one in difference] == [("model.bias", True, 1)]


def test_position_two_comes_before_position_ten() -> None:
    steps = [{"op": f"s{index}@1"} for index in range(12)]
    found = recipes.diff({"augment": []}, {"augment": steps})
    assert [change.path for change in found[1:4]] == [
        "augment.1.op",
        "augment.2.op",
        "augment.3.op",
    ]


@pytest.mark.parametrize(
    ("sections", "least"),
    [
        ({"description": "Other words."}, "1.0.1"),
        ({"train": {"seed": 18}}, "1.1.0"),
        (
            {
                "description": "Other words.",
                "augment": [],
                "plant_may_set": RECIPE["plant_may_set"] | {"augment.0.degrees": None},
            },
            "2.0.0",
        ),
        ({"gates": []}, "1.1.0"),
        (
            {"plant_may_set": RECIPE["plant_may_set"] | {"model.filters": {"min": 1, "max": 16}}},
            "1.1.0",
        ),
        ({"plant_may_set": RECIPE["plant_may_set"] | {"model.l2": {"choices": [1, 2]}}}, "1.1.0"),
        ({"plant_may_set": {}}, "2.0.0"),
        ({"task": {"kind": "images", "classes": "family"}}, "2.0.0"),
        (
            {
                "task": {"kind": "table"},
                "preprocess": [],
                "augment": [],
                "model": {"op": "boosting@1", "trees": 9},
                "plant_may_set": {},
            },
            "2.0.0",
        ),
    ],
)
def test_each_change_has_its_least_version(sections: dict[str, Any], least: str) -> None:
    knobs = sections.get("plant_may_set")
    if knobs:
        sections = sections | {"plant_may_set": {path: one for path, one in knobs.items() if one}}
    recipes.check_successor(stored(), stored(**sections, version=least))
    recipes.check_successor(stored(), stored(**sections, version="7.0.0"))
    if least != "1.0.1":
        with pytest.raises(Invalid, match=f"must be at least {least}") as caught:
            recipes.check_successor(stored(), stored(**sections, version="1.0.1"))
        assert caught.value.code == "bad-version"
        assert set(caught.value.fields) == {"version"}


def test_a_first_version_follows_nothing() -> None:
    recipes.check_successor(None, stored(version="0.1.0"))
    with pytest.raises(Invalid):
        recipes.check_successor(stored(), stored(version="0.1.0"))


def test_the_same_version_with_the_same_content_passes() -> None:
    recipes.check_successor(stored(), stored())
    with pytest.raises(Conflict):
        recipes.check_successor(stored(), stored(description="Other words, and nothing else."))


def test_the_same_version_with_other_content_says_exactly_what_changed() -> None:
    with pytest.raises(Conflict) as caught:
        recipes.check_successor(stored(), stored(train={"seed": 18}, gates=[]))
    assert caught.value.code == "recipe-changed"
    assert "train.seed changed from 17 to 18" in caught.value.message
    assert "gates.usable.min removed (was 0.5)" in caught.value.message
    assert "register it as 1.1.0 or later" in caught.value.message


def test_a_long_list_of_changes_is_cut() -> None:
    with pytest.raises(Conflict, match=r"; and 3 more; register it as 2\.0\.0"):
        recipes.check_successor(stored(), stored(augment=[], gates=[], plant_may_set={}))


def test_a_new_version_must_be_greater() -> None:
    with pytest.raises(
        Invalid, match=r"1\.0\.0 comes after 1\.2\.0: a new version must be greater"
    ):
        recipes.check_successor(stored(version="1.2.0"), stored())


def test_a_new_version_of_equal_content_may_be_registered() -> None:
    recipes.check_successor(stored(), stored(version="1.0.1"))
    assert needed_part([]) == "patch"


def test_another_name_is_another_line_of_versions() -> None:
    with pytest.raises(Invalid, match="Recipe other does not follow surface-standard"):
        recipes.check_successor(stored(), stored(name="other"))


def test_a_plants_resolved_document_is_not_registered_as_a_recipe() -> None:
    resolved = recipes.resolve(stored(), {"model.l2": 3}, CATALOGUE)
    for previous in (None, stored()):
        with pytest.raises(Invalid, match="carries a plant's choices"):
            recipes.check_successor(previous, resolved)
