"""A message that no worker knows is lost in silence: every name that is sent has its task."""

from __future__ import annotations

import inspect
from collections.abc import Set

from django.conf import settings

from governance.celery import app
from registry.bridge import tasks

OURS = ("registry.", "plants.", "governance.")


def problems(registered: Set[str], scheduled: Set[str], sent: Set[str]) -> list[str]:
    """What does not fit, in sentences."""
    return [
        *(
            f"{name} is scheduled, but no such task exists"
            for name in sorted(scheduled - registered)
        ),
        *(f"{name} is sent, but no such task exists" for name in sorted(sent - registered)),
        *(f"{name} exists, but nothing sends it" for name in sorted(registered - scheduled - sent)),
    ]


def registered() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if name.startswith(OURS)}


def scheduled() -> set[str]:
    return {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def test_every_task_is_sent_and_every_name_that_is_sent_is_a_task() -> None:
    assert problems(registered(), scheduled(), tasks.NAMES) == []


def test_the_rule_can_fail() -> None:
    assert problems({"a", "b"}, {"b", "c"}, {"d"}) == [
        "c is scheduled, but no such task exists",
        "d is sent, but no such task exists",
        "a exists, but nothing sends it",
    ]
    assert "registry.tasks.settle_job" in registered()


def test_every_scheduled_task_needs_no_argument() -> None:
    assert scheduled() <= registered()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert not entry.get("args")
        assert not inspect.signature(app.tasks[str(entry["task"])].run).parameters
