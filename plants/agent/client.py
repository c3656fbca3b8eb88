"""Talks to the portal over HTTPS: retries what a lost link loses, never what the portal refused."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import httpx

from plants.agent.authority import certificates, disbelief
from plants.domain import protocol
from registry.domain.digests import sha256
from registry.domain.errors import (
    Conflict,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    PlatformError,
    TooLarge,
    Unavailable,
)

PART_BYTES = 4 * 1024 * 1024
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_ERRORS: dict[int, type[PlatformError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
}


class Portal:
    """The protocol's calls as methods; each raises the portal's refusal as the same error.

    Args:
        url: the portal's address.
        token: the plant's credential; none for an enrolment.
        authority: the file of a private authority that signed the portal's certificate.
        patience_seconds: how long a lost link is waited for.
    """

    root = "worker/"

    def __init__(
        self, url: str, token: str = "", *, authority: str = "", patience_seconds: float = 300.0
    ) -> None:
        headers = {protocol.HEADER: protocol.VERSION}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._http = httpx.Client(
                base_url=f"{url.rstrip('/')}/api/v1/{self.root}",
                headers=headers,
                timeout=_TIMEOUT,
                verify=ssl.create_default_context(cafile=certificates(authority)),
                follow_redirects=False,
                trust_env=False,
            )
        except httpx.InvalidURL as error:
            raise Invalid(f"This is no address of a portal: {error}.", code="bad-address") from None
        self._patience_seconds = patience_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def enrol(self, code: str) -> dict[str, Any]:
        """Exchange a code; not retried, because a code works once."""
        return self._once("POST", "enrolment/", {"code": code})

    def rotate(self) -> dict[str, Any]:
        """A new credential beside this one."""
        return self._once("POST", "rotation/", {})

    def heartbeat(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say that this worker is alive. Not retried: the next one follows."""
        return self._once("POST", "heartbeat/", body)

    def envelope(self, line: str, document: dict[str, Any]) -> dict[str, Any]:
        """Say what a line's recent images look like."""
        return self._call("POST", "envelopes/", {"line": line, "envelope": document})

    def claim(self, job: str, *, worker: str, boot: str) -> dict[str, Any]:
        """Claim a job: order, signature, lease."""
        return self._call("POST", f"jobs/{job}/claim/", {"worker": worker, "boot": boot})

    def progress(self, job: str, body: dict[str, Any]) -> bool:
        """Renew the lease; whether somebody wishes to cancel. Not retried: the next one follows."""
        return self._once("POST", f"jobs/{job}/progress/", body).get("cancel") is True

    def send(self, job: str, message: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send manifest, result, failure, refusal or cancellation."""
        return self._call("POST", f"jobs/{job}/{message}/", body)

    def try_to_send(self, job: str, message: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send once: for a caller who has work to watch meanwhile and will come again."""
        return self._once("POST", f"jobs/{job}/{message}/", body)

    def version(self, job: str, which: str, *, digest: str, max_bytes: int) -> bytes:
        """The bytes of one of the versions that an order names: `parent` or `against`.

        Raises:
            Invalid: they do not hash to the digest in the signed order.
        """
        data: bytes = self._retry(lambda: self._download(f"jobs/{job}/{which}/", max_bytes))
        if sha256(data) != digest:
            raise Invalid(f"The bytes of {which} are not those ordered.", code="artifact-digest")
        return data

    def upload(self, job: str, path: Path, *, token: int, on_part: Callable[[float], None]) -> str:
        """Send a file in parts, from wherever the portal has it; its SHA-256."""
        data = path.read_bytes()
        digest = sha256(data)
        announced = {"token": token, "sha256": digest, "size": len(data)}
        standing = _standing(self._call("POST", f"jobs/{job}/uploads/", announced), len(data))
        while not standing.is_complete:
            standing = self._retry(partial(self._part, job, announced, standing, data))
            on_part(standing.offset / len(data))
        return digest

    def _part(
        self, job: str, announced: dict[str, Any], standing: Standing, data: bytes
    ) -> Standing:
        part = data[standing.offset : standing.offset + PART_BYTES]
        headers = {
            "Upload-Offset": str(standing.offset),
            "Content-Type": "application/offset+octet-stream",
        }
        try:
            answer = self._http.patch(f"uploads/{standing.upload}/", content=part, headers=headers)
            now = _standing(self._read(answer), len(data))
        except (httpx.TransportError, Unavailable):
            # The part may have arrived and only the answer been lost: ask where it stands.
            now = _standing(self._once("POST", f"jobs/{job}/uploads/", announced), len(data))
        except Conflict as refusal:
            if refusal.code != "wrong-offset":
                raise
            now = _standing(self._once("POST", f"jobs/{job}/uploads/", announced), len(data))
        if now == standing:
            raise Unavailable("No byte of this part arrived.")
        return now

    def _download(self, path: str, max_bytes: int) -> bytes:
        try:
            with self._http.stream("GET", path) as answer:
                if answer.status_code != httpx.codes.OK:
                    answer.read()
                    self._read(answer)
                data = bytearray()
                for block in answer.iter_bytes():
                    data += block
                    if len(data) > max_bytes:
                        raise TooLarge("The portal sends more bytes than the order announces.")
                return bytes(data)
        except httpx.TransportError as error:
            raise _away(error) from error

    def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._retry(lambda: self._once(method, path, body))
        return answer

    def _once(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._read(self._http.request(method, path, json=body))
        except httpx.TransportError as error:
            raise _away(error) from error

    def _retry(self, call: Callable[[], Any]) -> Any:
        deadline, pause = time.monotonic() + self._patience_seconds, 0.5
        while True:
            try:
                return call()
            except Unavailable:
                if time.monotonic() + pause > deadline:
                    raise
                # Jitter keeps 47 plants from coming back in the same second.
                time.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311
                pause = min(pause * 2, 30.0)

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code == 429:
            raise Unavailable(f"The portal answered {answer.status_code}; trying again may help.")
        try:
            body = answer.json() if answer.content else {}
        except (ValueError, RecursionError):
            body = None
        if answer.is_success and isinstance(body, dict):
            return body
        if answer.is_success or answer.is_redirect:
            # A proxy's own page, say; the link is at fault, and links recover.
            raise Unavailable("Something that is no portal answers in its place.", code="bad-reply")
        problem = body if isinstance(body, dict) else {}
        kind = _ERRORS.get(answer.status_code, Invalid)
        raise kind(
            str(problem.get("detail", f"The portal answered {answer.status_code}."))[:500],
            code=str(problem.get("code", ""))[:64] or None,
            fields=_fields(problem.get("fields")),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an upload stands, as the portal says."""

    upload: str
    offset: int
    is_complete: bool


def _standing(body: dict[str, Any], size: int) -> Standing:
    upload, offset, complete = body.get("upload"), body.get("offset"), body.get("complete")
    if not isinstance(upload, str) or type(offset) is not int or not 0 <= offset <= size:
        raise Invalid("The portal's answer about an upload makes no sense.", code="bad-reply")
    return Standing(upload, offset, complete is True)


def _fields(stated: object) -> dict[str, list[str]]:
    """What the portal says of single fields, as far as it makes sense."""
    found = stated.items() if isinstance(stated, dict) else ()
    return {
        str(name)[:64]: [str(one)[:500] for one in texts]
        for name, texts in found
        if isinstance(texts, list)
    }


def _away(error: httpx.TransportError) -> Unavailable:
    if sentence := disbelief(error):
        return Unavailable(sentence, code="certificate")
    return Unavailable(f"The portal does not answer ({type(error).__name__}).")
