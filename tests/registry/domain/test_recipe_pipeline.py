from __future__ import annotations

from plants.agent.ops import catalogue
from registry.domain import recipes
from registry.domain.recipe_diff import by_section, content_changes
from registry.domain.recipe_pipeline import pipeline
from registry.domain.text_diff import text_diff
from tests.factories.registry import RECIPE_YAML


def document(**changes: str):
    text = RECIPE_YAML.format(name="surface", version="1.0.0")
    for before, after in changes.items():
        text = text.replace(before.replace("_", " "), after)
    return recipes.canonical(recipes.parse_yaml(text), catalogue())


def test_a_row_goes_from_the_contract_to_the_gates():
    found = document()
    stages = pipeline(found, recipes.knobs(found, catalogue()))
    assert [stage.key for stage in stages] == [
        *("data_contract", "preprocess", "augment", "model", "train", "export", "gates")
    ]
    assert "training rows only" in stages[2].note
    assert [step.title for step in stages[1].steps] == ["resize@1"]
    assert stages[6].steps[0].title == "usable"


def test_what_a_plant_may_turn_is_marked_and_nothing_else():
    found = document()
    stages = pipeline(found, recipes.knobs(found, catalogue()))
    turned = {
        f"{stage.key}.{one.name}": one.bounds
        for stage in stages
        for step in stage.steps
        for one in step.parameters
        if one.bounds
    }
    assert turned == {
        "augment.degrees": "0 to 15",
        "model.init": "baseline or scratch",
        "train.seed": "0 to 65535",
    }


def test_nested_values_keep_their_way():
    parameters = pipeline(document(), [])[0].steps[0].parameters
    assert "split.holdout" in [one.name for one in parameters]


def test_changes_stand_under_their_sections_in_reading_order():
    before = document()
    after = document(seed__17="seed: 18", **{"degrees:_7": "degrees: 12"})
    after = {**after, "train": {**after["train"], "seed": 18}, "version": "1.1.0"}
    sections = by_section(content_changes(before, after))
    assert [section.title for section in sections] == ["Augment", "Training"]
    (change,) = sections[0].changes
    assert (change.path, change.arrow) == ("augment.0.degrees", "7 → 12")


def test_equal_texts_differ_in_no_line():
    assert text_diff("a\nb", "a\nb") == []


def test_lines_far_apart_are_told_apart():
    before = "\n".join(map(str, range(40)))
    after = before.replace("3\n", "three\n", 1).replace("\n38", "\nlast")
    lines = text_diff(before, after)
    assert [line.text for line in lines if line.kind == "come"] == ["three", "last"]
    assert sum(line.kind == "skip" for line in lines) == 2
