"""Removes stored bytes whose clocks have all run out; every row and every entry stays.

What may go is decided above, where it is known what runs on lines. The record commits first, the
files follow: a crash in between leaves files that the next run removes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from registry.domain.access import PlantScope, Role
from registry.models import Artifact, ArtifactPurge
from registry.services import artifacts, ledger


@dataclass(frozen=True, slots=True)
class Purge:
    """One artifact that may go.

    Attributes:
        because: why, as `registry.domain.retention` says it; without a full stop.
        kept_until: the last day of its longest clock.
        origins: codes of the plants whose versions it belongs to.
    """

    sha256: str
    because: str
    kept_until: date
    origins: Sequence[str] = ()


def hold(digests: Collection[str]) -> set[str]:
    """Lock artifacts inside the caller's transaction, so that no new version takes one meanwhile.

    Returns:
        Those that are held. What somebody else holds is in use at this moment: it is left for the
        next run, and nobody waits for anybody.

    Raises:
        RuntimeError: there is no transaction to hold them in.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Locks last as long as a transaction: call hold inside atomic().")
    rows = Artifact.objects.select_for_update(skip_locked=True).filter(pk__in=digests)
    return set(rows.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def record(scope: PlantScope, purges: Sequence[Purge]) -> list[ArtifactPurge]:
    """Put on record that bytes go; their files are removed afterwards by `remove_files`.

    Raises:
        NotAllowed: the caller is no central administrator.
    """
    scope.require(Role.ADMINISTRATOR)
    rows = [
        ArtifactPurge(artifact_id=one.sha256, because=one.because, kept_until=one.kept_until)
        for one in purges
    ]
    sizes = dict(
        Artifact.objects.filter(pk__in=[one.sha256 for one in purges]).values_list("pk", "size")
    )
    made = ArtifactPurge.objects.bulk_create(rows)
    ledger.record_all(
        scope,
        [
            ledger.Fact(
                "artifact.purged",
                f"artifact:{one.sha256}",
                plant_code=one.origins[0] if len(one.origins) == 1 else "",
                details={
                    "size": sizes[one.sha256],
                    "because": one.because,
                    "kept_until": one.kept_until.isoformat(),
                },
            )
            for one in purges
        ],
    )
    return made


def remove_files() -> int:
    """Remove the files of what is purged on record, also those an earlier run left; how many."""
    standing = ArtifactPurge.objects.standing().order_by("pk").values_list("pk", "artifact_id")
    left = [pk for pk, digest in standing if artifacts.content_path(digest).exists()]
    return sum(_remove_file(pk) for pk in left)


@transaction.atomic
def _remove_file(pk: int) -> bool:
    # The lock of `artifacts.admit`: of bytes that arrive again at this moment one copy stays.
    digest = ArtifactPurge.objects.values_list("artifact_id", flat=True).get(pk=pk)
    if not hold([digest]) or not ArtifactPurge.objects.standing().filter(pk=pk).exists():
        return False
    path = artifacts.content_path(digest)
    is_there = path.exists()
    path.unlink(missing_ok=True)
    return is_there
