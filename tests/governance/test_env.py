"""Mail leaves by the server that one address names."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import EmailMessage

from governance import env


class _Server(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as taking one mail needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                taken = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.taken.append(taken.decode())  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


@pytest.fixture
def server() -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Server) as made:
        made.taken = []  # type: ignore[attr-defined]
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def test_a_mail_reaches_the_server_that_the_address_names(server: Any, settings: Any) -> None:
    for name, value in env.mail(f"smtp://127.0.0.1:{server.server_address[1]}").items():
        setattr(settings, name, value)
    EmailMessage("The week", "All lines have owners.", to=["petra@lineward.example"]).send()
    (taken,) = server.taken
    assert "Subject: The week" in taken
    assert "All lines have owners." in taken


def test_a_log_in_goes_over_tls_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "word").write_text("s3cret\n")
    monkeypatch.setenv("LINEWARD_MAIL_PASSWORD_FILE", str(tmp_path / "word"))
    starttls = env.mail("smtp://line%40ward@mail.example")
    assert starttls["EMAIL_HOST_USER"] == "line@ward"
    assert starttls["EMAIL_HOST_PASSWORD"] == "s3cret"
    assert (starttls["EMAIL_PORT"], starttls["EMAIL_USE_TLS"]) == (587, True)
    throughout = env.mail("smtps://lineward@mail.example")
    assert (throughout["EMAIL_PORT"], throughout["EMAIL_USE_SSL"]) == (465, True)
    assert not throughout["EMAIL_USE_TLS"]


def test_without_an_address_mails_are_written_to_the_log() -> None:
    assert env.mail("") == {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp:mail"])
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="must look like smtp://"):
        env.mail(url)
