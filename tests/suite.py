"""`make test`: the suite on SQLite and, where PostgreSQL is installed, again on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What does not touch the database gives the same answer twice.
NO_DATABASE = (
    "registry/domain",
    "plants/domain",
    "governance/domain",
    "tests/benchmarks",
    "tests/browser",
    "tests/docker",
    "tests/governance/domain",
    "tests/plants/agent",
    "tests/plants/domain",
    "tests/plants/test_queue_isolation.py",
    "tests/plants/test_queue_tls.py",
    "tests/registry/domain",
    "tests/registry/verifier",
)


def main(arguments: list[str]) -> int:
    """Run pytest once or twice; the first failure decides."""
    strict = bool(os.environ.get("LINEWARD_CI"))
    print("== the suite on SQLite", flush=True)
    code = _pytest(arguments, {})
    if code or (arguments[-1:] and (ROOT / arguments[-1]).exists()):
        return code
    found = programs()
    if found is None:
        print("== PostgreSQL is not installed: the suite was not run on it")
        return int(strict)
    print("== the suite on PostgreSQL", flush=True)
    with _cluster(found) as environment:
        left_out = [f"--ignore={path}" for path in NO_DATABASE]
        # The server goes with all it holds: dropping its databases one by one can only fail.
        return _pytest([*arguments, "--reuse-db", *left_out], environment)


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, check=False
    ).returncode


def programs() -> Path | None:
    """The folder of initdb and pg_ctl: on PATH, or where Debian hides it."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    hidden = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return hidden[-1].parent if hidden else None


@contextmanager
def _cluster(programs: Path) -> Iterator[dict[str, str]]:
    """A private server on a socket of its own, gone afterwards; its environment for Django."""
    # PostgreSQL refuses to run as root; Debian makes a user for it.
    other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = other if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="lineward-pg-") as folder:
        home = Path(folder)
        if prefix:
            shutil.chown(home, "postgres", "postgres")
        home.chmod(0o755)
        options = (
            f"-c listen_addresses='' -c unix_socket_directories='{home}' "
            "-c fsync=off -c max_connections=200"
        )
        server = [str(programs / "pg_ctl"), "-D", str(home / "data"), "-w"]
        _quietly([*prefix, str(programs / "initdb"), "-D", str(home / "data"), "-U", "lineward"])
        _quietly([*prefix, *server, "-l", str(home / "log"), "-o", options, "start"])
        try:
            _quietly([str(programs / "createdb"), "-h", str(home), "-U", "lineward", "lineward"])
            yield {"DATABASE_URL": "postgresql://lineward@/lineward", "PGHOST": str(home)}
        finally:
            _quietly([*prefix, *server, "-m", "immediate", "stop"])


def _quietly(command: list[str]) -> None:
    # Not from the project's folder: the server's user may not enter it.
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
