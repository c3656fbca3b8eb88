"""Two plants on one real broker: neither can see, touch, slow or stop the other."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError

from plants.agent.broker import self_check
from plants.domain.queue_access import PROBES, Probe, user_for
from plants.services import queue_access
from registry.bridge import doorbell
from registry.domain.doorbell import prefix_for
from registry.domain.errors import Unavailable
from tests.brokers import PROGRAMS, RealBroker, digest_of, password_of, running, say, until, worker

GRANTS = {code: digest_of(code) for code in ("graz", "steyr")}


@pytest.fixture(scope="module", params=PROGRAMS)
def server(request: pytest.FixtureRequest) -> Iterator[RealBroker]:
    with running(request.param) as broker:
        yield broker


@pytest.fixture
def broker(server: RealBroker, settings: Any) -> RealBroker:
    """Two plants with access, no rings, an empty ACL log."""
    settings.CELERY_BROKER_URL = server.url
    server.empty()
    queue_access.reconcile({})
    queue_access.reconcile(GRANTS)
    server.portal().acl_log_reset()
    return server


# --- What a plant may not do --------------------------------------------------------------------


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: re.sub(r"\W+", "-", probe.name))
def test_a_plant_is_refused(broker: RealBroker, probe: Probe) -> None:
    portal = broker.portal()
    assert doorbell.ring("steyr", "job-of-steyr")
    portal.hset("plant:steyr:unacked", "tag", "what runs at steyr")
    portal.sadd("plant:steyr:_kombu.binding.jobs", "binding")
    before = set(portal.scan_iter()), portal.lrange("plant:steyr:jobs", 0, -1)

    with pytest.raises((NoPermissionError, redis.ResponseError)) as refusal:
        say(broker.plant("graz"), *probe.against(prefix_for("steyr")))

    refused = isinstance(refusal.value, NoPermissionError)
    assert refused or "unknown command" in str(refusal.value).lower()
    assert (set(portal.scan_iter()), portal.lrange("plant:steyr:jobs", 0, -1)) == before
    assert "intruder" not in say(portal, "ACL USERS")


def test_the_probes_would_succeed_without_the_access_list(broker: RealBroker) -> None:
    """The counter-proof: each harmless probe fails because of the list and for no other reason."""
    broker.ask("ACL SETUSER", "plant-graz", "~*", "&*", "+@all")
    everywhere = broker.plant("graz")
    assert doorbell.ring("steyr", "job-of-steyr")
    succeeded = []
    for probe in PROBES:
        if probe.harmless:
            say(everywhere, *probe.against(prefix_for("steyr")))
            succeeded.append(probe.name)
    assert len(succeeded) >= 20


def test_a_transaction_does_not_carry_a_forbidden_key(broker: RealBroker) -> None:
    doorbell.ring("steyr", "job-1")
    with broker.plant("graz").pipeline(transaction=True) as both:
        both.lpush("plant:graz:jobs", "mine")
        both.lpush("plant:steyr:jobs", "forged")
        with pytest.raises(redis.RedisError):
            both.execute()
    assert broker.portal().llen("plant:steyr:jobs") == 1
    assert broker.portal().llen("plant:graz:jobs") == 0


def test_a_plant_may_not_wait_on_its_own_and_anothers_queue_together(broker: RealBroker) -> None:
    doorbell.ring("steyr", "job-1")
    with pytest.raises(NoPermissionError):
        say(broker.plant("graz"), "BRPOP", "plant:graz:jobs", "plant:steyr:jobs", "1")
    assert broker.portal().llen("plant:steyr:jobs") == 1


def test_a_name_that_begins_like_another_opens_nothing(broker: RealBroker) -> None:
    queue_access.reconcile({**GRANTS, "graz2": digest_of("graz2")})
    assert say(broker.plant("graz2"), "LLEN", "plant:graz2:jobs") == 0
    with pytest.raises(NoPermissionError):
        say(broker.plant("graz"), "LLEN", "plant:graz2:jobs")
    with pytest.raises(NoPermissionError):
        say(broker.plant("graz2"), "LLEN", "plant:graz:jobs")


def test_nobody_gets_in_without_a_name_or_with_anothers_password(broker: RealBroker) -> None:
    path = broker.home / "broker" / "broker.sock"
    anonymous = redis.Redis(unix_socket_path=str(path), protocol=2)
    for client in (
        anonymous,
        broker.plant("graz", password_of("steyr")),
        broker.plant("graz", digest_of("graz")),
        broker.plant("linz"),
    ):
        with pytest.raises(redis.AuthenticationError):
            client.ping()
        client.close()


# --- What a worker can do -----------------------------------------------------------------------


@pytest.mark.slow
def test_a_ring_reaches_its_own_plant_only_and_nothing_is_refused(
    broker: RealBroker, tmp_path: Path
) -> None:
    address = broker.broker.address
    with (
        worker(address, "graz", tmp_path / "graz") as graz,
        worker(address, "steyr", tmp_path / "steyr") as steyr,
    ):
        for number in range(3):
            assert doorbell.ring("graz", f"graz-{number}")
        assert doorbell.ring("steyr", "steyr-0")
        until(lambda: len(graz.jobs) == 3 and len(steyr.jobs) == 1, why=lambda: graz.log)
        time.sleep(0.5)
        assert graz.jobs == ["graz-0", "graz-1", "graz-2"]
        assert steyr.jobs == ["steyr-0"]
        assert doorbell.backlog("graz") == doorbell.backlog("steyr") == 0
        assert {user_for("graz"), user_for("steyr")} <= _connected(broker)
        # kombu's acknowledgement tables, scripts and channels are not in use at all.
        assert {key.split(":")[-1] for key in broker.portal().scan_iter(match="plant:*")} == {
            "_kombu.binding.jobs",
            "_kombu.binding_permanent.jobs",
        }
    # Start, jobs and shutdown: the list refuses nothing that a worker does.
    assert broker.denials() == []
    assert not [word for word in ("Traceback", "NOPERM", password_of("graz")) if word in graz.log]


@pytest.mark.slow
def test_an_idle_worker_asks_for_nothing_it_may_not_have(
    broker: RealBroker, tmp_path: Path
) -> None:
    """kombu's housekeeping and health checks run every 10, 25 and 60 seconds."""
    with worker(broker.broker.address, "graz", tmp_path) as graz:
        time.sleep(65)
        assert doorbell.ring("graz", "after-a-long-silence")
        until(lambda: graz.jobs == ["after-a-long-silence"], why=lambda: graz.log)
    assert broker.denials() == []
    assert "Traceback" not in graz.log


