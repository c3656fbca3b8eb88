"""Hands a file to the judging process and turns whatever happens to it into a verdict."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import selectors
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from registry.domain.errors import PlatformError
from registry.domain.onnx_contract import Signature
from registry.verifier.verdicts import Refusal, Verdict, read_report

# Measured: start-up with all libraries maps 0.2 GB; a 100 MB model peaks near 0.9 GB.
MEMORY_BYTES = 2_500 * 2**20
TIMEOUT_SECONDS = 60.0
_MAX_REPORT_BYTES = 256 * 2**10
_KEPT_NOISE_BYTES = 16 * 2**10
_CHUNK_BYTES = 2**20
_NO_MEMORY = re.compile(rb"bad_alloc|MemoryError|failed to allocate|out of memory", re.IGNORECASE)
_STAGE = re.compile(rb"^stage:([a-z-]{1,20})$", re.MULTILINE)
_CHILD = ("-m", "registry.verifier.child")


@dataclass(slots=True)
class Ending:
    """How the judging process ended."""

    report: bytes = b""
    noise: bytes = b""
    code: int = 0
    timed_out: bool = False
    flooded: bool = False
    seconds: float = field(default=0.0)

    @property
    def stage(self) -> str:
        stages = _STAGE.findall(self.noise)
        return stages[-1].decode() if stages else "start"


def verify(
    path: Path,
    *,
    expected: Signature | None,
    max_bytes: int,
    timeout_s: float = TIMEOUT_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> Verdict:
    """Judge an untrusted file; whatever it does, the answer is a verdict.

    Args:
        path: the quarantined file; opened once, and only its descriptor travels.
        expected: the signature of family and recipe, or `None` to judge by the file's own.
        max_bytes: largest file that is read at all.
        timeout_s: wall time for everything, seconds.
        memory_bytes: address space of the judging process.
    """
    try:
        # Neither a link nor a pipe that blocks: quarantine holds plain files.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return _refused("", 0, "unreadable", "The file cannot be opened; upload it again.")
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        return _refused("", 0, "unreadable", "This is no regular file; upload one ONNX file.")
    with os.fdopen(descriptor, "rb") as stream:
        if facts.st_size > max_bytes:
            sentence = (
                f"The file has {facts.st_size} bytes; at most {max_bytes} are allowed, so export a"
                " smaller model."
            )
            return _refused("", facts.st_size, "too-large", sentence)
        digest = _digest(stream)
        request = {
            "expected": expected.as_document() if expected else None,
            "max_bytes": max_bytes,
            "memory_bytes": memory_bytes,
            "cpu_seconds": max(1, math.ceil(timeout_s)),
        }
        ending = judge(stream, request, timeout_s)
    return conclude(ending, digest, facts.st_size)


def _digest(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK_BYTES):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()


def judge(
    artifact: IO[bytes],
    request: dict[str, Any],
    timeout_s: float,
    command: Sequence[str] = _CHILD,
) -> Ending:
    """Run the judging process on an open file until it ends or its time is up."""
    with tempfile.TemporaryDirectory(prefix="verify-") as folder, tempfile.TemporaryFile() as order:
        order.write(json.dumps(request).encode())
        order.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - our own module with our own interpreter
            [sys.executable, "-P", "-s", "-B", *command, str(order.fileno())],
            stdin=artifact,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=_environment(folder),
            pass_fds=(order.fileno(),),
            start_new_session=True,
        )
        try:
            ending = _listen(process, started + timeout_s)
        finally:
            _end(process)
        ending.code = process.returncode
        ending.seconds = time.monotonic() - started
        return ending


def _environment(folder: str) -> dict[str, str]:
    """Nothing of ours: no settings, no credentials, no search path."""
    return {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        # onnxruntime's builds report their use to their maker unless told not to before they load.
        "ORT_DISABLE_TELEMETRY": "1",
        "LC_ALL": "C.UTF-8",
        "HOME": folder,
        "TMPDIR": folder,
    }


def _listen(process: subprocess.Popen[bytes], deadline: float) -> Ending:
    """Read report and noise until the process ends, floods or runs out of time."""
    ending = Ending()
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            selector.register(stream, selectors.EVENT_READ)  # type: ignore[arg-type]
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready or time.monotonic() > deadline:
                ending.timed_out = True
                return ending
            for key, _ in ready:
                chunk = os.read(key.fd, 2**16)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    ending.report += chunk
                else:
                    ending.noise = (ending.noise + chunk)[-_KEPT_NOISE_BYTES:]
            if len(ending.report) > _MAX_REPORT_BYTES:
                ending.flooded = True
                return ending
    ending.timed_out = not _has_ended(process.pid, deadline)
    return ending


def _has_ended(pid: int, deadline: float) -> bool:
    # WNOWAIT leaves the process unreaped, so that its group number still belongs to it.
    options = os.WEXITED | os.WNOWAIT | os.WNOHANG
    while os.waitid(os.P_PID, pid, options) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def conclude(ending: Ending, digest: str, size: int) -> Verdict:
    """The verdict that an ending stands for; a crash is a refusal too."""
    problem = _problem(ending)
    if problem is not None:
        return Verdict(False, digest, size, (problem,))
    try:
        document = json.loads(ending.report)
        return read_report(document, sha256=digest, size=size, seconds=ending.seconds)
    except (ValueError, TypeError, KeyError, RecursionError, PlatformError):
        return Verdict(False, digest, size, (_crash(ending),))


def _problem(ending: Ending) -> Refusal | None:
    if ending.timed_out or ending.code in (-signal.SIGXCPU, -signal.SIGALRM):
        return Refusal(
            "too-slow",
            f"The model was not judged in the time granted (at: {ending.stage}); export a smaller"
            " or simpler one.",
        )
    if ending.flooded:
        return Refusal(
            "verifier-flooded",
            "Judging the model produced an endless report; export the model again with a current"
            " exporter.",
        )
    # A SIGKILL that is not ours is the kernel's when memory runs out.
    if ending.code == -signal.SIGKILL or (ending.code and _NO_MEMORY.search(ending.noise)):
        return Refusal(
            "out-of-memory",
            f"Judging the model took more memory than granted (at: {ending.stage}); export a"
            " smaller one.",
        )
    return _crash(ending) if ending.code or not ending.report.endswith(b"\n") else None


def _crash(ending: Ending) -> Refusal:
    return Refusal(
        "verifier-crashed",
        f"Judging the model ended without a report (at: {ending.stage}); export it again with a"
        " current exporter, or ask the administrator to read the verifier's README.",
    )


def _refused(digest: str, size: int, rule: str, sentence: str) -> Verdict:
    return Verdict(False, digest, size, (Refusal(rule, sentence),))
