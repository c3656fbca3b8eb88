"""The pages of charts are useful without them, within what the reader may know."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from django.urls import reverse

from registry.domain.access import CENTRE
from tests.factories import registry as rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    return rows.family()


@pytest.fixture
def cast(family, graz, leipzig):
    """The baseline scored at Graz on the rows of Graz's own version, at Leipzig on other rows."""
    recipe = rows.recipe()
    base = rows.version(family, recipe, CENTRE, "1.0.0", skill=3.6, n=190)
    rows.baseline(base)
    weak = rows.version(family, recipe, "graz", "1.1.0", skill=1.1, n=190)
    rows.evaluation(base, weak.manifest, skill=3.6, n=190)
    strong = rows.version(family, recipe, "leipzig", "1.0.0", skill=3.6, n=240)
    rows.evaluation(base, rows.manifest("leipzig"), skill=3.6, n=240)
    return {"base": base, "graz": weak, "leipzig": strong}


def body(answer) -> str:
    return answer.content.decode()


def figures(page: str) -> dict:
    return json.loads(re.search(r'<script id="figures"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def path(family) -> str:
    return reverse("governance:explore-family", args=[family.slug])


def test_the_answer_comes_first_and_names_the_worst(client, clara, cast, family):
    client.force_login(clara)
    page = body(client.get(path(family)))
    assert "1 of 1 comparable plant is clearly below the baseline; Graz is furthest down." in page
    assert "At 1 plant the baseline was not scored on the same rows" in page


def test_other_rows_give_no_comparison(client, clara, cast, family):
    client.force_login(clara)
    own, norm = figures(body(client.get(path(family))))["plants"]["data"]
    assert own["y"][0] == "Graz"
    assert "Leipzig" in own["y"]
    assert norm["y"] == ["Graz"]


def test_a_plant_sees_itself_and_the_centre_only(client, ines, cast, family):
    client.force_login(ines)
    for query in ("", "?plants=leipzig&view=table", "?plants=leipzig&plants=graz"):
        page = body(client.get(f"{path(family)}{query}"))
        assert "Leipzig" not in page  # what the address itself says stays in links
        assert str(cast["leipzig"].pk) not in page


def test_a_version_of_another_plant_is_not_there(client, ines, cast):
    client.force_login(ines)
    url = reverse("governance:explore-version", args=[cast["leipzig"].pk])
    assert client.get(url).status_code == 404


def test_filters_live_in_the_address(client, clara, cast, family):
    client.force_login(clara)
    page = client.get(path(family), {"plants": ["leipzig"], "kind": "own", "from": "2020-01-01"})
    traces = figures(body(page))["time"]["data"]
    assert [(one["name"], len(one["x"])) for one in traces] == [("Leipzig", 1)]
    nothing = client.get(path(family), {"plants": ["leipzig"], "to": "2020-01-01"})
    assert "No evaluation matches" in body(nothing)


@pytest.mark.parametrize(
    "wish",
    [
        {"from": "2026-02-30"},
        {"from": "yesterday", "to": "\x00"},
        {"plants": ["atlantis", "\x00", "'"] * 50},
        {"kind": "secret", "view": "x" * 5000},
    ],
)
def test_what_an_address_says_wrongly_is_left_out(client, clara, cast, family, wish):
    client.force_login(clara)
    assert client.get(path(family), wish).status_code == 200


def test_the_policy_is_wider_here_and_nowhere_else(client, clara, cast, family):
    client.force_login(clara)
    here = client.get(path(family))["Content-Security-Policy"]
    assert "'unsafe-hashes'" in here
    assert "'unsafe-inline'" not in here
    assert "'unsafe-eval'" not in here
    assert "blob:" in here
    there = client.get(family.get_absolute_url())["Content-Security-Policy"]
    assert "unsafe" not in there
    assert "blob:" not in there


def test_a_version_shows_what_it_takes_for_what(client, clara, cast):
    client.force_login(clara)
    url = reverse("governance:explore-version", args=[cast["graz"].pk])
    found = figures(body(client.get(url)))
    assert set(found) == {"confusion", "classes", "time"}
    assert found["confusion"]["data"][0]["text"][0][0].endswith("%")
    counts = figures(body(client.get(url, {"show": "counts"})))["confusion"]["data"][0]
    assert counts["text"][0][0].isdecimal()


def test_questions_to_the_database_do_not_grow(
    client, clara, cast, family, django_assert_max_num_queries
):
    client.force_login(clara)
    for number in range(10):
        version = rows.version(family, cast["graz"].recipe, f"nova-{number}", skill=3.0, n=75)
        rows.evaluation(cast["base"], version.manifest, n=75)
    with django_assert_max_num_queries(11):
        client.get(path(family))


def test_a_family_without_evaluations_says_how_to_begin(client, clara, family):
    client.force_login(clara)
    assert "No plant has evaluated this family yet" in body(client.get(path(family)))


def test_plotly_is_served_and_nothing_else_of_its_package(client):
    with contextlib.closing(client.get("/static/vendor/plotly.min.js")) as found:
        assert found.status_code == 200
        assert "javascript" in found["Content-Type"]
    assert client.get("/static/vendor/../__init__.py").status_code == 404
    assert client.get("/static/vendor/widgetbundle.js").status_code == 404
