from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")

app = Celery("lineward")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["registry", "plants", "governance"])
app.set_default()


@beat_init.connect
def leave_a_trace(sender: Any, **_: Any) -> None:
    """Beat touches a file whenever it has handed a task to the broker; its probe reads the age."""
    trace = Path(f"{sender.schedule_filename}.sent")
    after_task_publish.connect(lambda **_: trace.touch(), weak=False)
