from __future__ import annotations

from django.urls import reverse

from registry.domain import recipes as rules
from registry.models import Job, Recipe
from registry.services import recipes
from tests.factories import registry as rows
from tests.factories.registry import RECIPE_YAML

PICK = "registry:recipe-pick"


def published(clara, version: str, degrees: int) -> Recipe:
    from plants.services.access import scope_for

    text = RECIPE_YAML.format(name="tuned", version=version)
    return recipes.publish(
        scope_for(clara), source=text.replace("degrees: 7", f"degrees: {degrees}")
    )


def test_two_versions_are_compared_in_words_and_line_by_line(client, clara):
    before, after = published(clara, "1.0.0", 7), published(clara, "1.1.0", 12)
    client.force_login(clara)
    answer = client.get(reverse("registry:recipe-compare", args=[before.pk, after.pk]))
    page = answer.content.decode()
    comparison = answer.context["comparison"]
    assert (comparison.count, comparison.part) == (1, "minor")
    assert "7 → 12" in page
    assert [line.text.strip() for line in comparison.lines if line.kind == "come"] == [
        "version: 1.1.0",
        "degrees: 12",
    ]


def test_two_choices_lead_to_the_comparisons_own_address(client, shown, vera):
    client.force_login(vera)
    one, two = Recipe.objects.order_by("name", "version")[:2]
    answer = client.get(reverse(PICK), {"a": one.pk, "b": two.pk})
    assert answer.url == reverse("registry:recipe-compare", args=[one.pk, two.pk])
    page = client.get(reverse(PICK), {"a": one.pk})
    assert page.status_code == 200
    assert f'value="{one.pk}" selected' in page.content.decode()
    for nonsense in ("x", "00000000-0000-0000-0000-000000000000"):
        assert client.get(reverse(PICK), {"a": nonsense, "b": two.pk}).status_code == 200


def test_the_same_recipe_twice_differs_in_nothing(client, shown, vera):
    client.force_login(vera)
    pk = shown.recipe.pk
    answer = client.get(reverse("registry:recipe-compare", args=[pk, pk]))
    assert "do the same, value for value" in answer.content.decode()


def test_a_recipe_says_which_plant_runs_which_digest_and_what_it_changed(client, shown, clara):
    resolved = rules.resolve(shown.recipe.document, {"augment.0.degrees": 3}, recipes.catalogue())
    rows.job(
        shown.family,
        shown.recipe,
        "brno",
        resolved_recipe=resolved,
        resolved_digest=rules.digest(resolved),
    )
    client.force_login(clara)
    uses = client.get(shown.recipe.get_absolute_url()).context["uses"]
    tuned = next(use for use in uses if use.digest == rules.digest(resolved))
    assert (tuned.plant_code, tuned.jobs, tuned.versions) == ("brno", 1, [])
    assert [str(change) for change in tuned.changes] == ["augment.0.degrees changed from 7 to 3"]
    itself = next(use for use in uses if use.plant_code == "graz")
    assert itself.changes == []
    assert shown.local in itself.versions


def test_a_plants_people_read_of_their_own_use_only(client, shown, vera):
    assert Job.objects.filter(plant_code="brno").exists()
    client.force_login(vera)
    uses = client.get(shown.recipe.get_absolute_url()).context["uses"]
    assert {use.plant_code for use in uses} == {"centre", "graz"}
    assert all(not use.jobs for use in uses if use.plant_code == "centre")
