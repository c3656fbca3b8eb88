"""`manage.py seed_fleet`: the same seed gives the same fleet, in an empty portal only."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from governance.management.seeding import fleet
from governance.management.seeding.fleet import Size
from governance.models import Release
from plants.models import Person, Plant
from registry.domain.access import CENTRE
from registry.models import Evaluation, LedgerEntry, ModelVersion
from tests.factories.world import undone

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _home(tmp_path, settings):
    settings.LINEWARD_HOME = tmp_path


def test_the_same_seed_gives_the_same_fleet_and_another_one_another(db):
    def figures(seed: int) -> list[Any]:
        small = Size(plants=2, lines=2, versions=6, days=14, families=2, seed=seed)
        with undone():
            fleet.build(small, lambda line: None)
            versions = ModelVersion.objects.order_by("pk").values_list("pk", "version", "stage")
            values = Evaluation.objects.order_by("pk").values_list("pk", "value", "report_digest")
            asked = Release.objects.order_by("pk").values_list("pk", "mode", "outcome", "reason")
            names = Person.objects.values_list("name", flat=True)
            return [*versions, *values, *asked, *names]

    once = figures(1)
    assert len(once) > 40
    assert figures(1) == once
    assert figures(2) != once


def test_so_many_evaluations_as_are_asked_for(db):
    fleet.build(Size(1, 1, 6, 14, families=2, evaluations=60), lambda line: None)

    rows = Evaluation.objects.exclude(plant_code=CENTRE)
    assert rows.filter(family__slug="surface-defects").count() >= 60


@pytest.mark.parametrize(("name", "value"), [("plants", 0), ("versions", 2), ("days", 3)])
def test_a_size_out_of_bounds_is_refused_before_anything_is_written(db, name, value):
    with pytest.raises(CommandError, match=f"--{name} is {value}; give"):
        call_command("seed_fleet", **{name: value})
    assert fleet.is_empty()


def test_the_command_prints_the_log_ins(db, tmp_path):
    said = io.StringIO()
    call_command("seed_fleet", plants=1, lines=1, versions=6, days=14, families=1, stdout=said)
    assert "2 plants" in said.getvalue()
    assert "petra (manager)" in said.getvalue()
    assert (tmp_path / "demo-password").read_text() in said.getvalue()


def test_a_portal_with_a_plant_is_refused_and_left_alone(graz):
    with pytest.raises(CommandError, match="set LINEWARD_HOME to a new folder"):
        call_command("seed_fleet", plants=1, versions=6)
    assert list(Plant.objects.all()) == [graz]
    assert not LedgerEntry.objects.exists()
