"""What each family's versions must show, and how long its records are kept: set before anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from governance.management.seeding import clock
from governance.management.seeding.inspections import Inspection
from governance.management.seeding.standards import Standards
from governance.models import GatePolicy
from governance.services import policies
from registry.domain import retention as kept
from registry.domain.access import Actor, ActorKind, PlantScope, Role
from registry.services import retention

# So long before the first day: the first policies, the second of one family, the retention rules.
_ADOPTED_DAYS, _REVISED_DAYS, _KEPT_DAYS = 38, 33, 36
_CUSTOMER_YEARS = 15
# The share of defects that may escape, as the upper end of its interval, by family.
_ESCAPES = {
    "surface-defects": 0.3,
    "weld-seams": 0.3,
    "bearing-vibration": 0.3,
    "solar-cells": 0.4,
    "press-fit": 0.3,
    "paint-finish": 0.45,
}
_LATENCY_MS = {"images": 60, "table": 15}
_SOURCE = """\
apiVersion: lineward.policy/v1
summary: What a version for {title} must show before it may run on a line.
gates:
  - gate: support
    min_rows: {rows}
    source: Quality council, minutes of the spring meeting; rarer classes are judged by hand first.
  - gate: escapes
    max_rate: {escapes}
    max_false_reject_rate: 0.05
    source: Quality agreement with the customers of {title}, annex 3; the final test finds the rest.
  - gate: no-regression
    against: baseline
    margin: 0.1
    from: canary
    source: A loss of 10 points costs what a week of re-inspection costs ({cost} EUR an escape).
  - gate: calibration
    max_error: {error}
    min_rows: 50
    source: Sorting by confidence was tried at three plants; beyond this it sorted wrongly.
  - gate: latency
    max_ms: {latency}
    source: What the fastest line that inspects {title} leaves of its cycle of 400 ms.
  - gate: freshness
    max_days: 180
    source: Tools and suppliers change twice a year (process engineering, yearly review).
  - gate: transfer
    max_drop: 0.15
    min_plants: 1
    warns: true
    source: No plant may ship a version to another one unseen; this is said, not enforced.
approvals:
  shadow: {{quality: 1}}
  canary: {{quality: 1, process: 1}}
  active: {{quality: 1, process: 1, data_science: 1}}
  decide_within_days: 14
  valid_days: 180
  source: Procedure QP-17, release of inspection equipment, section 4.
evidence:
  canary: {{min_rows: 50}}
  active: {{min_rows: 50, min_readiness: 0.5}}
  source: Half of the points of each section, as agreed at the production hardening workshop.
"""


def adopt(standards: Standards, before: datetime) -> dict[str, list[GatePolicy]]:
    """The policies of each family by number; of the first family one was superseded."""
    clara = PlantScope(Actor(ActorKind.PERSON, "clara"), central=frozenset({Role.DATA_SCIENTIST}))
    found: dict[str, list[GatePolicy]] = {}
    with clock.at(before - timedelta(days=_ADOPTED_DAYS)):
        for one in standards.inspections:
            is_first = one is standards.inspections[0]
            source = _source(one, error=0.06 if is_first else 0.1)
            reason = f"First policy for {one.title.lower()}, after the pilot at two plants."
            family = standards.families[one.slug]
            found[one.slug] = [policies.adopt(clara, family, source=source, reason=reason)]
    with clock.at(before - timedelta(days=_KEPT_DAYS)):
        _keep(standards)
    first = standards.inspections[0]
    with clock.at(before - timedelta(days=_REVISED_DAYS)):
        found[first.slug].append(
            policies.adopt(
                clara,
                standards.families[first.slug],
                source=_source(first, error=0.1),
                reason="The bound on calibration blocked versions that sorted well; it is what was "
                "measured at three plants now.",
            )
        )
    return found


def _source(one: Inspection, *, error: float) -> str:
    return _SOURCE.format(
        title=one.title.lower(),
        rows=5,
        escapes=_ESCAPES[one.slug],
        cost=one.escape_cost,
        error=error,
        latency=_LATENCY_MS[one.kind],
    )


def _keep(standards: Standards) -> None:
    """A retention rule for every family but the last, for which nobody has set one yet."""
    vera = PlantScope(Actor(ActorKind.PERSON, "vera"), central=frozenset({Role.APPROVER}))
    chosen = standards.inspections[:-1] or standards.inspections
    for number, one in enumerate(chosen):
        by_contract = number % 2 == 1
        retention.set_rule(
            vera,
            standards.families[one.slug],
            classes=(kept.IATF, kept.CUSTOMER) if by_contract else (kept.IATF,),
            customer_years=_CUSTOMER_YEARS if by_contract else None,
            reason=f"Customers of {one.title.lower()} ask for {_CUSTOMER_YEARS} years by contract."
            if by_contract
            else "As the quality manual has it for parts of vehicles.",
        )
