"""Releases: what each step of one leaves; asking for the same clearance again leaves nothing."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from governance.models import ClearanceRecord, Release
from governance.services import approvals, releases
from tests.factories.governed import Governed, governed
from tests.factories.world import World

_PREPARED = [
    *("policy.adopted", "version.stage-moved", "line.opened", "station.opened"),
    *("setup.reported", *["role.granted"] * 3),
]
_AGREED = [*_PREPARED, "release.proposed", "release.approved"]


def _propose(world: World) -> Release:
    return governed(world).propose()


def _agreed(world: World) -> tuple[Governed, Release]:
    here = governed(world)
    release = here.propose()
    here.approve(release, "quality")
    return here, release


def _withdraw(world: World) -> None:
    here = governed(world)
    releases.withdraw(here.engineer, here.propose(), reason="Too early.")


def _clear(world: World) -> None:
    here, release = _agreed(world)
    for _ in range(2):
        releases.clear(here.engineer, release)


def _start(world: World) -> None:
    here, release = _agreed(world)
    for _ in range(2):
        releases.start(here.engineer, release, here.station)


def _revoke(world: World) -> None:
    here, release = _agreed(world)
    releases.clear(here.engineer, release)
    for _ in range(2):
        releases.revoke(here.quinn, ClearanceRecord.objects.get(), reason="It missed two.")


def _expire(world: World) -> None:
    release = _propose(world)
    Release.objects.filter(pk=release.pk).update(decide_by=timezone.now() - timedelta(seconds=1))
    for _ in range(2):
        releases.expire_overdue()


def _comment(world: World) -> None:
    here = governed(world)
    approvals.comment(here.quinn, here.propose(), text="Which parts were seen?")


RECIPES = {
    "governance.services.releases.propose": (_propose, [*_PREPARED, "release.proposed"]),
    "governance.services.releases.withdraw": (
        _withdraw,
        [*_PREPARED, "release.proposed", "release.withdrawn"],
    ),
    "governance.services.releases.clear": (_clear, [*_AGREED, "release.cleared"]),
    "governance.services.releases.start": (
        _start,
        [*_AGREED, "release.cleared", "deployment.started"],
    ),
    "governance.services.releases.revoke": (
        _revoke,
        [*_AGREED, "release.cleared", "clearance.revoked"],
    ),
    "governance.services.releases.expire_overdue": (
        _expire,
        [*_PREPARED, "release.proposed", "release.expired"],
    ),
    "governance.services.approvals.decide": (_agreed, _AGREED),
    "governance.services.approvals.comment": (
        _comment,
        [*_PREPARED, "release.proposed", "release.commented"],
    ),
}
NO_ENTRY = {
    "governance.services.releases.hold": "locks",
    "governance.services.releases.close": "every outcome is tested under what leads to it",
    "governance.services.reminders": "a mail is no fact of a plant; what it tells of is on record",
    "governance.services.texts": "computes",
}