@pytest.mark.slow
def test_a_busy_worker_leaves_rings_to_another_one(broker: RealBroker, tmp_path: Path) -> None:
    with worker(broker.broker.address, "graz", tmp_path / "one", seconds=30) as one:
        doorbell.ring("graz", "long")
        until(lambda: one.jobs == ["long"])
        doorbell.ring("graz", "next")
        time.sleep(2)
        assert doorbell.backlog("graz") == 1
        with worker(broker.broker.address, "graz", tmp_path / "two") as two:
            until(lambda: two.jobs == ["next"], why=lambda: two.log)
        assert one.jobs == ["long"]
        one.kill()
    assert broker.denials() == []


@pytest.mark.slow
def test_a_worker_that_stops_leaves_waiting_rings_behind(
    broker: RealBroker, tmp_path: Path
) -> None:
    with worker(broker.broker.address, "graz", tmp_path, seconds=1.5) as graz:
        for number in range(4):
            doorbell.ring("graz", f"job-{number}")
        until(lambda: graz.jobs == ["job-0"])
        graz.stop()
        ran = len(graz.jobs)
    assert doorbell.backlog("graz") == 4 - ran
    assert broker.denials() == []


@pytest.mark.slow
def test_a_worker_survives_a_broker_that_restarts_and_one_that_forgets(
    broker: RealBroker, tmp_path: Path
) -> None:
    with worker(broker.broker.address, "graz", tmp_path) as graz:
        broker.restart()
        with pytest.raises(redis.AuthenticationError):
            broker.plant("graz").ping()
        queue_access.reconcile(GRANTS)
        doorbell.ring("graz", "after-the-restart")
        until(lambda: graz.jobs == ["after-the-restart"], why=lambda: graz.log)

        broker.empty()
        time.sleep(1)
        doorbell.ring("graz", "after-the-flush")
        until(lambda: len(graz.jobs) == 2, why=lambda: graz.log)
    assert graz.jobs == ["after-the-restart", "after-the-flush"]


