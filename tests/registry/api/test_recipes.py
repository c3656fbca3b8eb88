from __future__ import annotations

import pytest
from django.urls import reverse

from registry.models import Recipe
from tests.factories import registry as rows
from tests.factories.registry import RECIPE_YAML

CHECK = "registry-api:recipe-check"


def source(version: str = "1.0.0") -> str:
    return RECIPE_YAML.format(name="surface-standard", version=version)


@pytest.fixture
def check(client, clara):
    """What a program hears of a text."""
    client.force_login(clara)

    def ask(text: str):
        body = {"yaml": text}
        return client.post(reverse(CHECK), body, content_type="application/json").json()

    return ask


def test_a_program_hears_each_problem_with_its_line_and_nothing_is_written(check):
    found = check(source().replace("degrees: 7", "degrees: 700"))
    assert not found["is_publishable"]
    assert [(one["path"], one["line"]) for one in found["problems"]] == [("augment.0.degrees", 10)]
    assert not Recipe.objects.exists()


def test_it_hears_what_the_text_changes_and_which_number_that_takes(check):
    before = rows.recipe()
    found = check(source("1.1.0").replace("degrees: 7", "degrees: 12"))
    assert found["is_publishable"]
    assert (found["follows"], found["part"], found["least"]) == (str(before.pk), "minor", "1.1.0")
    assert found["sections"] == [
        {
            "title": "Augment",
            "changes": [{"path": "augment.0.degrees", "kind": "changed", "before": 7, "after": 12}],
        }
    ]
    assert Recipe.objects.count() == 1


def test_it_hears_that_the_text_is_published(check):
    known = rows.recipe()
    assert check(source())["is_published"] == str(known.pk)


@pytest.mark.parametrize("text", ["[" * 9_000, "a: &a [*a]", "x" * 300_000, "- \x01"])
def test_hostile_text_is_a_problem_and_no_failure(check, text):
    assert check(text)["problems"]


def test_two_recipes_are_compared_for_programs(client, clara):
    before, after = rows.recipe(), rows.recipe(version="1.1.0")
    client.force_login(clara)
    address = reverse("registry-api:recipe-compare", args=[before.pk, after.pk])
    found = client.get(address).json()
    assert (found["before"], found["after"]) == (str(before.pk), str(after.pk))
    assert (found["part"], found["sections"]) == ("patch", [])
