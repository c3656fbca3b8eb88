from __future__ import annotations

from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """What stations are meant to run and how lines are set up, with rows and without any."""
    line = shown.reports.line.get_absolute_url()
    second = shown.reports.second.get_absolute_url()
    station = shown.reports.station.get_absolute_url()
    return {
        f"{line}setup/": 200,
        f"{line}setup/?fact=camera": 200,
        f"{line}setup/?q=nothing": 200,
        f"{second}setup/": 200,
        station: 200,
        f"{station}?mode=canary": 200,
        f"{station}?running=no": 200,
    }
