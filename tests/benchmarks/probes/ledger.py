"""The ledger on a database of its own: appending one entry, and reading a long chain."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any

_TABLE = "registry_ledgerentry"
_ENTRIES_PER_BLOCK = 200
_COLUMNS = (
    "sequence, recorded_at, actor, plant_code, verb, subject, details, previous_digest, digest"
)


def append(blocks: int) -> dict[str, Any]:
    """Entries per second, each in a transaction; and bare inserts of the same rows."""
    _empty_database()
    from django.db import connection

    from registry.services import ledger

    bare = _twin()
    pairs = []
    _append_block(0)
    for block in range(1, blocks + 2):
        # The rows that the block before wrote: known whole, and new to the twin.
        steps: list[Any] = [
            lambda b=block: _append_block(b),
            lambda b=block: _insert_block(bare, b - 1),
        ]
        turn = (0, 1) if block % 2 else (1, 0)
        spent = {step: steps[step]() for step in turn}
        pairs.append([_ENTRIES_PER_BLOCK / spent[0], _ENTRIES_PER_BLOCK / spent[1]])
    found = ledger.verify()
    with connection.cursor() as cursor:
        copied = (blocks + 1) * _ENTRIES_PER_BLOCK
        cursor.execute(
            f"SELECT count(*) FROM (SELECT {_COLUMNS} FROM {_TABLE} WHERE sequence <= {copied}"  # noqa: S608
            f" INTERSECT SELECT {_COLUMNS} FROM bare_twin)"
        )
        same = cursor.fetchone()[0]
    bare.close()
    return {
        "pairs": pairs[1:],
        "intact": found.is_intact,
        "entries": found.entries,
        "expected": copied + _ENTRIES_PER_BLOCK,
        "twins": same,
        "expected_twins": copied,
    }


def verify(entries: int, repeats: int) -> dict[str, Any]:
    """Entries per second of a whole chain; and of SHA-256 alone over the same bytes."""
    _empty_database()
    from registry.services import ledger

    contents = _chain(entries)
    pairs = []
    intact = True
    for repeat in range(repeats + 1):
        steps: list[Any] = [
            ledger.verify,
            lambda: [hashlib.sha256(one).hexdigest() for one in contents],
        ]
        spent: dict[int, float] = {}
        for step in (0, 1) if repeat % 2 else (1, 0):
            started = time.perf_counter()
            answer = steps[step]()
            spent[step] = time.perf_counter() - started
            if step == 0:
                intact &= answer.is_intact and answer.entries == entries
        pairs.append([entries / spent[0], entries / spent[1]])
    broken = entries * 5 // 8
    _tamper(broken)
    found = ledger.verify()
    return {
        "pairs": pairs[1:],
        "intact": intact,
        "broken": broken,
        "found": found.broken_at,
        "bytes": sum(map(len, contents)) / entries,
    }


def _empty_database() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", "registry", verbosity=0, interactive=False)


def _append_block(block: int) -> float:
    from django.db import transaction

    from registry.domain.access import portal_scope
    from registry.services import ledger

    scope = portal_scope("bench")
    started = time.perf_counter()
    for number in range(_ENTRIES_PER_BLOCK):
        with transaction.atomic():
            ledger.record(
                scope,
                "job.queued",
                f"job:{block:08d}-{number:04d}",
                plant_code="graz",
                details={"kind": "retrain", "recipe": "ab" * 32},
            )
    return time.perf_counter() - started


def _twin() -> Any:
    """A connection without Django, and an empty copy of the table with its indexes."""
    import sqlite3

    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = %s"
            " AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC",
            [_TABLE],
        )
        for name, sql in cursor.fetchall():
            twin = sql.replace(f'"{_TABLE}"', '"bare_twin"')
            cursor.execute(twin if name == _TABLE else twin.replace(f'"{name}"', f'"twin_{name}"'))
    bare = sqlite3.connect(str(settings.DATABASES["default"]["NAME"]), isolation_level=None)
    bare.execute("PRAGMA synchronous=NORMAL")
    return bare


def _insert_block(bare: Any, block: int) -> float:
    first = block * _ENTRIES_PER_BLOCK + 1
    rows = bare.execute(
        f"SELECT {_COLUMNS} FROM {_TABLE} WHERE sequence BETWEEN ? AND ?",  # noqa: S608
        (first, first + _ENTRIES_PER_BLOCK - 1),
    ).fetchall()
    assert len(rows) == _ENTRIES_PER_BLOCK
    insert = f"INSERT INTO bare_twin ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    started = time.perf_counter()
    for row in rows:
        bare.execute("BEGIN IMMEDIATE")
        bare.execute(insert, row)
        bare.execute("COMMIT")
    return time.perf_counter() - started


def _chain(entries: int) -> list[bytes]:
    """Write a valid chain at once; the bytes that each entry's digest is of."""
    from datetime import UTC, datetime, timedelta

    from registry.domain import ledger_chain
    from registry.domain.digests import canonical_json, digest_of
    from registry.models import LedgerEntry, LedgerHead
    from registry.services import ledger

    contents: list[bytes] = []

    def overheard(value: Any) -> str:
        contents.append(canonical_json(value))
        return digest_of(value)

    at, previous, rows = datetime(2026, 9, 1, tzinfo=UTC), ledger.GENESIS, []
    setattr(ledger_chain, "digest_of", overheard)  # noqa: B010 - listens, and answers the same
    for sequence in range(1, entries + 1):
        row = LedgerEntry(
            sequence=sequence,
            recorded_at=at + timedelta(seconds=sequence),
            actor="user:ines",
            plant_code="graz",
            verb="job.queued",
            subject=f"job:{sequence:036d}",
            details={"kind": "retrain", "recipe": "ab" * 32},
            previous_digest=previous,
        )
        row.digest = previous = ledger.entry_digest(row)
        rows.append(row)
    setattr(ledger_chain, "digest_of", digest_of)  # noqa: B010
    LedgerEntry.objects.bulk_create(rows, batch_size=500)
    LedgerHead.objects.create(id=1, sequence=entries, digest=previous)
    assert [hashlib.sha256(one).hexdigest() for one in contents] == [row.digest for row in rows]
    return contents


def _tamper(sequence: int) -> None:
    """Change one row as only the database's own administrator could."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {_TABLE}_no_update")
        cursor.execute(
            f"UPDATE {_TABLE} SET actor = 'user:nobody' WHERE sequence = %s",  # noqa: S608
            [sequence],
        )
