from __future__ import annotations

import pytest

from registry.domain import broker_urls
from registry.domain.errors import Invalid


def test_a_tls_address_always_checks_certificates() -> None:
    assert "ssl_cert_reqs=required" in broker_urls.for_celery("rediss://broker:6380/0")
    kept = broker_urls.for_celery("rediss://broker/0?ssl_ca_certs=/etc/ca.pem")
    assert kept == "rediss://broker/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required"


@pytest.mark.parametrize(
    "query", ["ssl_cert_reqs=none", "ssl_cert_reqs=CERT_OPTIONAL", "ssl_check_hostname=false"]
)
def test_an_address_that_turns_checks_off_is_refused(query: str) -> None:
    with pytest.raises(Invalid) as refusal:
        broker_urls.for_celery(f"rediss://broker/0?{query}")
    assert refusal.value.code == "broker-not-verified"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker:6379",
        "amqp://u:hunter2@broker",
        "redis://",
        "redis://u:hunter2#x@broker:y/0",
        "redis://u:12#hunter2@broker/0",
        "redis+socket://u:hunter2@?virtual_host=0",
        "redis://u:hunter2@broker:99999/0",
    ],
)
def test_an_unreadable_address_is_refused_without_quoting_its_password(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        broker_urls.for_celery(url)
    assert "hunter2" not in str(refusal.value)


def test_signs_in_a_password_survive_the_way_there_and_back() -> None:
    url = broker_urls.with_credential("unix:///run/x/r.sock", "plant-graz", "p@:/#?ö")
    assert url.startswith("redis+socket://plant-graz:p%40%3A%2F%23%3F%C3%B6@/run/x/r.sock")
    assert broker_urls.for_client(url).startswith("unix://plant-graz:p%40%3A%2F%23%3F%C3%B6@/run")
    assert broker_urls.without_credential(url) == "redis+socket:///run/x/r.sock"


def test_a_new_credential_replaces_the_old_one_and_keeps_the_options() -> None:
    url = broker_urls.with_credential("rediss://portal:old@broker:6380/2", "plant-graz", "new")
    assert url == "rediss://plant-graz:new@broker:6380/2?ssl_cert_reqs=required"
