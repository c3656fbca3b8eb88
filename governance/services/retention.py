"""Purges what nothing holds: recorded first, removed afterwards, decided anew behind its locks."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from governance.domain.purging import Verdict
from governance.selectors import retention as reads
from registry.domain.access import PlantScope, Role
from registry.services import purging


@dataclass(frozen=True, slots=True)
class Purged:
    """What one run did.

    Attributes:
        left: files that an earlier run had put on record and not removed; gone now as well.
    """

    verdicts: list[Verdict]
    sizes: dict[str, int]
    left: int


def purge(scope: PlantScope) -> Purged:
    """Remove the stored bytes that nothing holds; one ledger entry each, every row stays.

    Raises:
        NotAllowed: the caller is no central administrator.
    """
    scope.require(Role.ADMINISTRATOR)
    left = purging.remove_files()
    with transaction.atomic():
        first = reads.verdicts(timezone.now())
        held = purging.hold([one.artifact for one in first if one.may_go])
        # Whoever brought the same bytes, or ordered a job, just before the locks is seen now.
        again = reads.verdicts(timezone.now())
        going = [one for one in again if one.may_go and one.artifact in held]
        sizes = reads.sizes([one.artifact for one in going])
        purging.record(scope, _purges(going))
    purging.remove_files()
    return Purged(going, sizes, left)


def _purges(going: list[Verdict]) -> list[purging.Purge]:
    rows = reads.names([version for one in going for version in one.versions])
    return [
        purging.Purge(
            one.artifact,
            one.because,
            one.kept_until,
            sorted({rows[version].origin for version in one.versions}),
        )
        for one in going
        if one.kept_until is not None
    ]
