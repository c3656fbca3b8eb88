from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from plants.models import Plant, PlantCredential
from registry.domain import broker_urls
from tests.brokers import PROGRAMS, RealBroker, digest_of, running, until


@pytest.fixture(scope="module", params=PROGRAMS)
def server(request: pytest.FixtureRequest) -> Iterator[RealBroker]:
    with running(request.param) as broker:
        yield broker


@pytest.fixture
def broker(server: RealBroker, settings: Any, db: None) -> RealBroker:
    """Graz and Steyr have live credentials, Linz had one, Wels has not used its own yet."""
    settings.CELERY_BROKER_URL = server.url
    for code in ("graz", "steyr", "linz", "wels"):
        plant = Plant.objects.create(code=code, name=code.title())
        PlantCredential.objects.create(
            plant=plant,
            secret_sha256="00" * 32,
            broker_password_sha256=digest_of(code),
            activated_at=None if code == "wels" else timezone.now(),
            revoked_at=timezone.now() if code == "linz" else None,
        )
    for user in server.ask("ACL USERS"):
        if user.startswith("plant-"):
            server.ask("ACL DELUSER", user)
    return server


def _run(*options: str) -> str:
    out = StringIO()
    call_command("redis_acl", *options, stdout=out, stderr=out)
    return out.getvalue()


def test_apply_lets_live_plants_in_and_others_out(broker: RealBroker) -> None:
    broker.ask("ACL SETUSER", "plant-linz", "on", "nopass", "+@all", "~*")
    text = _run("--apply")
    assert "granted plant-graz" in text
    assert "revoked plant-linz" in text
    users = set(broker.ask("ACL USERS"))
    assert users == {"default", "portal", "plant-graz", "plant-steyr"}
    assert broker.plant("graz").ping()
    for code in ("linz", "wels"):
        with pytest.raises(redis.AuthenticationError):
            broker.plant(code).ping()


def test_apply_twice_changes_nothing_the_second_time(broker: RealBroker) -> None:
    _run("--apply")
    assert _run("--apply") == "2 plant(s) may reach their own queue.\n"
    assert _run("--apply", "--verbosity", "0") == ""


def test_check_is_silent_about_agreement_and_names_each_difference(broker: RealBroker) -> None:
    _run("--apply")
    assert _run("--check") == "The broker agrees for 2 plant(s).\n"
    broker.ask("ACL SETUSER", "plant-graz", "+scan")
    broker.ask("ACL DELUSER", "plant-steyr")
    with pytest.raises(CommandError) as difference:
        _run("--check")
    assert difference.value.returncode == 1
    assert "plant-graz has +scan too much" in str(difference.value)
    assert "plant-graz may scan the keys" in str(difference.value)
    assert "plant-steyr is missing" in str(difference.value)
    # Checking repairs nothing.
    assert "plant-steyr" not in broker.ask("ACL USERS")


def test_the_printed_file_is_one_that_a_server_starts_with(broker: RealBroker) -> None:
    printed = _run()
    assert [line.split()[1] for line in printed.splitlines()] == [
        "default",
        "portal",
        "plant-graz",
        "plant-steyr",
    ]
    assert str(broker_urls.password_of(broker.url)) not in printed
    with tempfile.TemporaryDirectory(prefix="lw-") as folder:
        users, path = Path(folder, "users.acl"), Path(folder, "s")
        users.write_text(printed)
        command = [
            str(broker.program),
            "--port",
            "0",
            "--unixsocket",
            str(path),
            "--aclfile",
            str(users),
        ]
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            until(path.exists)
            until(lambda: _refused(path))
            own = broker_urls.with_credential(f"unix://{path}", "plant-graz", "p@ss/word:graz")
            with redis.Redis.from_url(broker_urls.for_client(own)) as graz:
                assert graz.llen("plant:graz:jobs") == 0
        finally:
            server.terminate()
            server.wait()


def _refused(path: Path) -> bool:
    no_waiting = Retry(NoBackoff(), 0)
    with redis.Redis(unix_socket_path=str(path), protocol=2, retry=no_waiting) as nobody:
        try:
            return not nobody.ping()
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False


def test_a_portal_without_a_password_is_told_to_choose_one(db: None, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    text = _run()
    assert "user default reset off" in text
    assert "user portal" not in text
    assert "choose one" in text


def test_the_portals_line_holds_the_digest_of_its_password(db: None, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://portal:p%40ss@127.0.0.1:1/0"
    text = _run()
    assert f"#{hashlib.sha256(b'p@ss').hexdigest()}" in text
    assert "p@ss" not in text


def test_a_broker_that_is_away_ends_with_a_sentence(db: None, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://portal:hunter2@127.0.0.1:1/0"
    for option in ("--apply", "--check"):
        with pytest.raises(CommandError) as refusal:
            _run(option)
        assert "does not answer" in str(refusal.value)
        assert "hunter2" not in str(refusal.value)
