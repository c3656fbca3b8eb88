from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from registry.domain.access import portal_scope
from registry.models import LedgerEntry, LedgerHead
from registry.models.base import Immutable
from registry.services import ledger
from tests.registry.triggers import without_triggers

pytestmark = pytest.mark.django_db


def write(entries: int) -> None:
    for number in range(entries):
        with transaction.atomic():
            ledger.record(
                portal_scope("test"),
                "version.registered",
                f"version:{number}",
                plant_code="graz",
                details={"name": "Größe ≤ 3", "size": 1.0},
            )


def verify() -> str:
    out = io.StringIO()
    call_command("verify_ledger", stdout=out)
    return out.getvalue().strip()


def tamper(statement: str, *values: Any) -> None:
    """Raw SQL by somebody who may drop triggers."""
    with without_triggers("registry_ledgerentry"), connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount >= 1


def test_an_untouched_ledger_is_intact() -> None:
    assert verify() == "0 entries, intact"
    write(1)
    assert verify() == "1 entry, intact"
    write(4)
    assert verify() == "5 entries, intact"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "person:mallory"),
        ("plant_code", "leipzig"),
        ("verb", "version.retired"),
        ("subject", "version:99"),
        ("details", '{"name": "another"}'),
        ("recorded_at", "2020-01-01 00:00:00"),
    ],
)
def test_a_changed_entry_is_named(column: str, value: str) -> None:
    write(5)
    statement = "UPDATE registry_ledgerentry SET {} = %s WHERE sequence = 3"
    tamper(statement.format(column), value)

    with pytest.raises(CommandError, match=r"broken at entry 3: its content was changed"):
        verify()


def test_an_entry_rewritten_with_a_fitting_digest_breaks_the_next() -> None:
    write(5)
    entry = LedgerEntry.objects.get(sequence=3)
    entry.subject = "version:99"
    tamper(
        "UPDATE registry_ledgerentry SET subject = %s, digest = %s WHERE sequence = 3",
        entry.subject,
        ledger.entry_digest(entry),
    )

    with pytest.raises(CommandError, match=r"entry 4: it does not continue the entry before it"):
        verify()


def test_a_removed_entry_is_named() -> None:
    write(5)
    tamper("DELETE FROM registry_ledgerentry WHERE sequence = 2")

    with pytest.raises(CommandError, match=r"broken at entry \d: entry 2 is missing"):
        verify()


def test_entries_cut_off_at_the_end_are_missed() -> None:
    write(5)
    tamper("DELETE FROM registry_ledgerentry WHERE sequence > 3")

    with pytest.raises(CommandError, match=r"entry 4: entries are missing at the end"):
        verify()


def test_an_inserted_entry_is_named() -> None:
    write(2)
    last = LedgerEntry.objects.get(sequence=2)
    forged = LedgerEntry(
        sequence=3,
        recorded_at=last.recorded_at,
        actor="person:mallory",
        verb="version.approved",
        subject="version:1",
        previous_digest=last.digest,
    )
    forged.digest = ledger.entry_digest(forged)
    forged.save(force_insert=True)

    with pytest.raises(CommandError, match="broken at entry 3"):
        verify()


def test_a_lost_head_is_no_way_to_hide_a_cut() -> None:
    write(3)
    LedgerHead.objects.all().delete()
    tamper("DELETE FROM registry_ledgerentry WHERE sequence = 3")

    with pytest.raises(CommandError):
        verify()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_ledgerentry SET subject = 'version:99' WHERE sequence = 1",
        "DELETE FROM registry_ledgerentry WHERE sequence = 1",
    ],
)
def test_the_database_refuses_while_the_triggers_stand(statement: str) -> None:
    write(1)
    with (
        pytest.raises(IntegrityError, match="on record"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert verify() == "1 entry, intact"


def test_our_own_code_refuses_as_well() -> None:
    write(1)
    entry = LedgerEntry.objects.get()
    entry.subject = "version:99"
    for change in (
        entry.save,
        entry.delete,
        LedgerEntry.objects.all().delete,
        lambda: LedgerEntry.objects.update(subject="version:99"),
        lambda: LedgerEntry.objects.bulk_update([entry], ["subject"]),
    ):
        with pytest.raises(Immutable):
            change()
    assert verify() == "1 entry, intact"


@pytest.mark.django_db(transaction=True)
def test_an_entry_needs_the_transaction_of_its_fact() -> None:
    with pytest.raises(RuntimeError, match="commits with its fact"):
        ledger.record(portal_scope(), "version.registered", "version:1")
    assert verify() == "0 entries, intact"


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_is_rolled_back_leaves_no_entry() -> None:
    write(1)

    def fail_halfway() -> None:
        with transaction.atomic():
            ledger.record(portal_scope(), "version.registered", "version:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    write(1)
    assert verify() == "2 entries, intact"


def test_the_digest_covers_all_that_an_entry_says() -> None:
    write(1)
    entry = LedgerEntry.objects.get()
    others: dict[str, Any] = {
        "sequence": 2,
        "recorded_at": entry.recorded_at.replace(year=2020),
        "actor": "person:mallory",
        "plant_code": "leipzig",
        "verb": "version.retired",
        "subject": "version:99",
        "details": {},
        "previous_digest": "f" * 64,
    }
    said = {field.name for field in LedgerEntry._meta.concrete_fields} - {"digest"}
    assert said == set(others)
    for name, other in others.items():
        changed = LedgerEntry.objects.get()
        setattr(changed, name, other)
        assert ledger.entry_digest(changed) != entry.digest, name
    assert ledger.entry_digest(entry) == entry.digest
