"""make-secrets.sh, run for real: made once, kept ever after, and certificates that verify."""

from __future__ import annotations

import stat
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.docker.files import DOCKER
from tests.docker.test_compose import make

NAMES = {
    "redis": {"redis", "lineward.example", "localhost"},
    "web": {"lineward.example", "localhost"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("centre") / "secrets"
    make(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_second_run_keeps_everything(made):
    before = contents(made)
    assert all(before.values())
    make(made)
    assert contents(made) == before


def test_two_installations_share_nothing(made, tmp_path):
    make(tmp_path / "other")
    first, second = contents(made), contents(tmp_path / "other")
    assert first.keys() == second.keys()
    assert not [name for name in first if first[name] == second[name]]


def test_what_is_lost_is_made_again_and_the_rest_is_kept(made):
    before = contents(made)
    for name in ("web.pem", "web.key"):
        (made / name).unlink()
    make(made)
    after = contents(made)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"web.pem", "web.key"}


@pytest.mark.parametrize("name", NAMES)
def test_a_certificate_verifies_for_the_names_that_are_dialled(made, name):
    authority = made / "authority.pem"
    done = subprocess.run(
        [
            *("openssl", "verify", "-x509_strict", "-purpose", "sslserver"),
            *("-CAfile", authority, made / f"{name}.pem"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    certificate = x509.load_pem_x509_certificate((made / f"{name}.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == NAMES[name]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1")]
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_authority_signs_and_does_nothing_else(made):
    authority = x509.load_pem_x509_certificate((made / "authority.pem").read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)
    key = stat.S_IMODE((made / "authority.key").stat().st_mode)
    assert (key, stat.S_IMODE(made.stat().st_mode)) == (0o400, 0o700)


def test_a_host_must_be_named(tmp_path):
    command = ["sh", str(DOCKER / "make-secrets.sh")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode != 0
    assert "name the host" in done.stderr
    assert not list(tmp_path.iterdir())
