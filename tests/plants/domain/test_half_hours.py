"""Times of day: what the plant's clocks showed, and nothing finer or longer."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from plants.domain import capture_times
from plants.domain.half_hours import in_words, slots_of
from registry.domain.envelope_section import UNTOLD

VIENNA = ZoneInfo("Europe/Vienna")


def slots(*texts):
    clock = capture_times.read(texts, range(len(texts)), "when")
    return slots_of(clock, range(len(texts)), VIENNA).tolist()


def test_a_time_without_a_zone_is_what_the_clocks_showed():
    assert slots("2026-07-01 06:10", "01.07.2026 23:59:59", "") == [12, 47, UNTOLD]


def test_a_time_with_a_zone_is_brought_to_the_plants_summer_and_winter():
    assert slots("2026-07-01T06:10:00Z", "2026-01-01T06:10:00+00:00") == [16, 14]
    assert slots("1767247800", "1767247800") == [14, 14], "Unix seconds are points in time"


def test_a_date_alone_and_a_counter_tell_no_time_of_day():
    assert slots("2026-07-01", "2026-07-02") == [UNTOLD, UNTOLD]
    assert slots("1", "2") == [UNTOLD, UNTOLD]
    assert slots_of(None, range(2), VIENNA).tolist() == [UNTOLD, UNTOLD]


def test_a_shift_across_midnight_is_one_stretch():
    assert in_words({*range(44, 48), *range(4)}) == "22:00\u201302:00"
    assert in_words(range(48)) == "at all hours"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("IMG_20260901_060012.jpg", "2026-09-01 06:00:12"),
        ("2026-09-01T06-00-12.345_cam1.png", "2026-09-01 06:00:12"),
        ("20260901060012345.bmp", "2026-09-01 06:00:12"),
        ("cam-1187_20269901_060012.png", None),
        ("serial-9920260901060012.png", None),
        ("0001.png", None),
    ],
)
def test_the_time_in_a_files_name_is_found_and_a_serial_number_is_none(name, found):
    taken = capture_times.in_name(name)
    assert (taken and str(taken)) == found