@pytest.mark.slow
def test_revoking_cuts_a_running_worker_at_once_and_keeps_it_out(
    broker: RealBroker, tmp_path: Path
) -> None:
    address = broker.broker.address
    with (
        worker(address, "graz", tmp_path / "graz") as graz,
        worker(address, "steyr", tmp_path / "steyr") as steyr,
    ):
        assert user_for("graz") in _connected(broker)
        assert queue_access.revoke("graz")
        assert user_for("graz") not in _connected(broker)
        doorbell.ring("graz", "not-for-you")
        doorbell.ring("steyr", "still-here")
        until(lambda: steyr.jobs == ["still-here"], why=lambda: steyr.log)
        time.sleep(3)
        assert graz.jobs == []
        assert doorbell.backlog("graz") == 1
        assert user_for("graz") not in _connected(broker)
        assert graz.process.poll() is None
        assert "Traceback" not in steyr.log

        queue_access.grant("graz", digest_of("graz"))
        until(lambda: graz.jobs == ["not-for-you"], why=lambda: graz.log)


def _connected(broker: RealBroker) -> set[str]:
    return {str(client["user"]) for client in broker.portal().client_list()}


# --- Granting, revoking, checking ---------------------------------------------------------------


def test_revoking_ends_an_open_connection_even_while_it_waits(broker: RealBroker) -> None:
    graz, steyr = broker.plant("graz"), broker.plant("steyr")
    assert graz.ping()
    assert steyr.ping()
    assert queue_access.revoke("graz") is True
    with pytest.raises(redis.ConnectionError):
        graz.ping()
    with pytest.raises(redis.AuthenticationError):
        graz.ping()
    assert steyr.ping()
    assert queue_access.revoke("graz") is False


def test_a_revoked_plant_stays_out_when_the_server_reloads_its_list(broker: RealBroker) -> None:
    users = broker.home / "broker" / "users.acl"
    assert "plant-graz" in users.read_text()
    queue_access.revoke("graz")
    assert "plant-graz" not in users.read_text()
    assert "plant-steyr" in users.read_text()
    assert users.stat().st_mode & 0o077 == 0


def test_a_new_password_cuts_connections_that_the_old_one_opened(broker: RealBroker) -> None:
    graz = broker.plant("graz")
    graz.ping()
    queue_access.grant("graz", digest_of("a-new-one"))
    with pytest.raises(redis.ConnectionError):
        graz.ping()
    with pytest.raises(redis.AuthenticationError):
        graz.ping()
    assert broker.plant("graz", password_of("a-new-one")).ping()


def test_granting_again_disturbs_nobody(broker: RealBroker) -> None:
    graz = broker.plant("graz")
    before = _connections_of(broker, "graz", graz)
    queue_access.grant("graz", digest_of("graz"))
    assert queue_access.reconcile(GRANTS) == queue_access.Reconciled((), ())
    assert _connections_of(broker, "graz", graz) == before


def _connections_of(broker: RealBroker, code: str, client: redis.Redis) -> list[str]:
    client.ping()
    return [
        str(one["id"]) for one in broker.portal().client_list() if one["user"] == user_for(code)
    ]


