"""Whom a plant believes: the public authorities, or one from a file, named or noted."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import certifi
import pytest

from plants.agent import alive
from plants.agent.__main__ import main
from plants.agent.authority import certificates
from plants.agent.client import Portal
from plants.agent.home import Home
from registry.domain.errors import Invalid, NotFound, Unavailable
from tests.plants.agent.portal_server import TOKEN, enrolled
from tests.plants.agent.test_cli import REPLY


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        content = json.dumps(REPLY).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def portal(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """A portal with a certificate that only its own file vouches for."""
    folder = tmp_path_factory.mktemp("portal")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=portal"),
            *("-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", folder / "key.pem", "-out", folder / "authority.pem"),
        ],
        check=True,
        capture_output=True,
    )
    server = HTTPServer(("127.0.0.1", 0), Handler)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(folder / "authority.pem", folder / "key.pem")
    server.socket = trust.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"https://localhost:{server.server_port}", folder / "authority.pem"
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_a_private_one_the_public_authorities_count(tmp_path):
    assert certificates("") == certifi.where()
    home, credential = enrolled(tmp_path, "https://portal.example")
    assert credential.authority == home.credential().authority == ""


def test_a_file_that_is_not_there_is_named_with_the_way_out(tmp_path, capsys):
    with pytest.raises(NotFound, match=r"copy authority\.pem from the centre"):
        certificates(str(tmp_path / "no.pem"))
    arguments = ["--home", str(tmp_path / "home"), "enrol", "--portal", "https://localhost:1"]
    assert main([*arguments, "--code", "c", "--authority", str(tmp_path / "no.pem")]) == 2
    text = capsys.readouterr().err
    assert "no.pem" in text
    assert text.count("\n") == 1


@pytest.mark.parametrize("content", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nx"])
def test_a_file_that_is_no_certificate_is_refused(content, tmp_path):
    path = tmp_path / "authority.pem"
    path.write_text(content)
    with pytest.raises(Invalid, match="holds no authority's certificate"):
        certificates(str(path))


def test_enrolment_notes_the_authority_and_later_commands_use_it(portal, tmp_path, capsys):
    url, authority = portal
    home = str(tmp_path)
    said = ["--portal", url, "--code", "c", "--authority", str(authority)]
    assert main(["--home", home, "enrol", *said]) == 0
    assert Home(tmp_path).credential().authority == str(authority)
    assert main(["--home", home, "rotate"]) == 0
    assert Home(tmp_path).credential().authority == str(authority), "rotation keeps it"
    assert TOKEN not in capsys.readouterr().out


def test_an_authority_that_is_named_later_wins(portal, tmp_path):
    url, authority = portal
    enrolled(tmp_path, url)
    assert main(["--home", str(tmp_path), "rotate"]) == 2, "the public ones do not know it"
    assert main(["--home", str(tmp_path), "rotate", "--authority", str(authority)]) == 0


def test_the_environment_names_one_as_well(portal, tmp_path, monkeypatch):
    url, authority = portal
    enrolled(tmp_path, url)
    monkeypatch.setenv("LINEWARD_AUTHORITY", str(authority))
    assert main(["--home", str(tmp_path), "rotate"]) == 0


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1"])
def test_a_certificate_that_is_not_believed_is_told_with_the_reason(portal, address):
    url, authority = portal
    trusted = "" if address == "localhost" else str(authority)
    with (
        Portal(url.replace("localhost", address), authority=trusted) as line,
        pytest.raises(Unavailable, match="certificate is not believed") as refused,
    ):
        line.enrol("c")
    assert refused.value.code == "certificate"
    assert "--authority FILE" in refused.value.message


def test_a_credential_from_before_has_no_authority(tmp_path):
    home, credential = enrolled(tmp_path, "https://portal.example")
    stored = json.loads(home.credential_file.read_text())
    del stored["authority"]
    home.credential_file.write_text(json.dumps(stored))
    assert home.credential() == credential


def test_alive_tells_how_long_ago_the_portal_answered(tmp_path, capsys):
    arguments = ["--home", str(tmp_path), "alive"]
    assert main(arguments) == 1
    assert "has not acknowledged any" in capsys.readouterr().out
    alive.mark(tmp_path)
    assert main(arguments) == 0
    assert "0 s ago" in capsys.readouterr().out
    for age, code in ((58, 0), (61, 1)):
        then = time.time() - age
        os.utime(tmp_path / "alive", (then, then))
        assert main(arguments) == code
