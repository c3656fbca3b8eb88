"""What a station's deployments and a line's set-ups leave in the ledger."""

from __future__ import annotations

from typing import Any

from plants.domain.desired_state import Mode
from plants.services import deployments, rollbacks, setups
from registry.domain.access import portal_scope
from tests.factories.deployments import clearance_for, put
from tests.factories.world import World

NO_ENTRY = {
    "plants.services.intentions": "locks, ends and tells for its callers, which record",
}
_portal = portal_scope()


def _twice(call: Any) -> Any:
    return [call() for _ in range(2)]


def _started_twice(w: World) -> Any:
    reports = w.graz.reports
    clearance = clearance_for(w.graz.version, reports.line)
    wanted = {"mode": Mode.SHADOW, "share": None, "clearance": clearance}
    return _twice(lambda: deployments.start(_portal, reports.station, w.graz.version, **wanted))


def _stopped(w: World) -> Any:
    shadow = put(w.graz.reports.station, w.graz.version, Mode.SHADOW)
    return _twice(lambda: deployments.stop(_portal, shadow, reason="Too slow."))


def _set_up(w: World) -> Any:
    wanted = {"document": {"lens": "16 mm"}, "reason": "First report."}
    return setups.report_setup(_portal, w.graz.reports.line, **wanted)


RECIPES = {
    "plants.services.setups.report_setup": (
        lambda w: _twice(lambda: _set_up(w)),
        ["setup.reported"],
    ),
    "plants.services.deployments.start": (
        _started_twice,
        ["deployment.started"],
    ),
    "plants.services.deployments.stop": (_stopped, ["deployment.started", "deployment.ended"]),
    "plants.services.rollbacks.roll_back": (
        lambda w: _twice(
            lambda: rollbacks.roll_back(_portal, w.graz.reports.station, to="human_gate")
        ),
        ["deployment.rolled-back"],
    ),
}