def test_wider_rules_from_before_are_taken_away(broker: RealBroker) -> None:
    portal = broker.portal()
    say(portal, "ACL SETUSER", "plant-graz", "~*", "&*", "+@all", ">another")
    found = " ".join(queue_access.check(GRANTS))
    assert "~*" in found
    assert "another password" in found
    assert "may read another plant's rings" in found

    assert queue_access.reconcile(GRANTS) == queue_access.Reconciled(("graz",), ())
    assert queue_access.check(GRANTS) == []
    with pytest.raises(NoPermissionError):
        say(broker.plant("graz"), "LLEN", "plant:steyr:jobs")
    with pytest.raises(redis.AuthenticationError):
        broker.plant("graz", "another").ping()


def test_plants_without_a_credential_are_removed_and_other_users_are_not(
    broker: RealBroker,
) -> None:
    assert queue_access.check({"graz": GRANTS["graz"]}) == [
        "User plant-steyr is on the broker but its plant has no live credential."
    ]
    done = queue_access.reconcile({"graz": GRANTS["graz"]})
    assert done == queue_access.Reconciled((), ("steyr",))
    assert set(broker.ask("ACL USERS")) == {"default", "portal", "plant-graz"}


def test_a_default_user_that_is_on_is_reported(broker: RealBroker) -> None:
    portal = broker.portal()
    say(portal, "ACL SETUSER", "default", "on", "nopass", "+ping")
    try:
        assert "default is on" in queue_access.check(GRANTS)[0]
        findings = self_check(
            broker.broker.address, "plant-graz", password_of("graz"), prefix_for("graz")
        )
        assert len(findings) == 1
        assert "without a name and password" in findings[0]
    finally:
        say(portal, "ACL SETUSER", "default", "reset", "off")


def test_a_broker_that_is_away_is_said_in_one_sentence(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://portal:hunter2@127.0.0.1:1/0"
    for attempt in (
        lambda: queue_access.grant("graz", GRANTS["graz"]),
        lambda: queue_access.revoke("graz"),
        lambda: queue_access.check(GRANTS),
        lambda: queue_access.reconcile(GRANTS),
    ):
        with pytest.raises(Unavailable) as refusal:
            attempt()
        assert refusal.value.code == "broker-away"
        assert "hunter2" not in refusal.value.message


# --- The worker's own proof ---------------------------------------------------------------------


def test_a_shut_in_worker_finds_nothing(broker: RealBroker) -> None:
    assert (
        self_check(broker.broker.address, "plant-graz", password_of("graz"), prefix_for("graz"))
        == []
    )


def test_a_worker_refuses_to_start_where_isolation_is_missing(broker: RealBroker) -> None:
    broker.ask("ACL SETUSER", "plant-graz", "~*", "+@all", "-@dangerous", "-@admin")
    findings = self_check(
        broker.broker.address, "plant-graz", password_of("graz"), prefix_for("graz")
    )
    text = " ".join(findings)
    assert "scan the keys" in text
    assert "list the channels" in text
    assert "count another plant's rings" in text
    assert "read the configuration" not in text


def test_a_worker_with_another_plants_prefix_or_a_dead_credential_is_told(
    broker: RealBroker,
) -> None:
    address = broker.broker.address
    wrong = self_check(address, "plant-graz", password_of("graz"), prefix_for("steyr"))
    assert len(wrong) == 1
    assert "refuses the plant its own queue" in wrong[0]
    queue_access.revoke("graz")
    dead = self_check(address, "plant-graz", password_of("graz"), prefix_for("graz"))
    assert len(dead) == 1
    assert "enrol again" in dead[0]


def test_an_unencrypted_line_is_a_finding_unless_it_is_allowed() -> None:
    # `.invalid` never resolves (RFC 6761), so nothing leaves this machine.
    credential = ("redis://broker.invalid:6379/0", "plant-graz", "hunter2", prefix_for("graz"))
    plain, away = self_check(*credential)
    assert "not encrypted" in plain
    assert "does not answer" in away
    assert self_check(*credential, allow_plain=True) == [away]
    assert "hunter2" not in plain + away
