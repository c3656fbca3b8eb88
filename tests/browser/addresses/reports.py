from __future__ import annotations

from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page of what plants report, as a central data scientist gets it."""
    runbook = shown.reports.runbook.get_absolute_url()
    return {
        "/lines/": 200,
        "/lines/?owned=no": 200,
        "/plants/graz/lines/": 200,
        "/plants/monterrey/lines/": 200,
        shown.reports.line.get_absolute_url(): 200,
        shown.reports.second.get_absolute_url(): 200,
        "/plants/graz/people/": 200,
        "/plants/graz/roster/": 200,
        "/plants/monterrey/roster/": 200,
        "/runbooks/": 200,
        "/plants/graz/runbooks/": 200,
        runbook: 200,
        f"{runbook}versions/1/": 200,
        f"{runbook}diff/": 200,
        "/plants/graz/imports/": 403,
        f"{runbook}edit/": 403,
    }
