"""The search page and its suggestions."""

from __future__ import annotations

import pytest

from registry.domain.access import CENTRE
from tests.factories import registry as rows


@pytest.fixture
def version(graz):
    return rows.version(rows.family(), rows.recipe(), "graz", "1.2.0")


def test_what_was_found_stands_in_groups_with_links(client, clara, version):
    client.force_login(clara)
    page = client.get("/search/", {"q": "graz surface"}).content.decode()
    assert "surface-defects 1.2.0" in page
    assert f'href="{version.get_absolute_url()}"' in page
    assert "every word of" in page


def test_a_whole_id_leads_straight_there(client, clara, version):
    client.force_login(clara)
    answer = client.get("/search/", {"q": str(version.pk)})
    assert (answer.status_code, answer["Location"]) == (302, version.get_absolute_url())


def test_an_id_of_another_plant_leads_nowhere(client, stan, version):
    client.force_login(stan)
    answer = client.get("/search/", {"q": str(version.pk)})
    assert answer.status_code == 200
    assert "Nothing that you may see" in answer.content.decode()


def test_an_empty_search_shows_how_to_ask(client, clara):
    client.force_login(clara)
    assert "Some ways to ask" in client.get("/search/").content.decode()


def test_one_kind_is_shown_a_page_at_a_time(client, clara, version):
    for number in range(60):
        rows.version(version.family, version.recipe, CENTRE, f"2.{number}.0", n=75)
    client.force_login(clara)
    first = client.get("/search/", {"q": "surface"}).content.decode()
    assert "All 61 versions" in first
    one = client.get("/search/", {"q": "surface", "kind": "versions"}).content.decode()
    assert "1 to 50 of 61" in one
    two = client.get("/search/", {"q": "surface", "kind": "versions", "page": 2}).content.decode()
    assert "51 to 61 of 61" in two
    for odd in ("0", "-1", "x", "9" * 30, "٣"):
        answer = client.get("/search/", {"q": "surface", "kind": "versions", "page": odd})
        assert answer.status_code == 200


@pytest.mark.parametrize("text", ["\x00", "%", "<script>alert(1)</script>", "x" * 10_000])
@pytest.mark.parametrize("path", ["/search/", "/search/suggestions/"])
def test_hostile_texts_are_shown_as_text(client, clara, text, path):
    client.force_login(clara)
    answer = client.get(path, {"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_suggestions_are_links_of_a_few(client, clara, version):
    client.force_login(clara)
    part = client.get("/search/suggestions/", {"q": "surf"}).content.decode()
    assert "<html" not in part
    assert f'href="{rows.ModelFamily.objects.get().get_absolute_url()}"' in part
    assert "/search/?q=surf" in part
    assert client.get("/search/suggestions/", {"q": " "}).content.decode().strip() == ""
