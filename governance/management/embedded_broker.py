"""The private broker of the embedded default: started, adopted and stopped, never guessed at.

A Redis-protocol server on a Unix socket in a folder of our own, without any TCP port. Everything
needs a name and a password; the portal's is made once and kept beside the data. Its contents are
doorbells: losing them costs a few seconds until the sweeper rings again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from governance.management import broker_programs
from plants.domain import queue_access
from registry.domain import broker_urls
from registry.domain.errors import Conflict, Unavailable

START_SECONDS = 10.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
# The kernel's limit is 108 bytes on Linux and 104 on macOS, the closing zero included.
_SOCKET_PATH_BYTES = 100

# Children of this process, so that they are reaped and no zombie passes for a running server.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Broker:
    """A broker that answers."""

    url: str  # the portal's, with its credential, as Celery takes it: keep it out of logs
    program: str  # what runs, for people: "redis-server 7.0.15"; "REDIS_URL" when it is not ours
    pid: int | None  # none when it is not ours
    adopted: bool  # it ran already

    @property
    def address(self) -> str:
        """Where it is, without a credential: what plants are told and what may be printed."""
        return broker_urls.without_credential(self.url)


@dataclass(frozen=True)
class _Place:
    folder: Path
    socket: Path

    @property
    def configuration(self) -> Path:
        return self.folder / "server.conf"

    @property
    def users(self) -> Path:
        return self.folder / "users.acl"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"


def start(
    home: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    programs: Sequence[Path] | None = None,
) -> Broker:
    """The broker to use: REDIS_URL's, our own that still runs, or our own started now.

    A broker started here knows the portal alone; `manage.py redis_acl --apply` then lets the
    plants in again, because the database is the record of who may.

    Args:
        home: the installation's folder; everything lies in `home/broker`.
        environ: where REDIS_URL is looked up.
        programs: server programs to try in order, instead of the ones found on this machine.
    """
    if environ.get("REDIS_URL"):
        return _external(environ["REDIS_URL"])
    place = _place(home)
    with _locked(place.folder):
        password = _password(place.folder)
        pid = _running(place, password)
        if pid is not None:
            return Broker(_url(place, password), _described(place), pid, adopted=True)
        program, version = broker_programs.choose(programs)
        _configure(place, version, password)
        pid = _launch(place, program, password)
        return Broker(_url(place, password), version, pid, adopted=False)


def stop(home: Path) -> bool:
    """Stop our own server, wherever it was started; false when none runs.

    Only a process that proved to be ours is ended: it answers on our socket to our password and
    was started from our configuration.
    """
    if not (home / "broker").is_dir():
        return False
    place = _place(home)
    with _locked(place.folder):
        pid = _running(place, _password(place.folder))
        if pid is None:
            return False
        for sign, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 2.0)):
            os.kill(pid, sign)
            if _ended(pid, patience):
                place.socket.unlink(missing_ok=True)
                return True
    raise Unavailable(f"The broker (process {pid}) does not stop; end it by hand.")


def _external(url: str) -> Broker:
    address = broker_urls.for_celery(url)
    try:
        with _client(broker_urls.for_client(address)) as client:
            client.ping()
    except redis.AuthenticationError:
        raise Unavailable(
            f"The broker in REDIS_URL ({broker_urls.without_credential(url)}) refuses the name or "
            "password; correct REDIS_URL, or unset it to use a private broker.",
            code="broker-refused",
        ) from None
    except (redis.RedisError, OSError):
        raise Unavailable(
            f"The broker in REDIS_URL ({broker_urls.without_credential(url)}) does not answer; "
            "start it, or unset REDIS_URL to use a private broker.",
            code="broker-away",
        ) from None
    return Broker(address, "REDIS_URL", None, adopted=True)


# --- Places -------------------------------------------------------------------------------------


def _place(home: Path) -> _Place:
    folder = _private_folder(home.resolve() / "broker")
    path = folder / "broker.sock"
    if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        # Not the variable TMPDIR: another value next time would hide the server that runs.
        runtime = Path("/tmp") / f"lineward-{os.getuid()}-{short}"  # noqa: S108
        path = _private_folder(runtime) / "broker.sock"
    return _Place(folder, path)


def _private_folder(folder: Path) -> Path:
    """Make a folder that nobody else may enter; refuse one that somebody else laid there first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid():
        raise Conflict(
            f"{folder} is not a folder of this account, so no broker is started in it; remove it "
            "or use another home."
        )
    if stat.S_IMODE(state.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two starts at once are two servers on one socket: the second one waits and adopts."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _password(folder: Path) -> str:
    path = folder / "portal.password"
    if not path.exists() or not path.read_text().strip():
        _write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    """Written beside and moved over, so that no reader sees half a file, nor a readable one."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _url(place: _Place, password: str) -> str:
    return broker_urls.with_credential(f"unix://{place.socket}", queue_access.PORTAL_USER, password)


# --- The server ---------------------------------------------------------------------------------


def _configure(place: _Place, version: str, password: str) -> None:
    # A data folder per program and version: an older program cannot read a newer one's files.
    data = _private_folder(place.folder / version.replace(" ", "-"))
    digest = hashlib.sha256(password.encode()).hexdigest()
    lines = (
        queue_access.line("default", queue_access.DEFAULT_RULES),
        queue_access.line(queue_access.PORTAL_USER, queue_access.portal_rules(digest)),
    )
    _write_private(place.users, "".join(f"{line}\n" for line in lines))
    settings = {
        "port": "0",
        "unixsocket": f'"{place.socket}"',
        "unixsocketperm": "700",
        "dir": f'"{data}"',
        "aclfile": f'"{place.users}"',
        "logfile": f'"{place.log}"',
        "loglevel": "notice",
        "daemonize": "no",
        "appendonly": "yes",
        "save": '""',
        "databases": "1",
        # Rings are small; a broker that grows past this is full of somebody's mistake.
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    _write_private(place.configuration, "".join(f"{k} {v}\n" for k, v in settings.items()))
    (place.folder / "program").write_text(version)


def _described(place: _Place) -> str:
    path = place.folder / "program"
    return path.read_text() if path.exists() else "redis-server"


def _launch(place: _Place, program: Path, password: str) -> int:
    place.socket.unlink(missing_ok=True)
    child = subprocess.Popen(  # noqa: S603
        [program, place.configuration],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=place.folder,
        # The server writes its access list and its data with its own file mode.
        umask=0o077,
        # Ctrl-C goes to the portal, which stops its workers first and the broker last.
        start_new_session=True,
    )
    _children[child.pid] = child
    deadline = time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < deadline and child.poll() is None:
            if _running(place, password) == child.pid:
                return child.pid
            time.sleep(_POLL_SECONDS)
    except BaseException:
        _kill(child)
        raise
    _kill(child)
    raise Unavailable(
        f"The private broker did not start within {START_SECONDS:.0f} seconds; "
        f"{place.log} says why.",
        code="broker-not-started",
    )


def _kill(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    del _children[child.pid]


def _running(place: _Place, password: str) -> int | None:
    """The process id of our own server; none when nothing answers; a stranger is refused.

    A file and a process id prove nothing, ids are reused. What counts: the process behind the
    socket belongs to this account, takes our password and was started from our configuration.
    """
    try:
        ours = _account_behind(place.socket) == os.getuid()
    except (ConnectionRefusedError, FileNotFoundError):
        return None
    try:
        # In this order: a stranger never gets to see the password.
        with _client(broker_urls.for_client(_url(place, password))) as client:
            state = client.info("server") if ours else {}
    except redis.BusyLoadingError:
        return None
    except (redis.RedisError, OSError):
        state = {}
    if str(state.get("config_file")) != str(place.configuration):
        raise Conflict(
            f"Something that is not our broker answers on {place.socket}; stop it or remove the "
            "file.",
            code="broker-not-ours",
        )
    return int(state["process_id"])


def _account_behind(path: Path) -> int:
    """Who listens on a socket, as the kernel knows it; other systems than Linux do not tell."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(START_SECONDS)
        line.connect(str(path))
        if not sys.platform.startswith("linux"):
            return os.getuid()
        peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, account, _ = struct.unpack("3i", peer)
    return int(account)


@contextmanager
def _client(url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(
        url,
        socket_timeout=3,
        socket_connect_timeout=3,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    try:
        yield client
    finally:
        client.close()
        client.connection_pool.disconnect()


def _ended(pid: int, patience_seconds: float) -> bool:
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        child = _children.get(pid)
        if child is not None and child.poll() is not None:
            del _children[pid]
            return True
        if child is None and not _exists(pid):
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
