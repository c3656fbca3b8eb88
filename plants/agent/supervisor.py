"""Runs one job from claim to result: renews the lease while a fresh process does the work."""

from __future__ import annotations

import json
import logging
import os
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
from uuid import UUID

from plants.agent import policy
from plants.agent.client import Portal
from plants.agent.home import Credential, Home
from plants.agent.lease import Cancelled, Lease
from registry.domain.digests import digest_of
from registry.domain.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    PlatformError,
    TooLarge,
    Unavailable,
)
from registry.domain.jobs import FAILURE_CODES, JobKind
from registry.domain.orders import check_signature

log = logging.getLogger(__name__)

# While figures change people watch them.
_PROGRESS_SECONDS = 1.0
_KILL_GRACE_SECONDS = 3.0
_STOP = (Conflict, NotFound, NotAllowed)  # the lease, the job or the credential is gone


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

    def __init__(
        self, home: Home, credential: Credential, data_folder: Path, *, worker: str, boot: str
    ) -> None:
        self.home = home
        self.credential = credential
        self.data_folder = data_folder
        self.worker = worker
        self.boot = boot

    def run(self, job_id: str) -> str:
        """Do a job if it is there to be claimed; how it ended, for the plant's log.

        A ring for a job that is gone, held by somebody else or of another plant does nothing.
        """
        if not _is_id(job_id):
            return "not claimed: the ring names no job"
        known = self.credential
        with Portal(known.portal, known.token, authority=known.authority) as portal:
            try:
                claim = portal.claim(job_id, worker=self.worker, boot=self.boot)
                order, signature, lease = _opened(claim, portal, job_id)
            except PlatformError as refusal:
                return f"not claimed: {refusal.code}"
            return self._hold(portal, lease, order, signature, job_id)

    def _hold(
        self, portal: Portal, lease: Lease, order: dict[str, Any], signature: str, job_id: str
    ) -> str:
        """Work, and tell the portal the ending: whatever happens here, the job does not hang."""
        try:
            self._check(order, signature, job_id)
            self._work(portal, lease, order)
        except Cancelled:
            return _end(lease, "cancelled", "cancellation")
        except Refused as refusal:
            return _end(lease, f"refused: {refusal.code}", "refusal", code=refusal.code)
        except Failed as failure:
            return _fail(lease, job_id, failure.code)
        except (*_STOP, Unavailable) as refusal:
            # Gone, or away for longer than patience lasts: the lease lapses, the job comes again.
            return f"stopped: {refusal.code}"
        except PlatformError as refusal:
            log.warning("job %s: the portal refused: %s", job_id, refusal)
            return _fail(lease, job_id, _code_for(refusal))
        except Exception:
            log.exception("job %s failed in the supervisor", job_id)
            return _fail(lease, job_id, "internal")
        return "done"

    def _check(self, order: dict[str, Any], signature: str, job_id: str) -> None:
        """Run nothing that the portal did not sign, for this plant, as it stands, in time."""
        try:
            check_signature(self.credential.portal_key, order, signature)
        except Invalid:
            raise Failed("order-invalid") from None
        expired = datetime.fromisoformat(order["not_after"]) < datetime.now(UTC)
        if (order["plant"], order["job"]) != (self.credential.plant, job_id) or expired:
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

    def _work(self, portal: Portal, lease: Lease, order: dict[str, Any]) -> None:
        folder = self._job_folder(portal, order)
        with (folder / "job.log").open("ab") as job_log:
            process = self._start(order, job_log)
        seen = Progress()
        reader = threading.Thread(target=_read_events, args=(process, seen), daemon=True)
        reader.start()
        try:
            _watch(lease, order, folder, process, seen)
        finally:
            _stop(process)
            reader.join(timeout=5)
            _close(process)
        if process.returncode != 0:
            # The manifest is a fact of its own: what was looked at, whatever came of it.
            if seen.manifest_ready:
                lease.offer_manifest(folder / "manifest.json")
            raise Failed(_failure_code(folder, process.returncode))
        self._hand_in(lease, order, folder)

    def _job_folder(self, portal: Portal, order: dict[str, Any]) -> Path:
        self.home.drop_old_jobs()
        folder = self.home.job_folder(str(order["job"]))
        shutil.rmtree(folder, ignore_errors=True)  # a former attempt's leavings
        folder.mkdir(parents=True, mode=0o700)
        (folder / "order.json").write_text(json.dumps(order))
        # An older portal names no second version.
        for which, named in (("parent", order["parent"]), ("against", order.get("against"))):
            if named:
                (folder / f"{which}.onnx").write_bytes(_fetched(portal, order, which, named))
        return folder

    def _start(self, order: dict[str, Any], job_log: Any) -> subprocess.Popen[str]:
        threads = str(order["recipe"]["train"].get("threads", 1))
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
        # Without the credential's folder in it: the working process has no need of the portal.
        kept = {
            name: os.environ[name]
            for name in ("PATH", "LANG", "TZ", "PYTHONTZPATH", "PYTHONPATH")
            if name in os.environ
        }
        arguments = [str(self.home.folder), str(order["job"]), str(self.data_folder)]
        return subprocess.Popen(  # noqa: S603 - our own module, arguments are checked ids and paths
            [sys.executable, "-m", "plants.agent.jobs", *arguments],
            stdout=subprocess.PIPE,
            stderr=job_log,
            # Nothing is ever written: its end tells the process that its supervisor has died.
            stdin=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
            env={**kept, **limits, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )

    def _hand_in(self, lease: Lease, order: dict[str, Any], folder: Path) -> None:
        is_retraining = order["kind"] == JobKind.RETRAIN
        if is_retraining:
            size = (folder / "model.onnx").stat().st_size
            if not self._policy().lets_out(size):
                raise Refused("policy-egress")
        lease.hand_in(folder, with_artifact=is_retraining)


def _fetched(portal: Portal, order: dict[str, Any], which: str, named: dict[str, Any]) -> bytes:
    try:
        return portal.version(
            str(order["job"]), which, digest=named["artifact"], max_bytes=named["size"]
        )
    except (Invalid, TooLarge):
        raise Failed("artifact-digest") from None


def _is_id(job_id: object) -> bool:
    """Whether a ring names a job at all: anybody who can write to the queue can write anything."""
    try:
        return str(UUID(str(job_id))) == job_id
    except ValueError:
        return False


def _opened(
    claim: dict[str, Any], portal: Portal, job_id: str
) -> tuple[dict[str, Any], str, Lease]:
    """The parts of a claim; raises Invalid when something else answered in the portal's place."""
    try:
        order, signature = claim["order"], claim["signature"]
        lease = Lease(portal, job_id, int(order["token"]), float(claim["lease_seconds"]))
        return dict(order), str(signature), lease
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("The portal's answer to a claim makes no sense.", code="bad-reply") from error


def _end(lease: Lease, ending: str, message: str, **facts: Any) -> str:
    try:
        lease.end(message, **facts)
    except PlatformError as refusal:
        # The portal knows better by now, or learns it when the lease lapses.
        return f"{ending} (not told: {refusal.code})"
    return ending


def _fail(lease: Lease, job_id: str, code: str) -> str:
    reference = job_id.split("-", maxsplit=1)[0]
    return _end(lease, f"failed: {code}", "failure", code=code, log_reference=reference)


def _code_for(refusal: PlatformError) -> str:
    """The code under which a refused manifest, upload or result ends the job."""
    if refusal.code in FAILURE_CODES:
        return refusal.code
    return "artifact-too-large" if isinstance(refusal, TooLarge) else "report-invalid"


def _watch(
    lease: Lease,
    order: dict[str, Any],
    folder: Path,
    process: subprocess.Popen[str],
    seen: Progress,
) -> None:
    """Renew and report until the process ends; raises when there is reason to kill it."""
    deadline = time.monotonic() + order["recipe"]["train"]["max_minutes"] * 60
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise Failed("too-slow")
        is_known = seen.manifest_ready and lease.offer_manifest(folder / "manifest.json")
        lease.renew("running" if is_known else "preparing", dict(seen.latest))
        _wait(process, _PROGRESS_SECONDS)


def _read_events(process: subprocess.Popen[str], seen: Progress) -> None:
    assert process.stdout is not None  # noqa: S101 - it was opened as a pipe
    for line in process.stdout:
        try:
            # A loss that ran away is not a number; JSON has no word for it, and null is honest.
            event = json.loads(line, parse_constant=lambda word: None)
            kind, fraction = event.pop("event", ""), event.get("fraction")
        except (ValueError, AttributeError):
            continue
        if kind == "manifest":
            seen.manifest_ready = True
        elif kind == "progress" and _grows(seen, fraction):
            seen.latest = event


def _grows(seen: Progress, fraction: object) -> bool:
    return isinstance(fraction, int | float) and fraction >= seen.latest["fraction"]


def _wait(process: subprocess.Popen[str], seconds: float) -> None:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return


def _stop(process: subprocess.Popen[str]) -> None:
    """End the process and all it started; it has nothing to save that matters."""
    for strength in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        try:
            os.killpg(process.pid, strength)
        except ProcessLookupError:
            break
        _wait(process, _KILL_GRACE_SECONDS)


def _close(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _failure_code(folder: Path, returncode: int) -> str:
    """Why it ended: what it wrote, or what its death says."""
    path = folder / "failure.json"
    if path.exists():
        code = str(json.loads(path.read_text()).get("code", ""))
        return code if code in FAILURE_CODES else "internal"
    # Nobody but the kernel's out-of-memory killer sends SIGKILL to this process.
    return "out-of-memory" if returncode == -signal.SIGKILL else "internal"
