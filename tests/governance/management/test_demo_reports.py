"""The demo's plants have something to show, and one thing to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.management import demo
from plants.models import Line, OnCallShift, Ownership, Plant
from plants.selectors.reports import Reports
from registry.domain.access import portal_scope
from registry.models import LedgerEntry

pytestmark = pytest.mark.django_db


def test_each_plant_has_lines_owners_and_one_gap_and_seeding_again_changes_nothing(
    tmp_path: Path,
) -> None:
    demo.seed(tmp_path)
    plants = [code for code in demo.PLANTS if code != "centre"]
    assert Line.objects.count() == Ownership.objects.count() == 2 * len(plants)
    for code in plants:
        reports = Reports(portal_scope(), Plant.objects.get(pk=code))
        (gap, *_later) = reports.gaps
        assert gap.sentence.startswith("Nobody, on any line, from")
        assert not [one for one in reports.missing if "owner" in one.sentence]
    before = (LedgerEntry.objects.count(), OnCallShift.objects.count())
    demo.seed(tmp_path)
    assert (LedgerEntry.objects.count(), OnCallShift.objects.count()) == before
