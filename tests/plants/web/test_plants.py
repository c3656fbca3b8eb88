from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from plants.models import EnrolmentCode, PlantCredential
from plants.services import credentials
from registry.models import LedgerEntry
from tests.factories import plants as sites
from tests.factories import registry as rows

PLANTS = "plants:plant-list"


def revocation(credential: PlantCredential) -> str:
    return reverse("plants:credential-revoke", args=[credential.plant_id, credential.pk])


def test_nobody_sees_a_plant_without_signing_in(client, shown):
    for path in (reverse(PLANTS), shown.graz.get_absolute_url()):
        assert client.get(path).url.startswith(reverse("account_login"))


def test_a_plant_shows_workers_offers_jobs_and_versions(client, shown, vera):
    client.force_login(vera)
    page = client.get(shown.graz.get_absolute_url()).content.decode()
    for words in ("graz-line-1", "0.1.0", "press-readings", "12\u2009400 rows", "at work"):
        assert words in page
    for row in (shown.running, shown.local):
        assert row.get_absolute_url() in page


def test_a_silent_plant_says_since_when_and_what_waits(client, shown, clara):
    client.force_login(clara)
    page = client.get(reverse("plants:plant-detail", args=["brno"])).content.decode()
    assert "No worker has answered since" in page
    assert "12 minutes ago" in page
    assert "1 job waits" in page


def test_a_plant_without_a_worker_says_how_to_get_one(client, shown, clara):
    client.force_login(clara)
    page = client.get(reverse("plants:plant-detail", args=["monterrey"])).content.decode()
    assert "Issue an enrolment code and start one at the plant." in page


def test_a_stranger_gets_404_and_an_empty_list(client, shown, stan):
    client.force_login(stan)
    assert client.get(shown.graz.get_absolute_url()).status_code == 404
    page = client.get(reverse(PLANTS)).content.decode()
    assert "Leipzig" in page
    assert "Graz" not in page


def test_the_list_is_searched_filtered_and_exported(client, shown, clara):
    client.force_login(clara)

    def codes(**wish: str) -> list[str]:
        found = client.get(reverse(PLANTS), wish).context["listing"].extra["rows"]
        return [row.facts.code for row in found]

    assert codes(q="gra") == ["graz"]
    assert codes(standing="silent") == ["brno"]
    assert codes(standing="no-worker") == ["monterrey"]
    assert codes(standing="at-work") == ["centre", "graz"]
    assert codes(standing="closed") == []
    assert codes(sort="-plant")[0] == "monterrey"
    answer = client.get(reverse(PLANTS), {"format": "csv", "q": "gra"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["plant"], row["jobs"], row["version"]) == ("Graz", "1", "1.0.0")


def a_busy_plant(number: int, family, recipe) -> None:
    plant = sites.plant(f"plant-{number:02}", f"Plant {number:02}")
    sites.worker(plant)
    rows.job(family, recipe, plant.code)
    rows.version(family, recipe, plant.code)


@pytest.mark.parametrize("path", ["/plants/", "/"])
def test_twenty_plants_cost_no_more_queries_than_one(client, clara, path):
    client.force_login(clara)
    family, recipe = rows.family(), rows.recipe()
    a_busy_plant(0, family, recipe)
    client.get(path)
    with CaptureQueriesContext(connection) as with_one:
        client.get(path)
    for number in range(1, 20):
        a_busy_plant(number, family, recipe)
    with CaptureQueriesContext(connection) as with_twenty:
        client.get(path)
    assert len(with_twenty) == len(with_one) < 20


@pytest.mark.parametrize("who", ["ines", "adam"])
def test_a_code_is_shown_once_with_the_command_that_uses_it(client, shown, request, who):
    client.force_login(request.getfixturevalue(who))
    answer = client.post(reverse("plants:plant-issue-code", args=["graz"]))
    code = answer.context["issued"]
    assert f"python -m plants.agent enrol --portal http://127.0.0.1:8000 --code {code}" in (
        answer.content.decode()
    )
    assert "no-store" in answer["Cache-Control"]
    assert code not in client.get(shown.graz.get_absolute_url()).content.decode()
    assert credentials.enrol(code).credential.plant_id == "graz"


@pytest.mark.parametrize("who", ["ines", "adam"])
def test_revoking_takes_one_confirmed_click_and_works_at_once(client, shown, request, who):
    client.force_login(request.getfixturevalue(who))
    page = client.get(shown.graz.get_absolute_url()).content.decode()
    assert f'<dialog class="dialog" id="revoke-{shown.credential.pk}"' in page
    assert client.post(revocation(shown.credential)).status_code == 302
    shown.credential.refresh_from_db()
    assert shown.credential.revoked_at <= timezone.now()
    page = client.get(shown.graz.get_absolute_url()).content.decode()
    assert "refuse it from now on" in page


@pytest.mark.parametrize("who", ["vera", "otto", "clara", "petra"])
def test_whoever_keeps_no_keys_sees_who_does_and_changes_nothing(client, shown, request, who):
    client.force_login(request.getfixturevalue(who))
    page = client.get(shown.graz.get_absolute_url()).content.decode()
    assert "Engineers of the plant and administrators may issue codes" in page
    assert "revoke-" not in page
    ledger = LedgerEntry.objects.count()
    issue = reverse("plants:plant-issue-code", args=["graz"])
    for path in (issue, revocation(shown.credential)):
        assert client.post(path).status_code == 403
    shown.credential.refresh_from_db()
    assert shown.credential.revoked_at is None
    assert not EnrolmentCode.objects.exists()
    assert LedgerEntry.objects.count() == ledger


def test_a_stranger_may_not_even_know_of_the_credential(client, shown, stan):
    client.force_login(stan)
    issue = reverse("plants:plant-issue-code", args=["graz"])
    for path in (issue, revocation(shown.credential)):
        assert client.post(path).status_code == 404


def test_a_credential_of_another_plant_is_not_found_under_this_one(client, shown, adam):
    client.force_login(adam)
    path = reverse("plants:credential-revoke", args=["brno", shown.credential.pk])
    assert client.post(path).status_code == 404
    shown.credential.refresh_from_db()
    assert shown.credential.revoked_at is None


def test_every_family_has_its_place_on_the_plants_page(shown, client, ines):
    client.force_login(ines)
    page = " ".join(client.get("/plants/graz/").content.decode().split())
    row = page.split('id="family-surface-defects"')[1].split("</tr>")[0]
    assert shown.local.get_absolute_url() in row
    assert "plant=graz&amp;family=surface-defects" in row
    assert 'id="family-weld-seams"' not in page, "it has nothing of that family"
