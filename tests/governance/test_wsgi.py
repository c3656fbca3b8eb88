"""A refusal reads on: the sender's line is not cut below it, and a proxy passes the refusal on."""

from __future__ import annotations

import io
from typing import Any

import pytest

from governance.wsgi import application

PART = "/api/v1/worker/uploads/00000000-0000-4000-8000-000000000000/"


def sent(size: int, announced: str) -> tuple[str, int]:
    """The status, and how many bytes were left unread."""
    body = io.BytesIO(bytes(size))
    said: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        said.append(status)

    environ = {
        "REQUEST_METHOD": "PATCH",
        "PATH_INFO": PART,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/offset+octet-stream",
        "CONTENT_LENGTH": announced,
        "wsgi.input": body,
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    answer = application(environ, start)
    b"".join(answer)
    answer.close()  # type: ignore[attr-defined]
    return said[0], size - body.tell()


@pytest.mark.django_db
def test_what_a_refusal_left_is_read_to_its_end():
    size = 8 * 2**20
    assert sent(size, str(size)) == ("401 Unauthorized", 0)


@pytest.mark.django_db
@pytest.mark.parametrize("announced", [str(17 * 2**20), "", "many"])
def test_more_than_anything_may_have_is_not_read(announced):
    assert sent(2**20, announced) == ("401 Unauthorized", 2**20)
