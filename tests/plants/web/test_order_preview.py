from __future__ import annotations

import pytest
from django.urls import reverse

from registry.models import Job
from registry.services import recipes

NEW = "plants:job-new"


@pytest.fixture
def previewed(client, shown, ines):
    """The order page's preview for some typed values."""
    client.force_login(ines)

    def ask(**typed):
        sent = {"recipe": str(shown.recipe.pk), "knobs_of": str(shown.recipe.pk)}
        values = {f"set:{path.replace('_', '.')}": value for path, value in typed.items()}
        return client.get(reverse(NEW), sent | values)

    return ask


def test_the_document_is_previewed_with_its_digest_and_its_difference(previewed, shown):
    before = Job.objects.count()
    answer = previewed(augment_0_degrees="3")
    found = answer.context["form"].preview
    _, digest = recipes.resolve(shown.recipe, {"augment.0.degrees": 3})
    assert found.digest == digest
    assert [str(one) for section in found.sections for one in section.changes] == [
        "augment.0.degrees changed from 7 to 3"
    ]
    page = answer.content.decode()
    assert digest in page
    assert "7 → 3" in page
    assert "resolved_from" in page
    assert Job.objects.count() == before


def test_untouched_values_preview_the_recipe_as_it_stands(previewed):
    answer = previewed()
    assert answer.context["form"].preview.changes == 0
    assert "as it stands" in answer.content.decode()


@pytest.mark.parametrize("value", ["99", "", "x", "nan", "1e400"])
def test_a_value_out_of_bounds_is_said_before_the_order(previewed, value):
    answer = previewed(augment_0_degrees=value)
    (problem,) = answer.context["form"].preview.problems
    assert problem.startswith("augment.0.degrees: ")
    assert not answer.context["form"].preview.digest


def test_values_typed_for_another_recipe_are_not_carried_over(client, shown, ines):
    client.force_login(ines)
    sent = {"recipe": str(shown.recipe.pk), "knobs_of": "another", "set:augment.0.degrees": "3"}
    answer = client.get(reverse(NEW), sent)
    assert answer.context["form"].preview.changes == 0


def test_without_a_recipe_there_is_nothing_to_preview(client, shown, ines):
    client.force_login(ines)
    answer = client.get(reverse(NEW))
    assert answer.context["form"].preview is None
    assert 'id="resolved"' in answer.content.decode()
