"""A real PostgreSQL as the image makes it: the password asked for over TCP, our script run once."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.docker.files import DOCKER
from tests.suite import programs


@contextmanager
def running(folder: Path, environment: Mapping[str, str], port: int) -> Iterator[dict[str, str]]:
    """Initialise and start; how its own clients reach it.

    Args:
        folder: a new one, for the data; its parents may be entered by everybody.
        environment: what compose gives the image, mapped to this machine.
        port: where it listens.
    """
    found = programs()
    assert found is not None
    # PostgreSQL refuses to run as root; Debian makes a user for it.
    other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = other if os.geteuid() == 0 else []
    word = folder / "word"
    shutil.copyfile(environment["POSTGRES_PASSWORD_FILE"], word)
    for path in (folder, word) if prefix else ():
        shutil.chown(path, "postgres", "postgres")
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    _quietly(
        [
            *prefix,
            *(found / "initdb", "-D", folder / "data", "-U", user, f"--pwfile={word}"),
            # As the image's entry point: trusted on its own socket, a password over the network.
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
        ]
    )
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
    server = [*prefix, found / "pg_ctl", "-D", folder / "data", "-w"]
    _quietly([*server, "-l", folder / "log", "-o", f"{options} -c fsync=off", "start"])
    client = {**environment, "PATH": f"{found}:{os.environ['PATH']}"}
    client |= {"PGHOST": str(folder), "PGPORT": str(port), "PGUSER": user}
    try:
        _quietly(["createdb", database], client)
        _quietly(["sh", DOCKER / "postgres-mlflow.sh"], client)
        yield client
    finally:
        _quietly([*server, "-m", "immediate", "stop"])


def _quietly(command: list[str | Path], environment: Mapping[str, str] | None = None) -> None:
    # Not from the project's folder: the server's user may not enter it.
    done = subprocess.run(
        command, env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
