"""The production line to the broker: TCP with TLS, certificates checked on both routes."""

from __future__ import annotations

import datetime
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plants.agent.broker import self_check
from plants.domain import queue_access as rules
from plants.services import queue_access
from registry.bridge import doorbell
from registry.domain import broker_urls
from tests.brokers import PROGRAMS, digest_of, password_of, until, worker

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Secured:
    address: str  # rediss://127.0.0.1:<port>/0
    authority: Path
    stranger: Path  # another authority's certificate

    @property
    def portal(self) -> str:
        url = broker_urls.with_credential(self.address, "portal", password_of("portal"))
        return broker_urls.trusting(url, str(self.authority))


# The program that pip installs is built without TLS: it serves one machine.
@pytest.fixture(scope="module", params=PROGRAMS[:1])
def server(request: pytest.FixtureRequest) -> Iterator[Secured]:
    with tempfile.TemporaryDirectory(prefix="lw-") as name:
        folder = Path(name)
        _certify(folder)
        (folder / "users.acl").write_text(
            f"{rules.line('default', rules.DEFAULT_RULES)}\n"
            f"{rules.line('portal', rules.portal_rules(digest_of('portal')))}\n"
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            *(request.param, "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"),
            *("--tls-cert-file", "server.pem", "--tls-key-file", "server.key"),
            *("--tls-auth-clients", "no", "--aclfile", "users.acl", "--save", ""),
            *("--dir", str(folder), "--logfile", "log"),
        ]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        secured = Secured(
            f"rediss://127.0.0.1:{port}/0", folder / "server.pem", folder / "stranger.pem"
        )
        try:
            until(lambda: _answers(secured.portal))
            yield secured
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    with redis.Redis.from_url(broker_urls.for_client(url)) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def _certify(folder: Path) -> None:
    """Two self-signed certificates for this machine: the server's, and one it does not use."""
    for name in ("server", "stranger"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        today = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


@pytest.fixture
def secured(server: Secured, settings: Any) -> Secured:
    settings.CELERY_BROKER_URL = server.portal
    queue_access.reconcile({})
    queue_access.reconcile({"graz": digest_of("graz")})
    doorbell.client().acl_log_reset()
    return server


def test_a_ring_goes_through_and_nothing_is_refused(secured: Secured, tmp_path: Path) -> None:
    authority = str(secured.authority)
    with worker(secured.address, "graz", tmp_path, authority=authority) as graz:
        assert doorbell.ring("graz", "over-tls")
        until(lambda: graz.jobs == ["over-tls"], why=lambda: graz.log)
    assert doorbell.client().acl_log() == []
    assert "insecure" not in graz.log
    assert password_of("graz") not in graz.log


def test_a_worker_does_not_talk_to_a_server_it_cannot_verify(
    secured: Secured, tmp_path: Path
) -> None:
    authority = str(secured.stranger)
    with worker(secured.address, "graz", tmp_path, authority=authority, ready="no") as graz:
        until(lambda: "CERTIFICATE_VERIFY_FAILED" in graz.log, why=lambda: graz.log)
        assert " ready." not in graz.log
        assert graz.jobs == []


def test_the_start_up_check_passes_with_the_right_authority_only(secured: Secured) -> None:
    credential = (secured.address, "plant-graz", password_of("graz"), "plant:graz:")
    assert self_check(*credential, authority=str(secured.authority)) == []
    for authority in (None, str(secured.stranger)):
        (found,) = self_check(*credential, authority=authority)
        assert "certificates" in found


def test_the_portal_does_not_ring_at_a_server_it_cannot_verify(
    secured: Secured, settings: Any
) -> None:
    before = doorbell.backlog("graz")
    settings.CELERY_BROKER_URL = broker_urls.trusting(secured.portal, str(secured.stranger))
    assert doorbell.ring("graz", "not-sent") is False
    settings.CELERY_BROKER_URL = secured.portal
    assert doorbell.backlog("graz") == before
