"""Runs one job from claim to result: renews the lease while a fresh process does the work."""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plants.agent import policy
from plants.agent.client import Portal
from plants.agent.home import Credential, Home
from registry.domain.digests import digest_of
from registry.domain.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    PlatformError,
    Unavailable,
)
from registry.domain.jobs import FAILURE_CODES, JobKind
from registry.domain.orders import check_signature

log = logging.getLogger(__name__)

# While figures change people watch them; when nothing changes the lease alone needs renewing.
_PROGRESS_SECONDS = 1.0
_RENEW_SECONDS = 20.0
_KILL_GRACE_SECONDS = 3.0
_STOP = (Conflict, NotFound, NotAllowed)  # the lease, the job or the credential is gone


class Cancelled(Exception):
    """Somebody wished the job to stop."""


class Failed(Exception):
    """The job failed by a code of the closed list."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(Exception):
    """The plant's policy says no."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Progress:
    """What the working process said last; written by its reader, read by the supervisor."""

    latest: dict[str, Any] = field(default_factory=lambda: {"phase": "preparing", "fraction": 0.0})
    manifest_ready: bool = False


class Supervisor:
    """One worker process's side of the job protocol."""

    def __init__(self, home: Home, data_folder: Path, *, worker: str, boot: str) -> None:
        self.home = home
        self.data_folder = data_folder
        self.worker = worker
        self.boot = boot

    def run(self, job_id: str) -> str:
        """Do a job if it is there to be claimed; how it ended, for the plant's log.

        A ring for a job that is gone, held by somebody else or of another plant does nothing.
        """
        credential = self.home.credential()
        portal = Portal(credential.portal, credential.token)
        try:
            try:
                claim = portal.claim(job_id, worker=self.worker, boot=self.boot)
            except (*_STOP, Unavailable) as refusal:
                return f"not claimed: {refusal.code}"
            return self._hold(portal, credential, claim)
        finally:
            portal.close()

    def _hold(self, portal: Portal, credential: Credential, claim: dict[str, Any]) -> str:
        order = claim["order"]
        job, token = str(order["job"]), int(order["token"])
        try:
            self._check(order, claim["signature"], credential)
            self._work(portal, order)
        except Cancelled:
            portal.send(job, "cancellation", {"token": token})
            return "cancelled"
        except Refused as refusal:
            portal.send(job, "refusal", {"token": token, "code": refusal.code})
            return f"refused: {refusal.code}"
        except Failed as failure:
            reference = job.split("-", maxsplit=1)[0]
            body = {"token": token, "code": failure.code, "log_reference": reference}
            portal.send(job, "failure", body)
            return f"failed: {failure.code}"
        except _STOP as refusal:
            return f"stopped: {refusal.code}"
        return "done"

    def _check(self, order: dict[str, Any], signature: str, credential: Credential) -> None:
        """Run nothing that the portal did not sign, for this plant, as it stands, in time."""
        try:
            check_signature(credential.portal_key, order, signature)
        except Invalid:
            raise Failed("order-invalid") from None
        expired = datetime.fromisoformat(order["not_after"]) < datetime.now(UTC)
        if order["plant"] != credential.plant or expired:
            raise Failed("order-invalid")
        if digest_of(order["recipe"]) != order["recipe_digest"]:
            raise Failed("order-invalid")
        objection = self._policy().objection(order, datetime.now().astimezone())
        if objection:
            raise Refused(objection)

    def _policy(self) -> policy.Policy:
        try:
            return policy.read(self.home.policy_file)
        except PlatformError:
            log.exception("the policy file is not readable: nothing runs until it is")
            raise Refused("policy-kind") from None

    def _work(self, portal: Portal, order: dict[str, Any]) -> None:
        folder = self._job_folder(portal, order)
        with (folder / "job.log").open("ab") as job_log:
            process = self._start(order, job_log)
        seen = Progress()
        reader = threading.Thread(target=_read_events, args=(process, seen), daemon=True)
        reader.start()
        try:
            self._watch(portal, order, process, seen)
        finally:
            _stop(process)
        reader.join(timeout=5)
        if process.returncode != 0:
            raise Failed(_failure_code(folder, process.returncode))
        self._hand_in(portal, order, folder, seen)

    def _job_folder(self, portal: Portal, order: dict[str, Any]) -> Path:
        folder = self.home.job_folder(str(order["job"]))
        shutil.rmtree(folder, ignore_errors=True)  # a former attempt's leavings
        folder.mkdir(parents=True, mode=0o700)
        (folder / "order.json").write_text(json.dumps(order))
        if parent := order["parent"]:
            try:
                data = portal.parent(
                    str(order["job"]), digest=parent["artifact"], max_bytes=parent["size"]
                )
            except Invalid:
                raise Failed("artifact-digest") from None
            (folder / "parent.onnx").write_bytes(data)
        return folder

    def _start(self, order: dict[str, Any], job_log: Any) -> subprocess.Popen[str]:
        threads = str(order["recipe"]["train"].get("threads", 1))
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
        # Without the credential's folder in it: the working process has no need of the portal.
        kept = {
            name: os.environ[name]
            for name in ("PATH", "LANG", "TZ", "PYTHONPATH")
            if name in os.environ
        }
        arguments = [str(self.home.folder), str(order["job"]), str(self.data_folder)]
        return subprocess.Popen(  # noqa: S603 - our own module, arguments are checked ids and paths
            [sys.executable, "-m", "plants.agent.jobs", *arguments],
            stdout=subprocess.PIPE,
            stderr=job_log,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
            env={**kept, **limits, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )

    def _watch(
        self, portal: Portal, order: dict[str, Any], process: subprocess.Popen[str], seen: Progress
    ) -> None:
        """Renew and report until the process ends; kill it when there is reason to."""
        deadline = time.monotonic() + order["recipe"]["train"]["max_minutes"] * 60
        told: dict[str, Any] = {}
        due, manifest_sent = 0.0, False
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise Failed("too-slow")
            if seen.manifest_ready and not manifest_sent:
                self._send_manifest(portal, order)
                manifest_sent = True
            news = dict(seen.latest)
            if news != told or time.monotonic() > due:
                told = news
                due = time.monotonic() + _RENEW_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
                _renew(portal, order, _state(manifest_sent), news)
            _wait(process, _PROGRESS_SECONDS)
        if seen.manifest_ready and not manifest_sent:
            self._send_manifest(portal, order)

    def _send_manifest(self, portal: Portal, order: dict[str, Any]) -> None:
        job = str(order["job"])
        document = json.loads((self.home.job_folder(job) / "manifest.json").read_text())
        portal.send(job, "manifest", {"token": order["token"], "manifest": document})

    def _hand_in(self, portal: Portal, order: dict[str, Any], folder: Path, seen: Progress) -> None:
        job, token = str(order["job"]), order["token"]
        result = json.loads((folder / "result.json").read_text())
        if not seen.manifest_ready:
            self._send_manifest(portal, order)
        if order["kind"] == JobKind.RETRAIN:
            artifact = folder / "model.onnx"
            if not self._policy().lets_out(artifact.stat().st_size):
                raise Refused("policy-egress")
            _renew(portal, order, "uploading", {"phase": "done", "fraction": 1.0})
            result["artifact"] = portal.upload(
                job, artifact, token=token, on_part=lambda share: None
            )
        try:
            portal.send(job, "result", {"token": token, **result})
        except Invalid:
            log.exception("job %s: the portal refused the result", job)
            raise Failed("report-invalid") from None


def _state(manifest_sent: bool) -> str:
    return "running" if manifest_sent else "preparing"


def _renew(portal: Portal, order: dict[str, Any], state: str, progress: dict[str, Any]) -> None:
    body = {"token": order["token"], "state": state, "progress": progress}
    try:
        if portal.progress(str(order["job"]), body):
            raise Cancelled
    except Unavailable:
        # The link is down: the work goes on, and the lease outlives a short cut.
        log.warning("portal away; job %s goes on", order["job"])


def _read_events(process: subprocess.Popen[str], seen: Progress) -> None:
    assert process.stdout is not None  # noqa: S101 - it was opened as a pipe
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        kind = event.pop("event", "")
        if kind == "manifest":
            seen.manifest_ready = True
        elif kind == "progress" and event["fraction"] >= seen.latest["fraction"]:
            seen.latest = event


def _wait(process: subprocess.Popen[str], seconds: float) -> None:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return


def _stop(process: subprocess.Popen[str]) -> None:
    """End the process and all it started; it has nothing to save that matters."""
    for strength in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, strength)
        except ProcessLookupError:
            return
        _wait(process, _KILL_GRACE_SECONDS)


def _failure_code(folder: Path, returncode: int) -> str:
    """Why it ended: what it wrote, or what its death says."""
    path = folder / "failure.json"
    if path.exists():
        code = str(json.loads(path.read_text()).get("code", ""))
        return code if code in FAILURE_CODES else "internal"
    # Nobody but the kernel's out-of-memory killer sends SIGKILL to this process.
    return "out-of-memory" if returncode == -signal.SIGKILL else "internal"
