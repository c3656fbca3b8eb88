from __future__ import annotations

import pytest
from django.urls import reverse

from plants.models import Plant
from registry.models import Baseline, Job
from tests.factories import registry as rows

NEW = "plants:baseline-new"


@pytest.fixture
def next_recipe(shown):
    """The recipe's next version, with one value changed."""
    from registry.domain import recipes as rules
    from registry.models import Recipe
    from registry.services import recipes

    text = shown.recipe.source.replace("1.0.0", "1.2.0").replace("degrees: 7", "degrees: 12")
    document = rules.canonical(rules.parse_yaml(text), recipes.catalogue())
    return Recipe.objects.create(
        name=shown.recipe.name,
        version="1.2.0",
        task_kind="images",
        digest=rules.digest(document),
        document=document,
        source=text,
        published_by="clara",
    )


@pytest.fixture
def ready(shown, next_recipe):
    """A version of the centre that nobody has published."""
    return rows.version(shown.family, next_recipe, "centre", "1.1.0", n=240)


def standing(answer) -> dict[str, str]:
    return {step.word: step.standing for step in answer.context["flow"].steps}


def test_the_flow_begins_with_the_family(client, shown, clara):
    client.force_login(clara)
    answer = client.get(reverse(NEW))
    assert standing(answer)["family"] == "now"
    answer = client.get(reverse(NEW), {"family": "surface-defects"})
    assert standing(answer) | {"family": "done", "model": "now"} == standing(answer)
    page = answer.content.decode()
    assert "Reference plant: <strong>Central laboratory</strong>, and no other" in page
    assert "the lineage keeps it" in page


def test_training_is_ordered_at_the_centre_once_and_followed(client, shown, clara):
    client.force_login(clara)
    sent = {
        "act": "train",
        "family": "surface-defects",
        "recipe": str(shown.recipe.pk),
        "dataset": "castings",
        "parent": str(shown.local.pk),
        "idempotency_key": "one-click",
    }
    before = Job.objects.count()
    first, second = client.post(reverse(NEW), sent), client.post(reverse(NEW), sent)
    assert first.url == second.url
    assert Job.objects.count() == before + 1
    job = Job.objects.get(idempotency_key="one-click")
    assert (job.plant_code, job.parent) == ("centre", shown.local)
    page = client.get(first.url).content.decode()
    assert "under way" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_failed_training_says_why_and_its_retry_is_followed(client, shown, clara):
    client.force_login(clara)
    job = rows.job(shown.family, shown.recipe, "centre", "failed", code="out-of-memory")
    address = {"family": "surface-defects", "job": str(job.pk)}
    assert "ran out of memory" in client.get(reverse(NEW), address).content.decode()
    again = rows.job(shown.family, shown.recipe, "centre", retry_of=job)
    assert client.get(reverse(NEW), address).context["flow"].job == again


def test_a_finished_training_leads_on_to_its_version(client, shown, clara):
    client.force_login(clara)
    job = rows.job(shown.family, shown.recipe, "centre", "succeeded")
    made = rows.version(shown.family, shown.recipe, "centre", "1.0.1", job=job)
    answer = client.get(reverse(NEW), {"family": "surface-defects", "job": str(job.pk)})
    assert answer.context["flow"].version == made
    assert standing(answer)["model"] == "done"


def test_the_number_is_explained_and_the_recipes_change_shown(client, shown, clara, ready):
    client.force_login(clara)
    answer = client.get(reverse(NEW), {"family": "surface-defects", "version": ready.pk})
    page = answer.content.decode()
    assert "a minor step from 1.0.0: another recipe made it" in page
    assert "7 → 12" in page
    assert f"/versions/compare/?a={shown.baseline.pk}&amp;b={ready.pk}" in page
    assert "Publish baseline 1.1.0" in page


def test_publishing_takes_release_notes_and_replaces_the_baseline(client, shown, clara, ready):
    client.force_login(clara)
    sent = {"act": "publish", "family": "surface-defects", "version": str(ready.pk)}
    refused = client.post(reverse(NEW), sent | {"release_notes": "  "})
    assert refused.status_code == 422
    assert "Write at least one sentence" in refused.content.decode()
    assert not Baseline.objects.filter(version=ready).exists()
    answer = client.post(reverse(NEW), sent | {"release_notes": "Turns parts further."})
    current = Baseline.objects.get(family=shown.family, superseded_at=None)
    assert (current.version, current.release_notes) == (ready, "Turns parts further.")
    page = client.get(answer.url).content.decode()
    assert "every plant sees it offered" in page
    assert f"/versions/compare/?a={shown.baseline.pk}&amp;b={ready.pk}" in page
    assert "Publish baseline" not in page.split("</h1>")[1]
    assert client.post(reverse(NEW), sent | {"release_notes": "Again."}).status_code == 409


def test_a_plants_version_is_nothing_to_publish_here(client, shown, clara):
    client.force_login(clara)
    sent = {"act": "publish", "family": "surface-defects", "version": str(shown.local.pk)}
    answer = client.post(reverse(NEW), sent | {"release_notes": "Hers is better."})
    assert answer.status_code == 422
    assert not Baseline.objects.filter(version=shown.local).exists()


@pytest.mark.parametrize(
    "change",
    [{"recipe": "x"}, {"family": "nowhere"}, {"dataset": "No Such/Name"}, {"dataset": ""}],
    ids=str,
)
def test_an_unfit_training_is_not_ordered(client, shown, clara, change):
    client.force_login(clara)
    before = Job.objects.count()
    sent = {
        "act": "train",
        "family": "surface-defects",
        "recipe": str(shown.recipe.pk),
        "dataset": "castings",
    }
    assert client.post(reverse(NEW), sent | change).status_code == 422
    assert Job.objects.count() == before


def test_without_a_centre_or_its_data_the_page_says_the_way_out(client, db, clara):
    rows.family()
    client.force_login(clara)
    page = client.get(reverse(NEW), {"family": "surface-defects"}).content.decode()
    assert "is not open as a plant yet" in page
    Plant.objects.create(code="centre", name="Central laboratory")
    page = client.get(reverse(NEW), {"family": "surface-defects"}).content.decode()
    assert "names a data set of images" in page


@pytest.mark.parametrize("nonsense", ["x", "00000000-0000-4000-8000-000000000000"])
def test_an_address_of_nothing_leads_back_to_the_choice(client, shown, clara, nonsense):
    client.force_login(clara)
    address = {"family": "surface-defects", "job": nonsense, "version": nonsense}
    answer = client.get(reverse(NEW), address)
    assert answer.status_code == 200
    assert standing(answer)["model"] == "now"


@pytest.mark.parametrize("who", ["ines", "petra", "vera", "adam"])
def test_only_a_central_data_scientist_may(client, shown, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse(NEW)).status_code == 403
    assert client.post(reverse(NEW), {"act": "publish"}).status_code == 403
