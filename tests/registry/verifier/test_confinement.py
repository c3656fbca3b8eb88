"""Runs a probe where the judged file would be parsed, and lists what the probe could do."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.verifier import parent

_ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux resource limits")

_PROBE = r"""
import ctypes, json, os, resource, socket, subprocess, sys
from registry.verifier import child

def attempt(action):
    try:
        action()
    except BaseException as problem:
        return type(problem).__name__
    return "done"

order = json.load(os.fdopen(int(sys.argv[1])))
libc = ctypes.CDLL(None)
names = ["open", "socket", "connect", "sendto", "fork", "kill", "getuid"]
native = {name: getattr(libc, name) for name in names}
port = order["port"]
address = b"\x02\x00" + port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
target = os.path.join(order["folder"], "native").encode()
secret = order["secret"].encode()
if order["confined"]:
    child.confine(order)

def fork():
    pid = native["fork"]()
    if pid == 0:
        os._exit(0)
    return pid

tcp = native["socket"](2, 1, 0)
udp = native["socket"](2, 2, 0)
report = {
    "python socket": attempt(lambda: socket.socket()),
    "python resolve": attempt(lambda: socket.getaddrinfo(b"localhost", 80)),
    "python write": attempt(lambda: open(os.path.join(order["folder"], "python"), "w").close()),
    "python append": attempt(lambda: os.open("here", os.O_CREAT | os.O_RDWR)),
    "python remove": attempt(lambda: os.remove(order["secret"] + ".none")),
    "python process": attempt(lambda: subprocess.run(["true"])),
    "python fork": attempt(fork if not order["confined"] else os.fork),
    "python ctypes": attempt(lambda: ctypes.CDLL(None)),
    "native connect": native["connect"](tcp, address, 16),
    "native send": native["sendto"](udp, b"x", 1, 0, address, 16),
    "native write": native["open"](target, os.O_CREAT | os.O_WRONLY, 0o600),
    "native read": native["open"](secret, os.O_RDONLY),
    "native fork": fork(),
    "native signal": native["kill"](order["parent"], 0),
    "user": native["getuid"](),
    "environment": sorted(os.environ),
    "threads": open("/proc/self/status").read().split("Threads:")[1].split()[0],
    "limits": {
        name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
        for name in ("AS", "CPU", "FSIZE", "CORE", "NOFILE", "NPROC")
    },
}
os.write(1, json.dumps(report).encode() + b"\n")
"""


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def probe(folder: Path, port: int, *, confined: bool) -> dict[str, Any]:
    import os

    secret = folder / "secret"
    secret.write_text("a credential")
    order = {
        "confined": confined, "folder": str(folder), "secret": str(secret), "port": port,
        "parent": os.getpid(), "memory_bytes": parent.MEMORY_BYTES, "cpu_seconds": 20,
    }  # fmt: skip
    with secret.open("rb") as stream:
        ending = parent.judge(stream, order, 30.0, ("-c", _PROBE))
    assert ending.code == 0, ending.noise.decode()
    report: dict[str, Any] = json.loads(ending.report)
    return report


def test_without_confinement_the_probe_can_do_all_it_tries(tmp_path: Path, port: int) -> None:
    report = probe(tmp_path, port, confined=False)
    assert {report[name] for name in report if name.startswith("python")} <= {
        "done", "FileNotFoundError",
    }  # fmt: skip
    assert report["native connect"] == 0
    assert report["native write"] >= 0
    assert report["native read"] >= 0
    assert report["native fork"] > 0
    assert (tmp_path / "native").exists()
    assert (tmp_path / "python").exists()


def test_a_confined_process_reaches_no_network_and_writes_no_file(
    tmp_path: Path, port: int
) -> None:
    report = probe(tmp_path, port, confined=True)
    refused = {name: report[name] for name in report if name.startswith("python")}
    assert set(refused.values()) == {"PermissionError"}, refused
    assert report["native connect"] == -1
    assert report["native write"] == -1
    assert not (tmp_path / "native").exists()
    assert not (tmp_path / "python").exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]
    assert (tmp_path / "secret").read_text() == "a credential"


def test_a_confined_process_starts_no_process_and_reads_no_secret(
    tmp_path: Path, port: int
) -> None:
    report = probe(tmp_path, port, confined=True)
    assert report["native fork"] == -1
    assert report["native read"] == -1
    assert report["native signal"] == -1
    assert report["user"] != 0


def test_a_confined_process_gets_limits_and_a_bare_environment(tmp_path: Path, port: int) -> None:
    report = probe(tmp_path, port, confined=True)
    limits = report["limits"]
    assert limits["AS"][0] == parent.MEMORY_BYTES
    assert limits["CPU"] == [20, 21]
    assert limits["FSIZE"] == limits["CORE"] == limits["NPROC"] == [0, 0]
    assert limits["NOFILE"] == [32, 32]
    assert report["threads"] == "1"
    assert "ORT_DISABLE_TELEMETRY" in report["environment"]
    assert set(report["environment"]) <= {
        "PYTHONPATH", "PYTHONHASHSEED", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
        "MALLOC_ARENA_MAX", "ORT_DISABLE_TELEMETRY", "LC_ALL", "HOME", "TMPDIR",
    }  # fmt: skip


def test_the_verifier_works_without_privileges_too(tmp_path: Path) -> None:
    """Container roots often have no capabilities; the fallbacks must not break an honest file."""
    setpriv = Path("/usr/bin/setpriv")
    if not setpriv.exists():
        pytest.skip("setpriv is not installed")
    from tests.registry.verifier import graphs

    path = tmp_path / "model.onnx"
    path.write_bytes(graphs.images().SerializeToString())
    script = (
        "import pathlib, sys; from registry.verifier import verify;"
        "verify(pathlib.Path(sys.argv[1]), expected=None, max_bytes=2**20).require()"
    )
    command = [str(setpriv), "--bounding-set=-all", "--inh-caps=-all", sys.executable]
    done = subprocess.run(
        [*command, "-c", script, str(path)], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    if "setpriv: " in done.stderr:
        pytest.skip("this user may not drop capabilities")
    assert (done.returncode, done.stderr) == (0, "")
