"""A plant's Celery worker for the tests of the queue: it writes down which jobs were rung."""

from __future__ import annotations

import os
import time
from pathlib import Path

from celery import Celery
from plants.agent.broker import WORKER_ARGUMENTS, celery_settings
from registry.domain.doorbell import TASK

app = Celery("lineward-test")
app.conf.update(
    celery_settings(
        os.environ["BROKER_ADDRESS"],
        os.environ["BROKER_USER"],
        os.environ["BROKER_PASSWORD"],
        os.environ["BROKER_PREFIX"],
        authority=os.environ["BROKER_AUTHORITY"] or None,
    )
)


@app.task(name=TASK)
def run_job(job_id: str) -> None:
    with Path(os.environ["JOBS"]).open("a") as jobs:
        jobs.write(f"{job_id}\n")
    time.sleep(float(os.environ["SECONDS"]))


if __name__ == "__main__":
    app.worker_main([*WORKER_ARGUMENTS, "--loglevel", "info"])
