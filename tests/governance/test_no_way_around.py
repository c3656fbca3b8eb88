"""No sequence of calls, by anybody, puts a version on a line without a valid clearance.

Callers of every role send calls in any order through the API; after each of them every row that a
station is meant to run is held against the decisions behind it, as an auditor would read them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from governance.domain.policy_stages import quorum_of
from governance.models import Approval, ClearanceRecord, Release
from governance.services import policies
from plants.domain.desired_state import FALLBACKS, STAGES, Mode
from plants.models import Deployment, LineSetup, User
from plants.services import access, tokens
from registry.domain.access import Role, portal_scope
from registry.domain.lineage import SemVer
from registry.models import LedgerEntry
from registry.services import ledger, versions
from tests.factories.governed import EASY, Governed, governed
from tests.factories.world import client_of, undone, world, world_and_folders

__all__ = ["world", "world_and_folders"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CALLERS = (
    *("engineer", "piet", "quinn", "quinn's program", "dora", "approver", "operator", "viewer"),
    *("neighbour", "manager", "auditor", "administrator", "agent", "anonymous"),
)
MODES = tuple(mode.value for mode in STAGES)
SEATS = ("quality", "process", "data_science")
ACTS = (
    *(f"propose {mode}" for mode in MODES),
    *(f"approve {seat}" for seat in SEATS),
    *(f"start {mode}" for mode in MODES),
    *("decline", "clear", "withdraw", "revoke", "new supplier", "stop"),
    *(f"roll back {way}" for way in ("previous", "human_gate", "permissive")),
    # What is no call of a person: the plant's worker scores, somebody retires the version.
    *("judge", "retire"),
)
Call = tuple[str, str]


def stage(mode: str, *seats: str) -> list[Call]:
    """The calls that take a version into a mode as it should be."""
    who = {"quality": "quinn", "process": "piet", "data_science": "dora"}
    return [
        ("engineer", f"propose {mode}"),
        *((who[seat], f"approve {seat}") for seat in seats),
        ("engineer", f"start {mode}"),
        ("agent", "judge"),
    ]


PROPER = [
    *stage("shadow", "quality"),
    *stage("canary", "quality", "process"),
    *stage("active", *SEATS),
]


@dataclass
class Floor:
    """The callers and what they speak about."""

    here: Governed
    clients: dict[str, Client]
    before: set[Any]
    suppliers: int = 0
    answers: list[tuple[Call, int]] = field(default_factory=list)

    def call(self, who: str, act: str) -> int:
        """One call; the status it was answered with."""
        verb, _, rest = act.partition(" ")
        if act in {"judge", "retire"}:
            return self._happen(act)
        path, body = getattr(self, f"_{verb}")(rest)
        found = self.clients[who].post(f"/api/v1/{path}", body, content_type="application/json")
        self.answers.append(((who, act), found.status_code))
        return int(found.status_code)

    def _happen(self, act: str) -> int:
        if act == "judge":
            self.here.judge()
        elif self.here.version.stage != "retired":
            self.here.version = versions.move(portal_scope(), self.here.version, to="retired")
        return 200

    def _of_newest(self, command: str) -> str:
        newest = Release.objects.order_by("-requested_at").first()
        pk = newest.pk if newest else "00000000-0000-4000-8000-000000000000"
        return f"releases/{pk}/{command}/"

    def _propose(self, mode: str) -> tuple[str, dict[str, Any]]:
        share = 10 if mode == "canary" else None
        about = {"plant": "graz", "line": "line-3", "version": str(self.here.version.pk)}
        return "releases/", {**about, "mode": mode, "share": share, "reason": "It is better."}

    def _approve(self, seat: str) -> tuple[str, dict[str, Any]]:
        return self._of_newest("approvals"), {"seat": seat, "verdict": "approve"}

    def _decline(self, _: str) -> tuple[str, dict[str, Any]]:
        body = {"seat": "quality", "verdict": "decline", "comment": "Not yet."}
        return self._of_newest("approvals"), body

    def _clear(self, _: str) -> tuple[str, dict[str, Any]]:
        return self._of_newest("clearance"), {}

    def _start(self, mode: str) -> tuple[str, dict[str, Any]]:
        return self._of_newest("start"), {"station": "cam-c", "mode": mode}

    def _withdraw(self, _: str) -> tuple[str, dict[str, Any]]:
        return self._of_newest("withdrawal"), {"reason": "A mistake."}

    def _revoke(self, _: str) -> tuple[str, dict[str, Any]]:
        record = ClearanceRecord.objects.order_by("-issued_at").first()
        pk = record.pk if record else "00000000-0000-4000-8000-000000000000"
        return f"clearances/{pk}/revocation/", {"reason": "It misses scratches."}

    def _new(self, _: str) -> tuple[str, dict[str, Any]]:
        self.suppliers += 1
        document = {"supplier": f"Number {self.suppliers}"}
        return "plants/graz/lines/line-3/setup/", {"document": document, "reason": "A contract."}

    def _stop(self, _: str) -> tuple[str, dict[str, Any]]:
        tried = Deployment.objects.running().filter(mode__in=("shadow", "canary")).first()
        pk = tried.pk if tried else "00000000-0000-4000-8000-000000000000"
        return f"plants/graz/deployments/{pk}/stop/", {}

    def _roll(self, rest: str) -> tuple[str, dict[str, Any]]:
        way = rest.partition(" ")[2]
        return "plants/graz/stations/line-3/cam-c/rollback/", {"to": way}


@pytest.fixture
def floor(world) -> Floor:
    here = governed(world)
    here.answer_checklist()
    people = {**here.site.people, **world.central}
    named = {name: getattr(here, name) for name in ("quinn", "piet", "dora")}
    users = {name: User.objects.get(username=scope.actor.name) for name, scope in named.items()}
    _, text = tokens.issue(access.scope_for(users["quinn"]), users["quinn"], name="script")
    roles = ("engineer", "approver", "operator", "viewer", "manager", "auditor", "administrator")
    return Floor(
        here,
        {
            **{name: client_of(user) for name, user in users.items()},
            **{role: client_of(people[Role(role)]) for role in roles},
            "quinn's program": Client(headers={"Authorization": f"Bearer {text}"}),
            "neighbour": client_of(world.leipzig.people[Role.ENGINEER]),
            "agent": here.site.agent(),
            "anonymous": Client(),
        },
        # What the world's own stations run was put there without releases.
        before=set(Deployment.objects.values_list("pk", flat=True)),
    )


# --- As an auditor reads it ----------------------------------------------------------------------
def check_every_deployment(floor: Floor) -> None:
    here = floor.here
    rows = Deployment.objects.exclude(pk__in=floor.before)
    for row in rows.select_related("version", "station__line"):
        if row.mode in FALLBACKS:
            assert row.version is None
        elif row.back_to:
            was = row.back_to
            assert (was.version, was.station, was.mode) == (row.version, row.station, "active")
        else:
            check_clearance(row, here)


def check_clearance(row: Deployment, here: Governed) -> None:
    record = ClearanceRecord.objects.get(pk=row.clearance)
    assert (record.version, record.line) == (row.version, row.station.line)
    assert MODES.index(row.mode) <= MODES.index(record.ceiling)
    assert record.issued_at <= row.started_at < record.expires_at
    assert record.revoked_at is None or record.revoked_at >= row.started_at
    if row.mode == Mode.ACTIVE:
        assert SemVer.parse(row.version.version) >= SemVer(1, 0, 0)
    check_quorum(record.release, row.started_at, here)


def check_quorum(release: Release, at: datetime, here: Governed) -> None:
    """Enough persons, each once, none of whom made or asked, and nothing changed since."""
    latest = {
        one.person: one
        for one in Approval.objects.filter(release=release, decided_at__lte=at).order_by("pk")
    }
    makers = {release.requested_by, here.version.job.requested_by}
    assert not makers & latest.keys()
    assert {one.verdict for one in latest.values()} == {"approve"}
    seats = [one.seat for one in latest.values()]
    for seat, asked in quorum_of(release.policy.document, release.mode).items():
        assert seats.count(seat) >= asked
    given = min(one.decided_at for one in latest.values())
    assert not LineSetup.objects.filter(line=release.line, since__gt=given, since__lte=at).exists()
    retired = LedgerEntry.objects.filter(verb="version.stage-moved", details__to="retired")
    assert not retired.filter(recorded_at__lte=at).exists()


def check_rollback(floor: Floor) -> None:
    """Whatever came before, the operator puts a person at every part, with one call."""
    assert floor.call("operator", "roll back human_gate") == 200
    decides = Deployment.objects.running().deciding().get(station=floor.here.station)
    assert decides.mode == "human_gate"


def play(floor: Floor, calls: list[Call]) -> None:
    for who, act in calls:
        assert floor.call(who, act) < 500
        check_every_deployment(floor)
    check_rollback(floor)


# --- The property --------------------------------------------------------------------------------
CALLS = st.tuples(st.sampled_from(CALLERS), st.sampled_from(ACTS))
# Mostly as it should be, with calls of anybody in between and some of the proper ones left out:
# by chance alone nothing would ever come near a line.
NEARLY = st.lists(st.booleans(), min_size=len(PROPER), max_size=len(PROPER)).flatmap(
    lambda kept: st.lists(
        st.lists(CALLS, max_size=1), min_size=len(PROPER), max_size=len(PROPER)
    ).map(
        lambda between: [
            call
            for keep, proper, others in zip(kept, PROPER, between, strict=True)
            for call in (*([proper] if keep else []), *others)
        ]
    )
)
TWO_SUPPLIERS = [
    *stage("shadow", "quality")[:-2],
    ("piet", "new supplier"),
    ("engineer", "start shadow"),
    ("quinn's program", "approve quality"),
    ("engineer", "start shadow"),
]
CLEARED = [*stage("shadow", "quality")[:-2], ("engineer", "clear")]
OWN_WORK = [
    *stage("shadow", "quality"),
    ("piet", "propose canary"),
    ("quinn", "approve quality"),
    ("piet", "approve process"),
    ("piet", "start canary"),
]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=st.one_of(NEARLY, st.lists(CALLS, max_size=14)))
@example(calls=PROPER)
@example(calls=TWO_SUPPLIERS)
@example(calls=[*CLEARED, ("piet", "new supplier"), ("engineer", "start shadow")])
@example(calls=[*CLEARED, ("quinn", "revoke"), ("engineer", "start shadow")])
@example(calls=[*CLEARED, ("engineer", "start active")])
@example(calls=OWN_WORK)
@example(calls=[*PROPER[:9], ("anonymous", "retire"), *PROPER[9:]])
def test_whatever_is_called_nothing_runs_without_a_clearance(floor, calls):
    version = floor.here.version
    with undone():
        play(floor, calls)
        assert ledger.verify().is_intact
    floor.here.version = version
    version.refresh_from_db()


def test_the_proper_calls_do_reach_the_line(floor):
    """Without this the property could hold because nothing ever starts."""
    play(floor, PROPER)
    told = dict(floor.answers)
    assert [told["engineer", f"start {mode}"] for mode in MODES] == [201, 201, 201]
    assert Deployment.objects.filter(mode="active", version=floor.here.version).exists()


def test_a_persons_session_and_program_count_once(floor):
    policy_of_two(floor.here)
    floor.call("engineer", "propose shadow")
    for who in ("quinn", "quinn's program", "quinn"):
        assert floor.call(who, "approve quality") == 201
    assert floor.call("engineer", "start shadow") == 409
    assert floor.call("approver", "approve quality") == 201
    assert floor.call("engineer", "start shadow") == 201


def policy_of_two(here: Governed) -> None:
    two = (
        "approvals:\n  shadow: {quality: 2}\n  canary: {quality: 2, process: 1}\n"
        "  active: {quality: 2, process: 1, data_science: 1}\n  source: Two pairs of eyes.\n"
    )
    policies.adopt(portal_scope(), here.world.family, source=EASY + two, reason="Two.")


def test_a_stale_approval_does_not_clear(floor):
    floor.call("engineer", "propose shadow")
    floor.call("quinn", "approve quality")
    floor.call("piet", "new supplier")
    assert floor.call("engineer", "clear") == 409
    assert not ClearanceRecord.objects.exists()


@pytest.mark.parametrize("way", ["human_gate", "permissive"])
def test_rollback_is_blocked_by_nothing(floor, way):
    """Retired, revoked, stale, unapproved, undecided: the operator's call goes through."""
    for call in PROPER:
        floor.call(*call)
    for call in (("piet", "new supplier"), ("quinn", "revoke"), ("engineer", "propose shadow")):
        floor.call(*call)
    floor.call("", "retire")
    assert floor.call("operator", f"roll back {way}") == 200
