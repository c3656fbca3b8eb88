"""Celery and nothing else: a worker whose one task says when it runs."""

from __future__ import annotations

import os
import sys

from celery import Celery

from tests.benchmarks.probes import stamps

QUEUE, TASK = "bench", "bench.noop"


def make_app(path: str) -> Celery:
    """One thread and no chatter, as the plant's worker has it; everything else is Celery's own."""
    app = Celery("bench", set_as_current=False, fixups=[])
    app.conf.update(
        broker_url=os.environ["BENCH_BROKER_URL"],
        broker_transport_options={"global_keyprefix": "portal:"},
        broker_connection_retry_on_startup=True,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        worker_pool="threads",
        worker_concurrency=1,
    )

    @app.task(name=TASK)
    def noop(job: str) -> None:
        stamps.send(path, "claimed", job)
        stamps.send(path, "ended", job)

    return app


if __name__ == "__main__":
    make_app(sys.argv[1]).worker_main(
        ["worker", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    )
