"""Sends a stored file whose digest is known: named by it, and from any byte on."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.request import Request

from registry.domain.errors import PlatformError

_CHUNK_BYTES = 256 * 1024
_FORM = "application/octet-stream"
# One range; several at once are rare, and RFC 9110 lets a server send everything instead.
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z", re.ASCII)


class NoSuchRange(PlatformError):
    """The file ends before the range that was asked for begins."""

    status = 416
    code = "no-such-range"


def send(request: Request, path: Path, sha256: str) -> HttpResponseBase:
    """The whole file, the rest of it after a cut (Range), or nothing when the caller has it.

    Raises:
        NoSuchRange: see there.
    """
    etag, size = f'"{sha256}"', path.stat().st_size
    if etag in request.headers.get("If-None-Match", ""):
        return _named(HttpResponse(status=304), etag, sha256)
    asked = _asked(request, etag, size)
    if asked is None:
        whole = FileResponse(path.open("rb"), content_type=_FORM)
        return _named(whole, etag, sha256)
    first, last = asked
    part = StreamingHttpResponse(_bytes(path, first, last), status=206, content_type=_FORM)
    part["Content-Range"] = f"bytes {first}-{last}/{size}"
    part["Content-Length"] = str(last - first + 1)
    return _named(part, etag, sha256)


def _asked(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the range, or None for everything."""
    found = _RANGE.match(request.headers.get("Range", ""))
    if found is None or not any(found.groups()) or request.headers.get("If-Range", etag) != etag:
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if first >= size or first > last:
        raise NoSuchRange(f"The file has {size} bytes; there are none where this range begins.")
    return first, last


def _bytes(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left and (chunk := file.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


def _named(answer: HttpResponseBase, etag: str, sha256: str) -> HttpResponseBase:
    """Every answer about the file says which bytes it is about (RFC 9530, and its elder)."""
    answer["ETag"] = etag
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, max-age=31536000, immutable"
    answer["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
    answer["Digest"] = f"sha-256={sha256}"
    return answer
