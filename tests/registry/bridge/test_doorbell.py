from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from registry.bridge import doorbell
from registry.domain.doorbell import MAX_RINGS
from registry.domain.errors import Invalid
from tests.brokers import PROGRAMS, RealBroker, running


@pytest.fixture(scope="module", params=PROGRAMS)
def server(request: pytest.FixtureRequest) -> Iterator[RealBroker]:
    with running(request.param) as broker:
        yield broker


@pytest.fixture
def broker(server: RealBroker, settings: Any) -> RealBroker:
    settings.CELERY_BROKER_URL = server.url
    server.empty()
    return server


def test_each_ring_lies_on_its_own_plants_list(broker: RealBroker) -> None:
    assert doorbell.ring("graz", "job-1")
    assert doorbell.ring("graz", "job-1")
    assert doorbell.ring("steyr", "job-2")
    assert doorbell.backlog("graz") == 2
    assert doorbell.backlog("steyr") == 1
    assert doorbell.backlog("linz") == 0
    assert sorted(broker.portal().scan_iter()) == ["plant:graz:jobs", "plant:steyr:jobs"]
    tags = {
        json.loads(ring)["properties"]["delivery_tag"]
        for ring in broker.portal().lrange("plant:graz:jobs", 0, -1)
    }
    assert len(tags) == 2


def test_a_plant_that_is_away_does_not_fill_the_broker(broker: RealBroker) -> None:
    portal = broker.portal()
    portal.lpush("plant:graz:jobs", *(str(number) for number in range(MAX_RINGS)))
    assert doorbell.ring("graz", "newest")
    assert doorbell.backlog("graz") == MAX_RINGS
    kept = portal.lrange("plant:graz:jobs", 0, -1)
    assert "newest" in str(kept[0])
    assert kept[-1] == "1"


def test_threads_share_a_few_connections_and_lose_nothing(broker: RealBroker) -> None:
    portal = broker.portal()
    before = len(portal.client_list())
    with ThreadPoolExecutor(8) as threads:
        rung = list(threads.map(lambda n: doorbell.ring("graz", f"job-{n}"), range(200)))
    assert all(rung)
    assert doorbell.backlog("graz") == 200
    assert len(portal.client_list()) - before <= 8


def test_a_broker_that_comes_back_is_rung_again_without_a_restart(broker: RealBroker) -> None:
    assert doorbell.ring("graz", "job-1")
    broker.restart()
    assert doorbell.ring("graz", "job-2")
    # What lay there before the restart was written to disk or is rung again by the sweeper.
    assert doorbell.backlog("graz") in {1, 2}


def test_a_code_or_id_that_is_not_ours_never_reaches_the_broker(broker: RealBroker) -> None:
    for code, job in (("gra*", "job-1"), ("graz", "a b"), ("a:b", "job-1")):
        with pytest.raises(Invalid):
            doorbell.ring(code, job)
    assert list(broker.portal().scan_iter()) == []


@pytest.mark.slow
@pytest.mark.parametrize("address", ["redis://portal:hunter2@127.0.0.1:1/0", "silent", "refusing"])
def test_a_broker_that_is_away_costs_little_time_and_no_password(
    address: str,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as silent:
        # Accepts and never answers, as a frozen server or a dropped line does.
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        settings.CELERY_BROKER_URL = {
            "silent": f"redis://portal:hunter2@127.0.0.1:{port}/0",
            "refusing": "redis+socket://portal:hunter2@/nowhere/broker.sock?virtual_host=0",
        }.get(address, address)
        began = time.monotonic()
        with caplog.at_level(logging.DEBUG):
            assert doorbell.ring("graz", "job-1") is False
            assert doorbell.backlog("graz") is None
        assert time.monotonic() - began < 2 * doorbell.TIMEOUT_SECONDS + 1
    assert "the sweeper rings again" in caplog.text
    assert "hunter2" not in caplog.text
