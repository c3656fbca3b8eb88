from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from plants.models import Worker
from registry.domain.jobs import FAILURE_CODES
from registry.models import Job
from tests.factories import plants as sites
from tests.factories import registry as rows

HOME = "governance:home"


def sentence(client) -> str:
    return client.get(reverse(HOME)).context["page"].sentence


def test_the_first_page_takes_signing_in(client):
    assert client.get(reverse(HOME)).url.startswith(reverse("account_login"))


def test_it_opens_with_one_sentence_of_who_works_and_who_does_not(client, shown, petra):
    client.force_login(petra)
    assert sentence(client) == (
        "3 of 3 plants need you: Brno has had no worker for 12 minutes, "
        "Monterrey has no worker yet, 1 line at Graz has no owner, and 2 jobs need somebody."
    )


def test_a_plant_that_needs_nobody_is_not_counted(client, shown, petra):
    sites.worker(sites.plant("monterrey", "Monterrey"))
    client.force_login(petra)
    assert sentence(client).startswith(
        "2 of 3 plants need you: Brno has had no worker for 12 minutes"
    )


def test_when_all_is_well_it_says_so_and_nothing_needs_anybody(client, graz, leipzig, petra):
    sites.worker(graz), sites.worker(leipzig)
    client.force_login(petra)
    assert sentence(client) == (
        "All 2 plants are at work, no champion is clearly below its baseline, "
        "and no job needs anybody."
    )
    assert "Nobody: no champion is below its norm" in client.get(reverse(HOME)).content.decode()


def test_a_worker_silent_for_days_is_not_called_silent_for_hours(client, graz, petra):
    sites.worker(graz, timedelta(days=2, hours=1).total_seconds())
    client.force_login(petra)
    assert "Graz has had no worker for 2 days" in sentence(client)


@pytest.mark.parametrize(("silent", "entries"), [(3, 3), (4, 1)])
def test_many_plants_silent_at_once_are_one_piece_of_news(client, petra, silent, entries):
    for at in range(silent):
        sites.worker(sites.plant(f"p{at}", f"Plant {at}"), 7200)
    sites.plant("new", "Newcomer")
    client.force_login(petra)
    page = client.get(reverse(HOME)).context["page"]
    needs = [*page.needs, *page.more_needs]
    amber = [need for need in needs if need.tone == "amber"]
    assert len(amber) == entries
    assert [need.what for need in needs if need.tone == ""] == ["Newcomer"]
    if entries == 1:
        assert amber[0].what == "4 plants without a worker that answers"
        assert "Plant 0, Plant 1" in amber[0].why
        listed = client.get(amber[0].url).context["listing"].page.object_list
        assert {plant.code for plant in listed} == {f"p{at}" for at in range(silent)}


def test_the_worst_comes_first_each_with_its_reason_and_where_to_go(client, shown, petra):
    client.force_login(petra)
    page = client.get(reverse(HOME)).context["page"]
    needs = [*page.needs, *page.more_needs]
    assert [need.tone for need in needs] == ["red", "amber", "amber", "amber", "", ""]
    assert needs[0].url == shown.failed.get_absolute_url()
    assert needs[0].why == FAILURE_CODES["verifier-refused"]
    assert needs[-1].what == "Weld seams"


@pytest.mark.parametrize("how", ["ordered again", "long ago"])
def test_a_job_seen_to_needs_nobody_any_more(client, shown, petra, how):
    client.force_login(petra)
    if how == "ordered again":
        rows.job(shown.family, shown.recipe, retry_of=shown.failed)
    else:
        past = timezone.now() - timedelta(days=8)
        Job.objects.filter(pk=shown.failed.pk).update(ended_at=past)
    needs = client.get(reverse(HOME)).context["page"].needs
    assert shown.failed.get_absolute_url() not in [need.url for need in needs]


def test_news_name_what_they_are_about(client, shown, petra):
    client.force_login(petra)
    events = client.get(reverse(HOME)).context["page"].events
    job = next(one for one in events if one.url == shown.failed.get_absolute_url())
    assert (job.subject, job.what) == ("retrain castings", "failed: verifier-refused")


def test_a_stranger_reads_of_their_own_plant_only(client, shown, leipzig, stan):
    sites.worker(leipzig)
    client.force_login(stan)
    answer = client.get(reverse(HOME))
    assert answer.context["page"].sentence.startswith("The plant is at work, no champion")
    assert "Graz" not in answer.content.decode()
    assert answer.context["page"].events == []


def test_somebody_without_a_role_is_told_how_to_get_one(client, shown, nobody):
    client.force_login(nobody)
    assert sentence(client) == "There is no plant yet that you may see."
    words = client.get(reverse(HOME)).content.decode()
    assert "Nothing yet: what needs somebody" in words
    assert "no champion is below its norm" not in words
    assert "A central administrator opens plants and grants" in words
    words = client.get(reverse("plants:plant-list")).content.decode()
    assert "A central administrator opens plants and grants" in words


def test_the_centres_idle_laboratory_is_nobodys_need(client, centre, graz, petra):
    sites.worker(graz)
    client.force_login(petra)
    assert client.get(reverse(HOME)).context["page"].needs == []
    assert not Worker.objects.filter(plant=centre).exists()
