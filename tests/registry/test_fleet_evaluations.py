"""A fleet is compared by each plant's newest evaluations, within what the caller may know."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.domain.access import CENTRE, Actor, ActorKind, PlantScope, Role, portal_scope
from registry.models import Baseline, Evaluation
from registry.selectors import fleet_evaluations
from tests.factories.world import client_of, world, world_and_folders
from tests.registry import rows

__all__ = ["world", "world_and_folders"]

pytestmark = pytest.mark.django_db
ALL = portal_scope("test")
GRAZ = PlantScope(Actor(ActorKind.PERSON, "ines"), at={"graz": frozenset({Role.ENGINEER})})


@pytest.fixture
def family():
    return rows.a_family()


@pytest.fixture
def clock(monkeypatch):
    """Each evaluation a minute after the one before."""
    now = timezone.now() - timedelta(days=1)
    ticks = iter(range(10_000))
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=next(ticks)))


def scored(family, plant, *values, origin=None):
    version = rows.a_version(family, origin=origin or plant)
    for value in values:
        rows.an_evaluation(
            version, plant, value=value, low=value and value - 0.1, high=value and value + 0.05
        )
    return version


def test_each_plant_answers_its_newest_first_and_no_more_than_asked(family, clock):
    scored(family, "graz", 0.7, 0.8, 0.9)
    scored(family, "leipzig", 0.6)
    scored(rows.a_family(), "graz", 0.1)
    found = fleet_evaluations.latest(ALL, family, 2)
    assert [(one.plant, one.value) for one in found.plants] == [
        ("graz", [0.9, 0.8]),
        ("leipzig", [0.6]),
    ]
    graz = found.plants[0]
    assert graz.low == [0.8, 0.7]
    assert graz.high == [0.95, 0.85]
    assert graz.evaluated_at == sorted(graz.evaluated_at, reverse=True)
    assert abs(graz.evaluated_at[0] - timezone.now().timestamp()) < 2 * 86_400


# Ties of binary and of decimal digits, what scaling moves across one, and what has no digits left.
AWKWARD = (
    *(0.84375, 0.78125, 0.28485, 0.00005, 0.00015, 0.1 + 0.2, 1 / 3, -0.00001, -0.5, 0.0, 1.0),
    *(1.00005, 2.675, 4503599627370.49605, 1e300, 0.99995, 0.99994999999999, None),
)


def test_the_answer_is_what_plain_python_makes_of_the_rows(family, clock):
    for plant, start in (("graz", 0), ("leipzig", 3)):
        for origin in (plant, CENTRE):
            scored(family, plant, *AWKWARD[start:], origin=origin)
    found = fleet_evaluations.latest(ALL, family, 25)
    for column in found.plants:
        rows_of = Evaluation.objects.filter(family=family, plant_code=column.plant)
        newest = sorted(rows_of, key=lambda one: one.evaluated_at, reverse=True)[:25]
        assert len(newest) == 25
        assert [found.versions[place].id for place in column.version] == [
            str(one.version_id) for one in newest
        ]
        assert [found.manifests[place] for place in column.manifest] == [
            str(one.manifest_id) for one in newest
        ]
        for name in ("value", "low", "high"):
            plain = [getattr(one, name) for one in newest]
            figures = [one if one is None else round(one, 4) for one in plain]
            # By its text, because -0.0 == 0.0.
            assert repr(getattr(column, name)) == repr(figures)
        assert column.n == [one.n for one in newest]
        assert column.evaluated_at == [int(one.evaluated_at.timestamp()) for one in newest]
    assert [column.plant for column in found.plants] == ["graz", "leipzig"]


def test_rounding_whole_columns_is_rounding_each_figure():
    near_ties = [(step + 0.5) / 10_000 for step in range(20_000)]
    chance = random.Random(17)  # noqa: S311 - figures of a test
    figures = [*AWKWARD, *near_ties, *(chance.uniform(-2, 2) for _ in range(20_000)), math.inf]
    plain = [one if one is None else round(one, 4) for one in figures]
    assert repr(fleet_evaluations._rounded(figures)) == repr(plain)


def test_columns_name_their_versions(family, clock):
    old, new = scored(family, "graz", 0.7), scored(family, "graz", 0.8)
    found = fleet_evaluations.latest(ALL, family)
    assert [found.versions[place].id for place in found.plants[0].version] == [
        str(new.pk),
        str(old.pk),
    ]
    assert found.versions[0].origin == "graz"
    assert found.versions[0].version == new.version


def test_too_few_to_say_stays_without_a_figure(family):
    scored(family, "graz", None)
    assert fleet_evaluations.latest(ALL, family).plants[0].value == [None]


def test_a_family_without_evaluations_is_empty(family):
    found = fleet_evaluations.latest(ALL, family)
    assert (found.plants, found.versions) == ([], [])


def test_another_plants_evaluations_are_not_even_named(family):
    scored(family, "graz", 0.8)
    scored(family, "leipzig", 0.9)
    found = fleet_evaluations.latest(GRAZ, family)
    assert [one.plant for one in found.plants] == ["graz"]
    assert [one.origin for one in found.versions] == ["graz"]


def test_a_published_baseline_is_seen_at_its_origin_and_nowhere_else(family):
    central = scored(family, CENTRE, 0.9)
    draft = scored(family, CENTRE, 0.2)
    rows.an_evaluation(central, "leipzig", value=0.5)
    assert fleet_evaluations.latest(GRAZ, family).plants == []
    Baseline.objects.create(family=family, version=central, release_notes="x", published_by="clara")
    found = fleet_evaluations.latest(GRAZ, family)
    assert [(one.plant, one.value) for one in found.plants] == [(CENTRE, [0.9])]
    assert str(draft.pk) not in {one.id for one in found.versions}


def test_chosen_plants_only(family):
    scored(family, "graz", 0.8)
    scored(family, "leipzig", 0.9)
    found = fleet_evaluations.latest(ALL, family, plants=["leipzig", "atlantis"])
    assert [one.plant for one in found.plants] == ["leipzig"]


def test_three_queries_for_one_plant_and_for_many(family):
    scored(family, "graz", 0.8)
    for number in range(8):
        scored(family, f"nova-{number}", 0.8, 0.7)
    with CaptureQueriesContext(connection) as asked:
        found = fleet_evaluations.latest(ALL, family)
    assert len(found.plants) == 9
    assert len(asked) == 3


@pytest.mark.parametrize("wish", ["0", "-1", "1001", "many", "1e3"])
def test_how_many_must_be_a_number_within_bounds(world, wish):
    client = client_of(world.central[Role.MANAGER])
    url = reverse("registry-api:family-comparison", args=["surface"])
    answer = client.get(url, {"latest": wish})
    assert answer.status_code == 422
    assert "latest" in answer.json()["fields"]


def test_a_program_reads_the_comparison_compressed(world):
    client = client_of(world.central[Role.MANAGER])
    url = reverse("registry-api:family-comparison", args=["surface"])
    plain = client.get(url, {"latest": 5})
    body = plain.json()
    assert body["family"] == "surface"
    assert body["latest"] == 5
    assert [one["plant"] for one in body["plants"]] == ["centre", "graz", "leipzig"]
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content)
