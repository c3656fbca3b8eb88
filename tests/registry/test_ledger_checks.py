"""Whoever tampers with an entry, a checkpoint or an artifact is found, and the entry named."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from registry.domain import offline_verifier
from registry.domain.access import Actor, ActorKind, PlantScope, Role, portal_scope
from registry.domain.digests import sha256
from registry.domain.errors import Conflict, NotAllowed
from registry.models import Artifact, LedgerCheck, LedgerCheckpoint, LedgerEntry, LedgerHead
from registry.services import artifacts, checkpoints, ledger, ledger_checks, ledger_export
from tests.registry.triggers import without_triggers

pytestmark = pytest.mark.django_db

AUDITOR = PlantScope(Actor(ActorKind.PERSON, "ada"), central=frozenset({Role.AUDITOR}))
BYTES = b"an artifact's bytes"


def write(*subjects: str) -> None:
    for subject in subjects:
        with transaction.atomic():
            ledger.record(portal_scope("test"), "version.registered", f"version:{subject}")


def store(data: bytes = BYTES) -> Artifact:
    """An artifact as `artifacts.admit` leaves it: bytes, row and entry."""
    artifact = Artifact(sha256=sha256(data), size=len(data))
    path = artifacts.content_path(artifact.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    with transaction.atomic():
        artifact.save(force_insert=True)
        details = {"size": len(data), "job": ""}
        subject = f"artifact:{artifact.sha256}"
        ledger.record(portal_scope("test"), "artifact.verified", subject, details=details)
    return artifact


@pytest.fixture
def stage() -> Artifact:
    """Entries 1 to 5, of which 3 is an artifact's; checkpoints of 2, 4 and 5."""
    write("a", "b")
    checkpoints.make()
    artifact = store()
    write("c")
    checkpoints.make()
    write("d")
    checkpoints.make()
    return artifact


def tamper(table: str, statement: str, *values: Any) -> None:
    """Raw SQL by somebody who may drop triggers."""
    with without_triggers(table), connection.cursor() as cursor:
        cursor.execute(statement.format(table), values)
        assert cursor.rowcount >= 1


def verify() -> str:
    out = io.StringIO()
    call_command("verify_ledger", stdout=out)
    return out.getvalue().strip()


def test_an_untouched_ledger_is_intact_signed_and_whole(stage: Artifact) -> None:
    assert verify() == "5 entries, intact; signed up to entry 5; 1 artifact whole"
    assert checkpoints.make() is None
    assert [row.sequence for row in LedgerCheckpoint.objects.order_by("number")] == [2, 4, 5]


def _rewrite(first: int) -> None:
    """All of the chain anew from one entry on, head included: what a database's owner can do."""
    previous = LedgerEntry.objects.get(sequence=first - 1).digest
    for entry in LedgerEntry.objects.filter(sequence__gte=first).order_by("sequence"):
        entry.actor, entry.previous_digest = "person:mallory", previous
        entry.digest = previous = ledger.entry_digest(entry)
        tamper(
            "registry_ledgerentry",
            "UPDATE {} SET actor = %s, previous_digest = %s, digest = %s WHERE sequence = %s",
            *(entry.actor, entry.previous_digest, entry.digest, entry.sequence),
        )
    LedgerHead.objects.update(digest=previous)


def _cut(last: int) -> None:
    """The end cut off without a trace in the database."""
    tamper("registry_ledgerentry", "DELETE FROM {} WHERE sequence > %s", last)
    tamper("registry_ledgercheckpoint", "DELETE FROM {} WHERE sequence > %s", last)
    digest = LedgerEntry.objects.get(sequence=last).digest
    LedgerHead.objects.update(sequence=last, digest=digest)


def _checkpoint(statement: str, value: str) -> Callable[[], None]:
    return lambda: tamper("registry_ledgercheckpoint", statement, value)


def _content() -> Path:
    return artifacts.content_path(sha256(BYTES))


@pytest.mark.parametrize(
    ("change", "entry", "reason"),
    [
        (lambda: _rewrite(3), 3, "an entry from 3 to 4 was rewritten"),
        (lambda: _cut(4), 5, "entries are missing at the end: checkpoint 3 vouches for entry 5"),
        (
            _checkpoint("UPDATE {} SET digest = %s WHERE number = 2", "a" * 64),
            4,
            "checkpoint 2 is not signed",
        ),
        (
            _checkpoint("UPDATE {} SET signature = %s WHERE number = 2", "0" * 128),
            4,
            "checkpoint 2 is not signed",
        ),
        (
            _checkpoint("UPDATE {} SET made_at = %s WHERE number = 2", "2020-01-01 00:00:00+00:00"),
            4,
            "checkpoint 2 is not signed",
        ),
        (lambda: _content().write_bytes(BYTES[:-1] + b"!"), 3, "missing or were changed"),
        (lambda: _content().write_bytes(BYTES[:-1]), 3, "missing or were changed"),
        (lambda: _content().unlink(), 3, "missing or were changed"),
        (
            lambda: tamper("registry_artifact", "UPDATE {} SET size = 7"),
            3,
            "is said to have 7 bytes",
        ),
        (lambda: tamper("registry_artifact", "DELETE FROM {}"), 3, "missing from the database"),
        (
            lambda: Artifact.objects.create(sha256="f" * 64, size=3),
            6,
            "artifact ffffffffffff has no entry",
        ),
    ],
)
def test_the_first_broken_entry_is_named(
    stage: Artifact, change: Callable[[], Any], entry: int, reason: str
) -> None:
    change()
    with pytest.raises(CommandError, match=rf"broken at entry {entry}: .*{reason}"):
        verify()


