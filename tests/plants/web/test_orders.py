from __future__ import annotations

import pytest
from django.urls import reverse

from registry.domain.jobs import JobState
from registry.models import Job
from tests.factories import registry as rows

NEW = "plants:job-new"


@pytest.fixture
def order(shown) -> dict[str, str]:
    """A complete order of a retraining, as the form sends it."""
    return {
        "kind": "retrain",
        "plant": "graz",
        "dataset": "castings",
        "family": "surface-defects",
        "parent": "",
        "recipe": str(shown.recipe.pk),
        "set:augment.0.degrees": "7",
        "set:train.seed": "17",
        "set:model.init": '"scratch"',
        "idempotency_key": "one-click",
    }


def ordered(shown) -> list[Job]:
    known = (shown.running, shown.queued, shown.failed, shown.gate_failed, shown.done)
    return list(Job.objects.exclude(pk__in=[job.pk for job in known]))


def test_the_form_offers_what_the_plants_workers_hold(client, shown, ines):
    client.force_login(ines)
    form = client.get(reverse(NEW), {"plant": "graz"}).context["form"]
    values = [value for value, _ in form.fields["dataset"].choices]
    assert values == ["", "castings", "press-readings"]


def test_an_engineer_is_offered_her_own_plant_only_and_it_is_chosen(client, shown, ines):
    client.force_login(ines)
    form = client.get(reverse(NEW)).context["form"]
    assert form.fields["plant"].choices == [("graz", "Graz")]
    assert form["plant"].value() == "graz"


def test_a_recipe_brings_its_values_with_their_bounds(client, shown, ines):
    client.force_login(ines)
    page = client.get(reverse(NEW), {"recipe": str(shown.recipe.pk)}).content.decode()
    assert 'name="set:augment.0.degrees" value="7"' in page
    assert 'max="15"' in page
    assert "From 0 to 15; the recipe says 7." in page


def test_an_untouched_form_orders_the_recipe_itself(client, shown, ines, order):
    client.force_login(ines)
    answer = client.post(reverse(NEW), order)
    (job,) = ordered(shown)
    assert answer.url == job.get_absolute_url()
    assert job.state == JobState.QUEUED
    assert job.requested_by == "ines"
    assert job.resolved_recipe["augment"][0]["degrees"] == 7


def test_changed_values_reach_the_job_typed(client, shown, ines, order):
    client.force_login(ines)
    client.post(
        reverse(NEW),
        order | {"set:augment.0.degrees": "2.5", "set:model.init": '"baseline"'},
    )
    (job,) = ordered(shown)
    assert job.resolved_recipe["augment"][0]["degrees"] == 2.5
    assert job.resolved_recipe["model"]["init"] == "baseline"
    assert job.parent == shown.baseline


def test_sending_the_form_twice_orders_once(client, shown, ines, order):
    client.force_login(ines)
    first, second = client.post(reverse(NEW), order), client.post(reverse(NEW), order)
    assert first.url == second.url
    assert len(ordered(shown)) == 1


def test_a_value_beyond_its_bounds_is_refused_at_its_field(client, shown, ines, order):
    client.force_login(ines)
    answer = client.post(reverse(NEW), order | {"set:augment.0.degrees": "700"})
    assert answer.status_code == 422
    assert "set:augment.0.degrees" in answer.context["form"].errors
    assert ordered(shown) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plant", "brno"),
        ("plant", ""),
        ("dataset", "never-heard-of"),
        ("recipe", "00000000-0000-0000-0000-000000000000"),
        ("family", "none-such"),
        ("kind", "explode"),
        ("parent", "x"),
    ],
)
def test_what_is_not_offered_is_refused(client, shown, ines, order, name, value):
    client.force_login(ines)
    answer = client.post(reverse(NEW), order | {name: value})
    assert answer.status_code == 422
    assert ordered(shown) == []


def test_an_evaluation_takes_a_version_and_the_recipe_that_made_it(client, shown, ines):
    client.force_login(ines)
    wish = {
        "kind": "evaluate",
        "plant": "graz",
        "dataset": "castings",
        "family": "surface-defects",
        "parent": str(shown.baseline.pk),
        "idempotency_key": "score",
    }
    assert client.post(reverse(NEW), wish | {"parent": ""}).status_code == 422
    client.post(reverse(NEW), wish)
    (job,) = ordered(shown)
    assert (job.kind, job.parent, job.recipe) == ("evaluate", shown.baseline, shown.recipe)


def test_a_refusal_of_the_service_stands_on_the_form(client, shown, clara, order):
    rows.family("bare")
    client.force_login(clara)
    wish = order | {"family": "bare", "set:model.init": '"baseline"'}
    answer = client.post(reverse(NEW), wish)
    assert answer.status_code == 422
    assert "There is no baseline to start from." in answer.content.decode()
    assert ordered(shown) == []


def test_a_plant_without_data_says_what_to_do(client, shown, clara):
    client.force_login(clara)
    page = client.get(reverse(NEW), {"plant": "monterrey"}).content.decode()
    assert "No worker of this plant names a data set." in page


@pytest.mark.parametrize("who", ["vera", "otto", "petra", "nobody"])
def test_whoever_may_not_order_is_refused_and_told_who_may(client, shown, request, order, who):
    client.force_login(request.getfixturevalue(who))
    for answer in (client.get(reverse(NEW)), client.post(reverse(NEW), order)):
        assert answer.status_code == 403
        assert "central data scientists" in answer.content.decode()
    assert ordered(shown) == []


def test_an_engineer_of_another_plant_cannot_order_at_this_one(client, shown, stan, order):
    client.force_login(stan)
    assert client.post(reverse(NEW), order).status_code == 422
    assert ordered(shown) == []


def test_ordering_takes_signing_in(client, shown, order):
    assert client.post(reverse(NEW), order).status_code == 302
    assert ordered(shown) == []
