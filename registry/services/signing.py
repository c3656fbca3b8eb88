"""The portal's keys: made once, kept outside the database, readable by their owner only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from registry.domain import orders


def public_key() -> str:
    """The key that plants pin at enrolment."""
    return orders.public_key(_orders_key())


def sign(order: Mapping[str, Any]) -> str:
    """Sign a job order."""
    return orders.sign(_orders_key(), order)


def _orders_key() -> bytes:
    return private_key(Path(settings.SIGNING_KEY_FILE))


def private_key(path: Path) -> bytes:
    """The Ed25519 key in a file, 32 raw bytes; it is made when there is none."""
    if not path.exists():
        _make(path)
    return bytes.fromhex(path.read_text().strip())


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(orders.new_key().hex())
    try:
        os.link(draft, path)  # fails if another process was first: its key stands
    except FileExistsError:
        pass
    finally:
        draft.unlink()