def test_a_checkpoint_that_was_deleted_is_missed_by_its_copy(stage: Artifact) -> None:
    tamper("registry_ledgercheckpoint", "DELETE FROM {} WHERE number = 3")
    with pytest.raises(CommandError, match="at entry 5: its checkpoint 3 is gone from the data"):
        verify()

    tamper("registry_ledgercheckpoint", "DELETE FROM {} WHERE number = 1")
    copies = checkpoints.copies()
    copies.write_text("".join(copies.read_text().splitlines(keepends=True)[1:]))
    assert ledger.verify().reason == "checkpoint 1 is missing"


@pytest.mark.parametrize("line", ["no json", "[]", "{}", '{"number": 1}'])
def test_damaged_copies_are_said(stage: Artifact, line: str) -> None:
    with checkpoints.copies().open("a") as file:
        file.write(line + "\n")
    assert "copies of its checkpoints are damaged" in ledger.verify().reason


def test_a_key_that_was_changed_counts_once_its_public_half_is_listed(
    stage: Artifact, settings: Any, tmp_path: Path
) -> None:
    old = checkpoints.public_key()
    copies = checkpoints.copies().read_text()
    settings.LEDGER_KEY_FILE = tmp_path / "second" / "ledger.key"
    assert checkpoints.public_key() != old
    assert "not signed with a key that counts" in ledger.verify().reason
    settings.LEDGER_OLD_KEYS = [old]
    write("e")
    checkpoints.make()
    assert ledger.verify().signed_up_to == 6
    assert copies.count("\n") == 3


def test_a_check_is_kept_and_recorded_and_run_once(stage: Artifact) -> None:
    check = ledger_checks.ask(AUDITOR)
    assert ledger_checks.ask(AUDITOR) == check  # while one waits there is no second
    before = LedgerEntry.objects.count()

    ledger_checks.run_asked(str(check.pk))
    ledger_checks.run_asked(str(check.pk))

    check.refresh_from_db()
    assert (check.is_intact, check.entries, check.artifacts) == (True, 5, 1)
    assert check.asked_by == "person:ada"
    entry = LedgerEntry.objects.get(sequence=before + 1)
    assert (entry.verb, LedgerEntry.objects.count()) == ("ledger.found-intact", before + 1)
    with pytest.raises(Conflict, match="run before"):
        ledger_checks.run(check)


def test_a_check_of_a_broken_ledger_says_where(stage: Artifact) -> None:
    _content().unlink()
    check = ledger_checks.run(ledger_checks.ask(AUDITOR))
    assert (check.is_intact, check.broken_at) == (False, 3)
    last = LedgerEntry.objects.order_by("sequence").last()
    assert last is not None
    assert last.verb == "ledger.found-broken"
    assert last.details["broken_at"] == 3


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR, Role.ADMINISTRATOR}))
def test_only_auditors_and_administrators_ask(role: Role) -> None:
    scope = PlantScope(Actor(ActorKind.PERSON, "ines"), central=frozenset({role}))
    with pytest.raises(NotAllowed):
        ledger_checks.ask(scope)
    assert not LedgerCheck.objects.exists()


def test_an_export_verifies_without_the_portal(stage: Artifact, tmp_path: Path) -> None:
    write("e", "f")  # not vouched for yet: the export is signed all the same
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(ledger_export.lines(AUDITOR)))

    found = offline_verifier.verify(file, {checkpoints.public_key()})

    assert (found.last, found.signed_up_to, found.checkpoints) == (7, 7, 4)
    assert LedgerCheckpoint.objects.count() == 3
    header = json.loads(file.read_text().splitlines()[0])
    assert header["entries"] == 7


def test_an_empty_ledger_is_exported_too(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(ledger_export.lines(AUDITOR)))
    assert offline_verifier.verify(file, {checkpoints.public_key()}).last == 0


def test_a_plants_people_cannot_export_what_others_did(stage: Artifact) -> None:
    plant = {"graz": frozenset({Role.ENGINEER, Role.AUDITOR})}
    with pytest.raises(NotAllowed, match="takes a central role"):
        ledger_export.lines(PlantScope(Actor(ActorKind.PERSON, "ines"), at=plant))
