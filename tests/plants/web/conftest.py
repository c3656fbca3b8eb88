from __future__ import annotations

import pytest

from tests.factories.plants import Fleet, fleet


@pytest.fixture
def shown(graz) -> Fleet:
    """A small fleet in the middle of a day's work; Graz is the cast's own."""
    return fleet()
