from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.domain.jobs import JobState
from tests.factories import registry as rows

LISTS = ("family-list", "version-list", "recipe-list", "job-list")


def one_of_each(number: int) -> None:
    family = rows.family(f"family-{number}")
    recipe = rows.recipe(f"recipe-{number}")
    rows.version(family, recipe, number=f"1.{number}.0")
    rows.job(family, recipe, "graz", JobState.QUEUED)


@pytest.mark.parametrize("name", LISTS)
def test_twenty_rows_cost_no_more_queries_than_one(client, graz, clara, name):
    client.force_login(clara)
    path = reverse(f"registry:{name}")
    one_of_each(0)
    client.get(path)
    with CaptureQueriesContext(connection) as with_one:
        client.get(path)
    for number in range(1, 20):
        one_of_each(number)
    with CaptureQueriesContext(connection) as with_twenty:
        client.get(path)
    assert len(with_twenty) == len(with_one) < 20


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_says_what_to_do_next(client, clara, name):
    client.force_login(clara)
    page = client.get(reverse(f"registry:{name}")).content.decode()
    assert 'class="empty"' in page


@pytest.mark.parametrize("name", LISTS)
def test_a_search_without_a_match_offers_the_whole_list(client, shown, clara, name):
    client.force_login(clara)
    page = client.get(reverse(f"registry:{name}"), {"q": "nothing-like-it"}).content.decode()
    assert "matches." in page
    assert "Show all" in page


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("wish", ["sort=nonsense", "page=99", "page=x", "state=%00", "q=%25_"])
def test_an_address_it_does_not_understand_is_no_error(client, shown, clara, name, wish):
    client.force_login(clara)
    assert client.get(f"{reverse(f'registry:{name}')}?{wish}").status_code == 200


def test_jobs_are_searched_filtered_and_sorted_by_the_address(client, shown, clara):
    client.force_login(clara)
    path = reverse("registry:job-list")

    def listed(**wish: str) -> list[object]:
        page = client.get(path, wish).context["listing"].page
        return [job.pk for job in page.object_list]

    assert listed(state="failed") == [shown.failed.pk]
    assert set(listed(state="needs-somebody")) == {shown.failed.pk, shown.gate_failed.pk}
    assert set(listed(plant="brno")) == {shown.queued.pk, shown.gate_failed.pk}
    assert listed(plant="brno", kind="evaluate") == [shown.gate_failed.pk]
    assert len(listed(q="castings")) == 5
    first_plants = [client.get(path, {"sort": sort}) for sort in ("plant", "-plant")]
    shown_first = [one.context["listing"].page.object_list[0].plant_code for one in first_plants]
    assert shown_first == ["brno", "graz"]


def test_a_long_list_comes_in_pages_of_25(client, graz, clara):
    family, recipe = rows.family(), rows.recipe()
    for _ in range(26):
        rows.job(family, recipe)
    client.force_login(clara)
    first = client.get(reverse("registry:job-list"))
    assert len(first.context["listing"].page.object_list) == 25
    assert 'rel="next"' in first.content.decode()
    second = client.get(reverse("registry:job-list"), {"page": 2})
    assert len(second.context["listing"].page.object_list) == 1


def exported(answer) -> list[dict[str, str]]:
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", LISTS)
def test_every_list_exports_all_that_matches_as_csv(client, shown, clara, name):
    client.force_login(clara)
    path = reverse(f"registry:{name}")
    table = exported(client.get(path, {"format": "csv"}))
    assert len(table) == client.get(path).context["listing"].page.paginator.count


def test_an_export_keeps_the_filters_and_the_plants_apart(client, shown, clara, stan):
    path = reverse("registry:job-list")
    client.force_login(clara)
    table = exported(client.get(path, {"format": "csv", "state": "failed"}))
    assert [row["id"] for row in table] == [str(shown.failed.pk)]
    assert table[0]["code"] == "verifier-refused"
    client.force_login(stan)
    assert exported(client.get(path, {"format": "csv"})) == []


def test_no_cell_of_an_export_is_a_formula(client, graz, clara):
    rows.job(rows.family(), rows.recipe(), requested_by='=HYPERLINK("http://x","y")')
    client.force_login(clara)
    table = exported(client.get(reverse("registry:job-list"), {"format": "csv"}))
    assert table[0]["by"].startswith("'=")


def test_versions_stand_beside_the_baseline_on_the_same_rows(client, shown, ines):
    client.force_login(ines)
    found = client.get(reverse("registry:version-list")).context["listing"].extra["rows"]
    by_version = {row.version.pk: row for row in found}
    assert by_version[shown.local.pk].norm["n"] == 190
    assert by_version[shown.local.pk].norm["value"] < by_version[shown.local.pk].figure["value"]
    assert by_version[shown.baseline.pk].status == "baseline"
