"""What the demo governs: one policy, one set-up, one release that waits for somebody else."""

from __future__ import annotations

import pytest
from django.utils import timezone

from governance.management import demo, demo_governance
from governance.models import GatePolicy, Release
from governance.selectors.standing import standing
from governance.services import approvals, releases
from plants.models import User
from plants.services.access import scope_for
from registry.domain.errors import NotAllowed
from registry.models import LedgerEntry, ModelFamily, Recipe
from tests.factories import registry as rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposed(tmp_path) -> Release:
    demo.seed(tmp_path)
    family, recipe = ModelFamily.objects.get(slug=demo.FAMILY), Recipe.objects.get()
    rows.version(family, recipe, "graz", "1.0.0")
    demo_governance.seed(demo.FAMILY)
    return Release.objects.select_related(*releases.READ).get()


def test_a_release_waits_for_somebody_who_neither_made_nor_asked(proposed):
    assert (proposed.requested_by, proposed.mode) == ("ines", "shadow")
    said = standing(proposed, timezone.now()).in_the_way
    assert "1 approval of quality missing." in said
    ines, quinn = (scope_for(User.objects.get(username=name)) for name in ("ines", "quinn"))
    with pytest.raises(NotAllowed):
        approvals.decide(ines, proposed, seat="process", verdict="approve")
    approvals.decide(quinn, proposed, seat="quality", verdict="approve")
    left = standing(proposed, timezone.now()).in_the_way
    assert not any("approval" in one for one in left)


def test_a_second_start_adds_nothing(proposed):
    before = LedgerEntry.objects.count()
    demo_governance.seed(demo.FAMILY)
    assert LedgerEntry.objects.count() == before
    assert (GatePolicy.objects.count(), Release.objects.count()) == (1, 1)
