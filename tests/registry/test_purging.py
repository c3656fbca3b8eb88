"""Bytes that were purged: gone from disk, said so, and neither a fault nor a gap in the ledger."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.domain.access import Actor, ActorKind, PlantScope, Role, portal_scope
from registry.domain.digests import sha256
from registry.domain.errors import Conflict, Gone, NotAllowed
from registry.domain.jobs import JobKind, JobState
from registry.models import Artifact, ArtifactPurge, Job, LedgerEntry, Upload
from registry.services import artifacts, jobs, ledger_checks, purging
from registry.services.purging import Purge
from tests.factories.registry import recipe
from tests.registry.rows import a_family, a_job, a_version

pytestmark = pytest.mark.django_db

DATA = b"a model's bytes"
DIGEST = sha256(DATA)
PORTAL = portal_scope("purge")
GRAZ = PlantScope(Actor(ActorKind.PLANT, "graz"), at={"graz": frozenset({Role.OPERATOR})})


def arrive() -> Upload:
    """The bytes whole in quarantine, as an attempt of a job sends them."""
    upload = artifacts.announce(GRAZ, a_job("graz"), token=1, sha256=DIGEST, size=len(DATA))
    return artifacts.append(GRAZ, upload.pk, offset=0, part=DATA)


@pytest.fixture
def artifact() -> Artifact:
    return artifacts.admit(GRAZ, arrive(), facts={})


def path() -> Path:
    return artifacts.content_path(DIGEST)


def purge() -> ArtifactPurge:
    one = Purge(DIGEST, "6 months from 1 May 2025", date(2025, 11, 1), ["graz"])
    return purging.record(PORTAL, [one])[0]


def entries() -> list[str]:
    rows = LedgerEntry.objects.filter(subject=f"artifact:{DIGEST}").order_by("sequence")
    return [row.verb for row in rows]


def test_a_purge_takes_the_file_and_leaves_the_row_with_one_entry(artifact):
    purge()
    assert purging.remove_files() == 1
    assert purging.remove_files() == 0
    assert not path().exists()
    assert Artifact.objects.get() == artifact
    entry = LedgerEntry.objects.get(verb="artifact.purged")
    assert entry.plant_code == "graz"
    assert entry.details == {
        "size": len(DATA),
        "because": "6 months from 1 May 2025",
        "kept_until": "2025-11-01",
    }


def test_a_crash_before_the_commit_leaves_the_bytes_and_no_entry(artifact):
    def crash() -> None:
        with transaction.atomic():
            purge()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    assert purging.remove_files() == 0
    assert artifacts.read(artifact) == DATA
    assert entries() == ["artifact.verified"]


def test_a_crash_between_the_commit_and_the_file_is_made_good_by_the_next_run(artifact):
    purge()
    assert path().exists()  # the run ended here
    for read in (artifacts.read, artifacts.checked_path):
        with pytest.raises(Gone, match=r"purged on .*: 6 months from 1 May 2025\. Its versions"):
            read(artifact)
    assert purging.remove_files() == 1
    assert not path().exists()
    assert entries() == ["artifact.verified", "artifact.purged"]


def test_an_artifact_is_purged_once(artifact):
    purge()
    with pytest.raises(IntegrityError), transaction.atomic():
        purge()
    assert entries() == ["artifact.verified", "artifact.purged"]


def test_only_an_administrator_or_the_portal_records_a_purge(artifact):
    scientist = PlantScope(Actor(ActorKind.PERSON, "c"), central=frozenset({Role.DATA_SCIENTIST}))
    with pytest.raises(NotAllowed):
        purging.record(scientist, [Purge(DIGEST, "So.", date(2025, 11, 1))])
    assert not ArtifactPurge.objects.exists()
    assert artifacts.read(artifact) == DATA


def test_artifacts_are_held_inside_a_transaction(artifact):
    with transaction.atomic():
        assert purging.hold([DIGEST, "f" * 64]) == {DIGEST}


# --- The same bytes again ------------------------------------------------------------------------


@pytest.mark.parametrize("was_removed", [True, False])
def test_purged_bytes_that_arrive_again_are_stored_again_and_stay(artifact, was_removed):
    purge()
    if was_removed:
        purging.remove_files()
    assert artifacts.admit(GRAZ, arrive(), facts={}) == artifact
    assert purging.remove_files() == 0
    assert artifacts.read(artifact) == DATA
    assert entries() == ["artifact.verified", "artifact.purged", "artifact.restored"]
    artifacts.admit(GRAZ, arrive(), facts={})
    assert len(entries()) == 3

    purge()  # and their time may be over once more
    assert purging.remove_files() == 1
    assert ArtifactPurge.objects.count() == 2


# --- Reading the ledger --------------------------------------------------------------------------


def test_the_nightly_check_finds_nothing_wrong_with_a_purge(artifact):
    purge()
    assert ledger_checks.verify().is_intact, "the file is still there"
    purging.remove_files()
    found = ledger_checks.verify()
    assert (found.is_intact, found.artifacts) == (True, 0)


def test_bytes_that_came_back_count_again(artifact):
    purge()
    purging.remove_files()
    artifacts.admit(GRAZ, arrive(), facts={})
    assert ledger_checks.verify().artifacts == 1
    path().unlink()
    assert "missing or were changed" in ledger_checks.verify().reason


def test_a_purge_that_only_the_database_knows_of_excuses_nothing(artifact):
    """Somebody removes a file and plants the row that would explain it."""
    path().unlink()
    ArtifactPurge.objects.create(artifact=artifact, because="So.", kept_until=date(2025, 1, 1))
    with pytest.raises(CommandError, match="are missing or were changed"):
        call_command("verify_ledger")


# --- Orders --------------------------------------------------------------------------------------


def test_nothing_is_ordered_that_needs_purged_bytes(artifact):
    version = a_version(a_family(), artifact=artifact)
    job = a_job("graz", family=version.family, parent=version, state=JobState.FAILED)
    Job.objects.filter(pk=job.pk).update(ended_at=timezone.now())
    job.refresh_from_db()
    wish = jobs.Wish(JobKind.EVALUATE, "graz", version.family, "castings", recipe(), parent=version)
    purge()
    before = Job.objects.count(), LedgerEntry.objects.count()
    with pytest.raises(Conflict, match="were purged on") as refusal:
        jobs.retry(PORTAL, job)
    assert (refusal.value.code, list(refusal.value.fields)) == ("artifact-purged", ["parent"])
    with pytest.raises(Conflict, match="were purged on"):
        jobs.enqueue(PORTAL, wish)
    assert (Job.objects.count(), LedgerEntry.objects.count()) == before

    ArtifactPurge.objects.update(restored_at=timezone.now())
    assert jobs.retry(PORTAL, job).parent == version
