"""The plant's Celery worker: hears its doorbell and does one job at a time."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from celery import Celery
from celery.signals import worker_ready

from plants.agent import alive, broker, environment, ops
from plants.agent.authority import certificates
from plants.agent.client import Portal
from plants.agent.datasets import find, read_contract
from plants.agent.home import Credential, Home
from plants.agent.line_watch import LineWatch
from plants.agent.machine import Tally, reading
from plants.agent.supervisor import Supervisor
from registry.domain.doorbell import TASK
from registry.domain.errors import PlatformError

log = logging.getLogger(__name__)

_BLOCK_BYTES = 1024 * 1024


def heartbeat_body(
    data_folder: Path, *, worker: str, boot: str, tally: Tally | None = None
) -> dict[str, object]:
    """What a heartbeat says: this process, its machine, the data sets it could work on."""
    return {
        "worker": worker,
        "boot": boot,
        "agent_version": environment.VERSION,
        "datasets": offered(data_folder),
        "operations": sorted(ops.catalogue()),
        "metrics": {**reading(data_folder), **(tally.as_metrics() if tally else {})},
    }


def offered(data_folder: Path) -> list[dict[str, str | int]]:
    """Name, kind and lines of each data set whose dataset.yaml can be read."""
    found: list[dict[str, str | int]] = []
    try:
        folders = find(data_folder)
    except PlatformError:
        return []
    for folder in folders:
        try:
            contract = read_contract(folder)
        except PlatformError as refusal:
            log.warning("%s is not offered: %s", folder.name, refusal)
            continue
        rows = _lines(folder / contract.source)
        found.append({"name": contract.name, "kind": str(contract.kind), "rows": rows})
    return found[:200]


def _lines(path: Path) -> int:
    """Lines below the header: the size of a data set at the price of a look."""
    try:
        found = path.stat()
    except OSError:
        return 0
    return _count_lines(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=500)
def _count_lines(path: Path, changed: int, size: int) -> int:
    with path.open("rb") as file:
        return max(
            0, sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1
        )


def make_app(
    home: Home,
    credential: Credential,
    data_folder: Path,
    *,
    worker: str,
    boot: str,
    tally: Tally | None = None,
) -> Celery:
    """The Celery app of one plant worker, as the broker's allow-list expects it."""
    counted = tally or Tally()
    # No fix-ups: with Django settings in the environment, Celery would set the portal up in here.
    app = Celery("lineward-plant", set_as_current=False, fixups=[])
    app.conf.update(
        broker.celery_settings(
            credential.broker_url,
            credential.broker_username,
            credential.broker_password,
            credential.broker_prefix,
            authority=certificates(credential.authority),
        )
    )

    @app.task(name=TASK, ignore_result=True)
    def run_job(job_id: str) -> None:
        supervisor = Supervisor(home, credential, data_folder, worker=worker, boot=boot)
        with counted.job():
            log.info("job %s: %s", job_id, supervisor.run(job_id))

    return app


def work(home: Home, data_folder: Path, *, name: str = "", allow_plain: bool = False) -> int:
    """Serve until told to stop; 1 when this machine may not start as it is."""
    credential = home.credential()
    worker = name or f"{credential.plant}-{socket.gethostname().split('.')[0]}"[:100]
    boot = str(uuid.uuid4())
    findings = broker.self_check(
        credential.broker_url,
        credential.broker_username,
        credential.broker_password,
        credential.broker_prefix,
        authority=certificates(credential.authority),
        allow_plain=allow_plain,
    )
    for finding in findings:
        log.error("%s", finding)
    if findings:
        return 1
    tally = Tally()
    app = make_app(home, credential, data_folder, worker=worker, boot=boot, tally=tally)
    heart = Heart(home, credential, data_folder, worker=worker, boot=boot, tally=tally)
    watch = LineWatch(home, data_folder)

    def begin(**_: object) -> None:
        heart.start()
        watch.start()

    worker_ready.connect(begin, weak=False)
    # Celery's types say that it never returns; asked to stop, it does.
    serve: Callable[[list[str]], object] = app.worker_main
    serve([*broker.WORKER_ARGUMENTS, "--loglevel", "WARNING"])
    return 0


class Heart:
    """Tells the portal every 20 s that this worker lives."""

    def __init__(
        self,
        home: Home,
        credential: Credential,
        data_folder: Path,
        *,
        worker: str,
        boot: str,
        tally: Tally | None = None,
    ) -> None:
        # The credential that this process began with, also after a rotation: the first use of the
        # new one ends the old one, and with it this process's line to the broker.
        self._home, self._credential, self._data_folder = home, credential, data_folder
        self._worker, self._boot, self._tally = worker, boot, tally
        self._process = os.getpid()

    def start(self) -> None:
        """Beat in a thread of the main process, so that a long job does not silence it."""
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def _beat(self) -> None:
        pause = threading.Event()
        while os.getpid() == self._process:
            self.once()
            pause.wait(alive.HEARTBEAT_SECONDS)

    def once(self) -> None:
        """Beat, and keep what the portal says of the plant."""
        body = heartbeat_body(
            self._data_folder, worker=self._worker, boot=self._boot, tally=self._tally
        )
        known = self._credential
        try:
            with Portal(known.portal, known.token, authority=known.authority) as portal:
                answer = portal.heartbeat(body)
        except PlatformError as refusal:
            log.warning("heartbeat: %s", refusal)
            return
        alive.mark(self._home.folder)
        self._home.keep_zone(answer.get("time_zone"))
