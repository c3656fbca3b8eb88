"""Lets Django empty the tables after a test with real transactions, although records are frozen.

On SQLite it does so by DELETE, which the triggers on the records refuse, rightly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management.commands import flush
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def thawed(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Take the delete triggers away and put the same ones back."""
    if connection.vendor != "sqlite":
        yield  # PostgreSQL truncates, which fires no trigger of a row
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_delete'"
        )
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        try:
            yield
        finally:
            for _, statement in triggers:
                cursor.execute(statement)


@pytest.fixture(scope="session", autouse=True)
def records_can_be_emptied() -> Iterator[None]:
    """In force for the whole session."""
    empty = flush.Command.handle

    def handle(self: flush.Command, **options: Any) -> None:
        with thawed(connections[options["database"]]):
            empty(self, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", handle)
        yield
