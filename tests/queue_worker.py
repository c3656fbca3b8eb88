"""A plant's Celery worker for the tests of the queue: it writes down which jobs were rung."""

from __future__ import annotations

import os
import time
from pathlib import Path

from celery import Celery

from plants.agent.broker import WORKER_ARGUMENTS, celery_settings
from registry.domain.doorbell import TASK


def run_job(job_id: str) -> None:
    """Stands in for a job."""
    with Path(os.environ["JOBS"]).open("a") as jobs:
        jobs.write(f"{job_id}\n")
    time.sleep(float(os.environ["SECONDS"]))


def make_app() -> Celery:
    """The product's settings with the credential of the environment."""
    # No fix-ups: a DJANGO_SETTINGS_MODULE in the environment would load the portal into the worker.
    app = Celery("lineward-test", set_as_current=False, fixups=[])
    app.conf.update(
        celery_settings(
            os.environ["BROKER_ADDRESS"],
            os.environ["BROKER_USER"],
            os.environ["BROKER_PASSWORD"],
            os.environ["BROKER_PREFIX"],
            authority=os.environ["BROKER_AUTHORITY"] or None,
        )
    )
    app.task(name=TASK)(run_job)
    return app


if __name__ == "__main__":
    make_app().worker_main([*WORKER_ARGUMENTS, "--loglevel", "info"])
