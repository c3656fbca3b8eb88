"""What a plant's reports leave in the ledger: lines, people, ownership, runbooks, rosters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from plants.services import imports, lines, ownership, people, rosters, runbooks
from registry.domain.access import portal_scope
from tests.factories.world import World

NO_ENTRY = {
    "plants.services.checks": "reads, locks and refuses for its callers",
    "plants.services.rosters.as_rule": "computes",
    "plants.services.rosters.shift_fact": "computes",
    "plants.services.lines.line_fact": "computes",
    "plants.services.lines.station_fact": "computes",
    "plants.services.people.person_fact": "computes",
    "plants.services.ownership.said": "computes",
    "plants.services.ownership.declared_fact": "computes",
    "plants.services.imports.plan": "computes",
    "plants.services.imported": "names a line in refusals of its callers",
    "plants.services.runbooks.runbook_fact": "computes",
    "plants.services.import_runbooks.write": "writes for imports.carry_out, which records",
    "plants.services.imports.refuse_problems": "computes",
    "plants.services.workers.drop_old_readings": "forgets figures that are no facts",
}
_portal = portal_scope()


def _twice(call: Any) -> Any:
    return [call() for _ in range(2)]


def _station(w: World) -> Any:
    return w.graz.reports.line.stations.get()


def _declared_otherwise(w: World) -> Any:
    graz = w.graz.reports
    return ownership.declare(
        _portal, graz.line, team="Night", owner=graz.berta, rollback_authority=graz.berta
    )


def _entered(w: World) -> Any:
    start = w.graz.reports.shift.ends_at + timedelta(days=40)
    return rosters.enter(
        _portal,
        person=w.graz.reports.anna,
        starts_at=start,
        ends_at=start + timedelta(hours=8),
    )


def _moved(w: World) -> Any:
    shift = w.graz.reports.shift
    hour = timedelta(hours=1)
    return rosters.move(
        _portal, shift, starts_at=shift.starts_at - hour, ends_at=shift.ends_at - hour
    )


def _described(w: World) -> Any:
    return runbooks.describe(
        _portal, w.graz.reports.runbook, title="Stop and look", families=[w.family], lines=[]
    )


RECIPES = {
    "plants.services.lines.open_line": (
        lambda w: lines.open_line(_portal, plant_code="graz", code="line-9", name="Line 9"),
        ["line.opened"],
    ),
    "plants.services.lines.rename_line": (
        lambda w: _twice(lambda: lines.rename_line(_portal, w.graz.reports.line, name="Press")),
        ["line.renamed"],
    ),
    "plants.services.lines.close_line": (
        lambda w: _twice(lambda: lines.close_line(_portal, w.graz.reports.line)),
        ["line.closed"],
    ),
    "plants.services.lines.open_station": (
        lambda w: lines.open_station(_portal, w.graz.reports.line, code="cam-z", name="Camera Z"),
        ["station.opened"],
    ),
    "plants.services.lines.change_station": (
        lambda w: _twice(
            lambda: lines.change_station(_portal, _station(w), name="Eye", family=w.family)
        ),
        ["station.changed"],
    ),
    "plants.services.lines.close_station": (
        lambda w: _twice(lambda: lines.close_station(_portal, w.graz.reports.station)),
        ["station.closed"],
    ),
    "plants.services.people.add": (
        lambda w: people.add(_portal, plant_code="graz", code="carl", name="Carl Reiter"),
        ["person.added"],
    ),
    "plants.services.people.rename": (
        lambda w: _twice(lambda: people.rename(_portal, w.graz.reports.anna, name="Anna Maier")),
        ["person.renamed"],
    ),
    "plants.services.people.leave": (
        lambda w: _twice(lambda: people.leave(_portal, w.graz.reports.anna)),
        ["person.left"],
    ),
    "plants.services.people.set_contact": (
        lambda w: _twice(
            lambda: people.set_contact(
                _portal, w.graz.reports.anna, kind="email", address="anna@graz.example"
            )
        ),
        ["contact.added"],
    ),
    "plants.services.people.remove_contact": (
        lambda w: _twice(lambda: people.remove_contact(_portal, w.graz.reports.contact)),
        ["contact.removed"],
    ),
    "plants.services.ownership.declare": (
        lambda w: _twice(lambda: _declared_otherwise(w)),
        ["ownership.declared"],
    ),
    "plants.services.rosters.enter": (
        lambda w: _twice(lambda: _entered(w)),
        ["shift.entered"],
    ),
    "plants.services.rosters.move": (_moved, ["shift.moved"]),
    "plants.services.rosters.remove": (
        lambda w: _twice(lambda: rosters.remove(_portal, w.graz.reports.shift)),
        ["shift.removed"],
    ),
    "plants.services.imports.carry_out": (
        lambda w: _twice(
            lambda: imports.carry_out(
                _portal,
                w.graz.plant,
                kind="lines",
                raw=b"line,name\nline-1,Line 1\nline-8,Line 8\nline-2,Press\n",
            )
        ),
        ["line.opened", "line.renamed"],
    ),
    "plants.services.runbooks.create": (
        lambda w: runbooks.create(
            _portal, plant_code="graz", slug="glare", title="Glare", markdown="Dim the lamp."
        ),
        ["runbook.created"],
    ),
    "plants.services.runbooks.write": (
        lambda w: _twice(
            lambda: runbooks.write(
                _portal, w.graz.reports.runbook, markdown="Stop. Look.", change_note="Shorter."
            )
        ),
        ["runbook.written"],
    ),
    "plants.services.runbooks.review": (
        lambda w: _twice(lambda: runbooks.review(_portal, w.graz.reports.runbook)),
        ["runbook.reviewed"],
    ),
    "plants.services.runbooks.describe": (
        lambda w: _twice(lambda: _described(w)),
        ["runbook.described"],
    ),
    "plants.services.runbooks.retire": (
        lambda w: _twice(lambda: runbooks.retire(_portal, w.graz.reports.runbook)),
        ["runbook.retired"],
    ),
}
