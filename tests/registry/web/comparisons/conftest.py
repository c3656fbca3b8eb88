from __future__ import annotations

import pytest
from django.urls import reverse

from registry.models import Evaluation
from tests.factories import compared
from tests.factories.plants import Fleet
from tests.registry.web.comparisons.asking import PAGE


@pytest.fixture
def proved(shown) -> Fleet:
    """The fleet, with joint counts of its local version and the baseline."""
    pair = (
        Evaluation.objects.get(version=version, manifest=shown.manifest)
        for version in (shown.local, shown.baseline)
    )
    compared.pairing(*pair)
    return shown


@pytest.fixture
def show(client, ines):
    """The page as an engineer of Graz sees it."""
    client.force_login(ines)
    return lambda **query: client.get(reverse(PAGE), query)
