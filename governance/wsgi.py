from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")

_BLOCK_BYTES = 64 * 1024
# More than any message or part of an upload may have; whoever sends more is cut off.
_READ_ON_BYTES = 16 * 1024 * 1024

_portal = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The portal; a body that a refusal left unread is read to its end first.

    Otherwise the server cuts the line below a sender who is still at it, and a proxy in front turns
    the refusal into "502 Bad Gateway", after which a plant would try again instead of giving up.
    """
    answer: Iterable[bytes] = _portal(environ, start_response)
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length.isdecimal() and int(length) <= _READ_ON_BYTES:
        body = environ["wsgi.input"]
        while body.read(_BLOCK_BYTES):
            pass
    return answer
