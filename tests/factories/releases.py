"""Releases and clearances as rows, written past the services that decide on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from governance.models import ClearanceRecord, GatePolicy, Release
from governance.selectors.graphs import graphs, key_of
from plants.models import Line, LineSetup
from plants.services import setups
from registry.domain.access import Role, portal_scope
from registry.models import ModelVersion
from tests.factories.world import Site


def a_release(version: ModelVersion, line: Line, by: str = "ines", **changes: Any) -> Release:
    """An open request; closed where an outcome is given."""
    policy = GatePolicy.objects.get(family=version.family_id, superseded_at=None)
    facts: dict[str, Any] = {
        "version": version,
        "line": line,
        "mode": "shadow",
        "reason": "It finds the scratches that the present one lets through.",
        "policy": policy,
        "basis": graphs([(version, line)])[key_of(version, line)].basis(),
        "requested_by": by,
        "decide_by": timezone.now() + timedelta(days=14),
    }
    if changes.get("outcome"):
        facts |= {"closed_by": by, "closed_at": timezone.now()}
    return Release.objects.create(**(facts | changes))


def a_clearance(release: Release, **changes: Any) -> ClearanceRecord:
    """What a cleared release has; the release is written as cleared."""
    facts: dict[str, Any] = {
        "release": release,
        "version": release.version,
        "line": release.line,
        "ceiling": release.mode,
        "max_share": release.share,
        "conditions": ["quinn: the lamp is cleaned every shift"],
        "basis": release.basis,
        "gates": [],
        "readiness": 0.5,
        "issued_by": release.requested_by,
        "expires_at": timezone.now() + timedelta(days=180),
    }
    return ClearanceRecord.objects.create(**(facts | changes))


def release_and_clearance(site: Site) -> tuple[Release, ClearanceRecord]:
    """An open release of the site's version on its line, and a cleared one; made once."""
    cleared = ClearanceRecord.objects.filter(line=site.reports.line).first()
    if cleared is None:
        place = (site.version, site.reports.line, site.people[Role.ENGINEER].username)
        a_release(*place)
        cleared = a_clearance(a_release(*place, mode="canary", share=10, outcome="cleared"))
    return Release.objects.get(line=cleared.line, outcome=""), cleared


def change_supplier(line: Line, supplier: str = "Tata") -> LineSetup:
    """Parts of another supplier run over the line from now on; all else stays."""
    newest = LineSetup.objects.filter(line=line).order_by("-number").first()
    return setups.report_setup(
        portal_scope("demo"),
        line,
        document={**(newest.document if newest else {}), "supplier": supplier},
        reason="A new contract.",
    )
