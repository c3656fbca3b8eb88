from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory

from plants.services.access import scope_for
from registry.domain.access import Actor, ActorKind, PlantScope

MOMENT = datetime(2025, 7, 4, 22, 30, 5, tzinfo=UTC)


def rendered(text: str, user=None, **context) -> str:
    request = RequestFactory().get("/jobs/?state=failed&page=3")
    request.user = user or AnonymousUser()
    request.scope = scope_for(user) if user else PlantScope(Actor(ActorKind.PERSON, "nobody"))
    return Template(text).render(Context({"request": request, **context})).strip()


def test_a_moment_is_shown_in_the_plants_zone_with_utc_on_hover(graz, vera):
    said = rendered('{% when moment "graz" %}', vera, moment=MOMENT)
    assert ">5 Jul 2025 00:30 CEST</time>" in said
    assert 'title="2025-07-04 22:30:05 UTC"' in said
    assert 'datetime="2025-07-04T22:30:05+00:00"' in said


def test_without_a_plant_it_is_shown_in_the_readers_zone(vera):
    vera.time_zone = "Asia/Tokyo"
    assert "5 Jul 2025 07:30 JST" in rendered("{% when moment %}", vera, moment=MOMENT)


@pytest.mark.django_db
def test_a_plant_the_reader_may_not_know_gives_no_zone_and_no_link(graz, stan):
    assert "22:30 UTC" in rendered('{% when moment "graz" %}', stan, moment=MOMENT)
    assert rendered('{% plant_link "graz" %}', stan) == "graz"


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("{{ x|number }}", 1234567, "1\u2009234\u2009567"),
        ('{{ x|number:"2 ms" }}', 3.4567, "3.5\u00a0ms"),
        ("{{ x|number }}", None, "\u2013"),
        ("{{ x|size }}", 412_608, "413\u00a0kB"),
        ("{{ x|duration }}", 80, "1\u00a0min 20\u00a0s"),
        ("{{ x|percent }}", 0.004, "&lt;1\u00a0%"),
        ("{{ x|signed }}", -0.125, "\u22120.12"),
        ('{{ x|counted:"family,families" }}', 2, "2 families"),
        ("{{ x|plainly }}", [1.0, True, "a"], "[1, yes, a]"),
        ("{{ x|interval }}", {"value": None, "n": 12}, "too few to say (n\u00a0=\u00a012)"),
    ],
)
def test_figures_are_written_in_one_way(text, value, said):
    assert rendered(text, x=value) == said


def test_a_state_has_a_shape_and_a_word_and_colour_only_when_it_is_news():
    calm, news = rendered('{% badge "succeeded" %}'), rendered('{% badge "failed" %}')
    assert "#done" in calm
    assert "succeeded" in calm
    assert "badge--" not in calm
    assert "#failed" in news
    assert "badge--red" in news


def test_an_address_keeps_what_it_is_not_asked_to_change():
    assert rendered('{% address page="" sort="plant" %}') == "?state=failed&amp;sort=plant"


def test_text_from_outside_is_never_markup():
    assert "<b>" not in rendered("{% badge x %}", x="<b>")
    assert "<b>" not in rendered("{% card title=x %}{{ x }}{% endcard %}", x="<b>")
