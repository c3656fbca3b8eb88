"""Opening a plant on its page: central administrators only, refusals beside their fields."""

from __future__ import annotations

import pytest

from plants.models import Plant
from registry.models import LedgerEntry

NEW = "/plants/new/"
LINZ = {"code": "linz", "name": "Linz", "time_zone": "Europe/Vienna"}


def body(answer) -> str:
    return answer.content.decode()


def test_an_administrator_opens_a_plant_and_lands_on_its_page(client, adam):
    client.force_login(adam)
    assert f'href="{NEW}"' in body(client.get("/plants/"))
    told = client.post(NEW, LINZ, follow=True)
    assert told.redirect_chain == [("/plants/linz/", 302)]
    assert "Linz is open; enrol its worker next." in body(told)
    assert Plant.objects.get(code="linz").time_zone == "Europe/Vienna"
    assert LedgerEntry.objects.filter(verb="plant.opened", plant_code="linz").count() == 1


@pytest.mark.parametrize("typed", ["europe/vienna", " Europe/Vienna "])
def test_a_zone_is_kept_as_the_tz_database_writes_it(client, adam, typed):
    client.force_login(adam)
    client.post(NEW, LINZ | {"time_zone": typed})
    assert Plant.objects.get(code="linz").time_zone == "Europe/Vienna"


@pytest.mark.parametrize(
    ("field", "wrong", "said", "status"),
    [
        ("time_zone", "new york", "new york is not a time zone. America/New_York?", 422),
        ("time_zone", "Atlantis", "Choose one, e.g. Europe/Vienna.", 422),
        ("code", "Linz!", "A plant code is 3 to 32 lower-case letters", 422),
        ("code", "new", "new is the address of a page; choose another code.", 422),
        ("code", "graz", "The code graz is taken", 409),
        ("name", "Li\u202enz", "It holds U+202E at place 3", 422),
        ("name", "", "This field is required.", 422),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(
    client, adam, graz, field, wrong, said, status
):
    client.force_login(adam)
    answer = client.post(NEW, LINZ | {field: wrong})
    assert answer.status_code == status
    assert any(said in sentence for sentence in answer.context["form"].errors[field])
    assert list(answer.context["form"].errors) == [field]
    assert said.replace("'", "&#x27;") in body(answer)
    assert 'value="Linz"' in body(answer) or field == "name"
    assert list(Plant.objects.values_list("code", flat=True)) == ["graz"]
    assert not LedgerEntry.objects.filter(verb="plant.opened").exists()


def test_nobody_else_opens_plants(client, clara, ines):
    for person in (clara, ines):
        client.force_login(person)
        for answer in (client.get(NEW), client.post(NEW, LINZ)):
            assert answer.status_code == 403
        page = body(client.get("/plants/"))
        assert NEW not in page
        assert "A central administrator opens plants." in page
    assert not Plant.objects.filter(code="linz").exists()


def test_an_empty_portal_says_how_to_begin_to_who_can(client, adam, clara):
    client.force_login(adam)
    for path in ("/", "/plants/"):
        assert f'href="{NEW}">Open the first plant</a>' in body(client.get(path))
    client.force_login(clara)
    for path in ("/", "/plants/"):
        page = body(client.get(path))
        assert "Open the first plant" not in page
        assert "A central administrator opens plants" in page


def test_a_run_without_any_plant_says_what_comes_first(client, clara):
    client.force_login(clara)
    page = body(client.get("/runs/new/"))
    assert "There is no plant to run at." in page
    assert "What to know" not in page
