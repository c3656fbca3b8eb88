"""Lets the real services and rows speak of past days while a fleet is seeded, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import models
from django.utils import timezone


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside, every service and every row takes this moment for now."""
    real = timezone.now
    setattr(timezone, "now", lambda: moment)  # noqa: B010 - the one clock that all of them read
    try:
        yield
    finally:
        setattr(timezone, "now", real)  # noqa: B010


@contextmanager
def own_times(*kinds: type[models.Model]) -> Iterator[None]:
    """Inside, rows of these models keep the times that they are made with."""
    stamped = [
        field
        for kind in kinds
        for field in kind._meta.concrete_fields
        if isinstance(field, models.DateTimeField) and field.auto_now_add
    ]
    for field in stamped:
        field.auto_now_add = False
    try:
        yield
    finally:
        for field in stamped:
            field.auto_now_add = True
