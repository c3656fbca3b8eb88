from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from plants.models import Plant, Worker
from plants.services import runs
from plants.services.access import scope_for
from registry.domain.jobs import JobKind
from registry.models import Job
from tests.factories import plants as fleet_rows
from tests.factories import registry as rows

NEW = "plants:run-new"


@pytest.fixture
def wish(shown) -> dict[str, object]:
    """A complete run at two plants, as the form sends it."""
    return {
        "kind": "retrain",
        "family": "surface-defects",
        "parent": "",
        "recipe": str(shown.recipe.pk),
        "knobs_of": str(shown.recipe.pk),
        "set:augment.0.degrees": "4",
        "set:train.seed": "17",
        "set:model.init": '"baseline"',
        "plant": ["graz", "brno"],
    }


def row_of(answer, code):
    return next(row for row in answer.context["form"].rows if row.candidate.facts.code == code)


def test_every_plant_is_listed_with_its_data_its_worker_and_why_it_cannot(client, shown, clara):
    Plant.objects.filter(code="monterrey").update(closed_at=timezone.now())
    client.force_login(clara)
    answer = client.get(reverse(NEW), {"family": "surface-defects", "recipe": shown.recipe.pk})
    assert row_of(answer, "graz").prospect.chosen.name == "castings"
    assert row_of(answer, "graz").candidate.work.waiting == 0
    assert "silent" in row_of(answer, "brno").prospect.notes[0]
    assert "closed" in row_of(answer, "monterrey").prospect.reason
    assert not any(row.is_ticked for row in answer.context["form"].rows)


def test_a_data_set_that_the_family_used_is_proposed_before_another(client, shown, clara):
    worker = Worker.objects.get(plant="graz")
    worker.datasets = [{"name": "aluminium", "kind": "images", "rows": 900}, *worker.datasets]
    worker.save()
    Job.objects.filter(plant_code="graz", dataset="castings").update(state="succeeded")
    client.force_login(clara)
    choices = {"family": "surface-defects", "recipe": shown.recipe.pk}
    found = row_of(client.get(reverse(NEW), choices), "graz").prospect
    assert found.chosen.name == "castings"
    wished = client.get(reverse(NEW), choices | {"dataset:graz": "aluminium"})
    assert "aluminium yet" in row_of(wished, "graz").prospect.notes[0]


def test_plants_are_ticked_before_the_rest_is_chosen(client, shown, clara):
    client.force_login(clara)
    page = client.get(reverse(NEW)).content.decode()
    # Without this, the browser refuses the button until family and recipe are chosen.
    assert page.count("formnovalidate>Tick") == 2


def test_all_that_fit_are_ticked_at_once_and_none_again(client, shown, clara):
    client.force_login(clara)
    choices = {"family": "surface-defects", "recipe": shown.recipe.pk}
    form = client.get(reverse(NEW), choices | {"tick": "fitting"}).context["form"]
    assert {row.candidate.facts.code for row in form.rows if row.is_ticked} == {
        *("brno", "centre", "graz")
    }
    form = client.get(reverse(NEW), choices | {"tick": "none", "plant": "graz"}).context["form"]
    assert form.sent == []


def test_a_preview_says_what_goes_where_and_orders_nothing(client, shown, clara, wish):
    client.force_login(clara)
    before = Job.objects.count()
    answer = client.get(reverse(NEW), wish | {"preview": "1", "plant": ["graz", "monterrey"]})
    page = answer.content.decode()
    assert answer.context["is_preview"]
    assert [row.candidate.facts.code for row in answer.context["form"].sent] == ["graz"]
    assert [row.candidate.facts.code for row in answer.context["form"].left_out] == ["monterrey"]
    assert answer.context["form"].preview.digest in page
    assert f"it starts from {shown.baseline}" in page
    assert "Order 1 job" in page
    assert Job.objects.count() == before


def test_an_address_that_names_no_value_previews_the_recipe_itself(client, shown, clara):
    client.force_login(clara)
    address = {"family": "surface-defects", "recipe": shown.recipe.pk, "plant": "graz"}
    answer = client.get(reverse(NEW), address | {"preview": "1"})
    assert answer.context["is_preview"]
    assert answer.context["form"].preview.changes == 0


def test_each_plant_gets_one_job_and_a_second_click_orders_nothing_twice(
    client, shown, clara, wish
):
    client.force_login(clara)
    key, before = str(uuid4()), Job.objects.count()
    first = client.post(reverse(NEW), wish | {"key": key})
    second = client.post(reverse(NEW), wish | {"key": key})
    assert first.url == second.url == reverse("plants:run-detail", args=[key])
    made = Job.objects.filter(idempotency_key__startswith=f"run:{key}:")
    assert Job.objects.count() == before + 2
    assert {job.plant_code for job in made} == {"graz", "brno"}
    assert {job.resolved_recipe["augment"][0]["degrees"] for job in made} == {4}
    assert {job.parent for job in made} == {shown.baseline}
    page = client.get(first.url).content.decode()
    assert "0 of 2 have ended" in page
    assert 'hx-trigger="every 2s"' in page


