"""Times as people write them: what the clocks show twice or never is refused, in a sentence."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from plants.domain.local_times import instant_of
from registry.domain.errors import Invalid


@pytest.mark.parametrize(
    ("zone", "text", "instant"),
    [
        ("Europe/Berlin", "2027-10-31T03:00", "2027-10-31T02:00"),
        ("Europe/Berlin", "2027-10-31 02:30+02:00", "2027-10-31T00:30"),
        ("Europe/Berlin", "2027-10-31 02:30 +01:00", "2027-10-31T01:30"),
        ("Europe/Berlin", " 2027-01-01T00:00Z ", "2027-01-01T00:00"),
        ("America/Chicago", "2027-11-07T02:00", "2027-11-07T08:00"),
        ("America/Havana", "2026-12-01T02:00", "2026-12-01T07:00"),
    ],
)
def test_a_time_of_a_plants_clock_is_one_instant(zone, text, instant):
    assert f"{instant_of(text, ZoneInfo(zone)):%Y-%m-%dT%H:%M}" == instant


@pytest.mark.parametrize(
    ("zone", "text", "says"),
    [
        ("Europe/Berlin", "2027-10-31T02:30", "comes twice"),
        ("America/St_Johns", "2027-11-07T01:30", "comes twice"),
        ("Europe/Berlin", "2027-03-28T02:00", "does not exist"),
        ("Australia/Lord_Howe", "2027-10-03T02:15", "does not exist"),
        ("America/Santiago", "2027-09-05T00:00", "does not exist"),
    ],
)
def test_a_time_that_comes_twice_or_never_is_refused_with_the_way_out(zone, text, says):
    with pytest.raises(Invalid, match=says) as refusal:
        instant_of(text, ZoneInfo(zone), "starts_at")
    (way_out,) = refusal.value.fields["starts_at"]
    assert way_out.startswith("Write ")


def test_both_instants_of_a_time_that_comes_twice_are_offered():
    zone = ZoneInfo("Europe/Berlin")
    with pytest.raises(Invalid) as refusal:
        instant_of("2027-10-31T02:30", zone)
    assert "2027-10-31T02:30+02:00 or 2027-10-31T02:30+01:00" in refusal.value.fields["time"][0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-11-21",
        "21.11.2026 18:00",
        "2026-13-01 10:00",
        "2026-11-21 24:01",
        "2026-11-21T18:00+99:00",
        "٢٠٢٦-11-21 18:00",
        "0001-01-01T00:00+14:00",
        "2026-W10-1 10:00",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(Invalid, match="is no date and time"):
        instant_of(text, ZoneInfo("Europe/Berlin"))
