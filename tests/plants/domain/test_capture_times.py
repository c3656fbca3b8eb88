from __future__ import annotations

import numpy as np
import pytest

from plants.domain import capture_times
from plants.domain.capture_times import Clock
from registry.domain.errors import Invalid

NEW_YEAR = 1_767_225_600.0


def _read(*texts: str) -> Clock:
    return capture_times.read(texts, range(2, len(texts) + 2), "when")


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-01-01 00:00:00",
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00+01:00",
        "2026/01/01 00:00",
        "01.01.2026",
        "1.1.2026 00:00:00",
        "1767225600",
        "1767225600000",
        "1767225600.0",
    ],
)
def test_every_common_way_to_write_a_moment_is_read(text: str):
    clock = _read(text, text)
    assert clock.seconds.tolist() == [NEW_YEAR, NEW_YEAR]
    assert clock.is_calendar


def test_a_counter_orders_rows_but_names_no_day():
    clock = _read("3", "1", "2", "")
    assert clock.seconds[:3].tolist() == [3, 1, 2]
    assert np.isnan(clock.seconds[3])
    assert not clock.is_calendar


def test_missing_moments_are_missing():
    clock = _read("2026-01-01", "", "NaT")
    assert np.isnan(clock.seconds).tolist() == [False, True, True]


@pytest.mark.parametrize("text", ["yesterday", "01/02/2026", "2026-13-01", "99.99.2026"])
def test_what_cannot_be_read_for_sure_is_refused_with_its_line(text: str):
    with pytest.raises(Invalid, match=r"'when' on line 3 cannot be read: write it like"):
        _read("2026-01-01", text)