def test_an_evaluation_goes_out_by_the_rules_of_the_versions_own_recipe(client, shown, clara):
    client.force_login(clara)
    sent = {
        "kind": "evaluate",
        "family": "surface-defects",
        "parent": str(shown.baseline.pk),
        "plant": ["graz"],
        "key": str(uuid4()),
    }
    client.post(reverse(NEW), sent)
    job = Job.objects.get(idempotency_key=f"run:{sent['key']}:graz")
    assert (job.kind, job.parent, job.recipe) == ("evaluate", shown.baseline, shown.recipe)


def test_an_engineer_runs_at_her_own_plant_only(client, shown, ines, wish):
    client.force_login(ines)
    key = str(uuid4())
    form = client.get(reverse(NEW)).context["form"]
    assert [row.candidate.facts.code for row in form.rows] == ["graz"]
    client.post(reverse(NEW), wish | {"key": key})
    assert [job.plant_code for job in Job.objects.filter(idempotency_key__contains=key)] == ["graz"]


@pytest.mark.parametrize("who", ["vera", "petra", "adam", "nobody"])
def test_others_are_told_who_may(client, shown, request, who, wish):
    client.force_login(request.getfixturevalue(who))
    before = Job.objects.count()
    for answer in (client.get(reverse(NEW)), client.post(reverse(NEW), wish)):
        assert answer.status_code == 403
    assert Job.objects.count() == before


@pytest.mark.parametrize(
    "change",
    [
        {"plant": []},
        {"plant": ["monterrey"]},
        {"plant": ["nowhere"]},
        {"key": "x"},
        {"set:augment.0.degrees": "99"},
        {"recipe": "x"},
        {"family": ""},
    ],
    ids=str,
)
def test_an_unfit_run_orders_nothing_at_any_plant(client, shown, clara, wish, change):
    client.force_login(clara)
    before = Job.objects.count()
    answer = client.post(reverse(NEW), wish | {"key": str(uuid4())} | change)
    assert answer.status_code == 422
    assert Job.objects.count() == before


def test_a_version_of_another_family_is_not_on_offer(client, shown, clara, wish):
    client.force_login(clara)
    key = str(uuid4())
    other = rows.version(rows.family("other"), shown.recipe, "brno")
    answer = client.post(reverse(NEW), wish | {"key": key, "parent": str(other.pk)})
    assert answer.status_code == 422
    assert not Job.objects.filter(idempotency_key__contains=key).exists()


def test_one_plants_refusal_keeps_no_other_from_its_job(shown, clara):
    Plant.objects.filter(code="brno").update(closed_at=timezone.now())
    run = runs.Run(
        key=uuid4(),
        kind=JobKind.RETRAIN,
        family=shown.family,
        recipe=shown.recipe,
        datasets={"brno": "castings", "graz": "castings", "nowhere": "castings"},
    )
    brno, graz, nowhere = runs.order(scope_for(clara), run)
    assert (brno.job, nowhere.job) == (None, None)
    assert "closed" in brno.refusal
    assert graz.job.plant_code == "graz"
    assert Job.objects.filter(idempotency_key__contains=str(run.key)).count() == 1


def test_a_run_shows_each_reader_their_own_plants_jobs(client, shown, clara, ines, stan, wish):
    client.force_login(clara)
    key = uuid4()
    client.post(reverse(NEW), wish | {"key": str(key)})
    client.force_login(ines)
    page = client.get(reverse("plants:run-detail", args=[key]))
    assert [job.plant_code for job in page.context["page"].jobs] == ["graz"]
    client.force_login(stan)
    assert client.get(reverse("plants:run-detail", args=[key])).status_code == 404
    assert client.get(reverse("plants:run-detail", args=[uuid4()])).status_code == 404


def test_an_ended_run_stops_asking(client, shown, clara, wish):
    client.force_login(clara)
    key = uuid4()
    client.post(reverse(NEW), wish | {"key": str(key)})
    Job.objects.filter(idempotency_key__contains=str(key)).update(state="succeeded")
    page = client.get(reverse("plants:run-detail", args=[key])).content.decode()
    assert "All have ended" in page
    assert "every 2s" not in page


def test_fifty_plants_take_as_many_queries_as_four(client, shown, clara):
    client.force_login(clara)
    address = f"{reverse(NEW)}?family=surface-defects&recipe={shown.recipe.pk}"
    client.get(address)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    few = asked()
    for number in range(46):
        fleet_rows.worker(fleet_rows.plant(f"nova-{number}", f"Nova {number}"))
        rows.manifest(f"nova-{number}")
    assert asked() == few
