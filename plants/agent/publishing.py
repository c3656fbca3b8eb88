"""Uploads a model trained elsewhere: declared, sent in parts, resumed after a cut or a kill."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from plants.agent.client import PART_BYTES, Portal
from plants.agent.home import Home
from registry.domain.digests import digest_of
from registry.domain.errors import Conflict, Invalid, NotFound, PlatformError, Unavailable

EVALUATED, REFUSED, WITHOUT_FIGURE, GATE_FAILED, INTERRUPTED = 0, 2, 3, 4, 130
_ASK_EVERY_SECONDS = 2.0
_ENDED = {"succeeded", "failed", "gate_failed", "refused", "cancelled", "expired"}
_GONE = {"refused", "withdrawn"}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the file stands, as the portal says."""

    offset: int
    state: str


class UploadPortal(Portal):
    """The calls of an upload; each raises the portal's refusal as the same error."""

    root = "submissions/"

    def declare(self, facts: dict[str, Any]) -> str:
        """Say what the model is; the same words again, unanswered before, change nothing."""
        return str(self._call("POST", "", facts).get("id", ""))

    def found(self, pk: str) -> dict[str, Any]:
        """The upload as it stands, to the plant's evaluation."""
        answer: dict[str, Any] = self._retry(lambda: self._get(f"{pk}/"))
        return answer

    def announce(self, pk: str, facts: dict[str, Any]) -> Standing:
        """Say which file comes; the reply says where it stands."""
        return _standing(self._call("POST", f"{pk}/announcement/", facts), facts["size"])

    def send_part(self, pk: str, path: Path, size: int, offset: int) -> Standing:
        """Send what follows the offset, however often the link is cut."""
        found: Standing = self._retry(partial(self._part_once, pk, path, size, offset))
        return found

    def _part_once(self, pk: str, path: Path, size: int, offset: int) -> Standing:
        with path.open("rb") as file:
            file.seek(offset)
            part = file.read(PART_BYTES)
        if not part:
            raise Conflict(f"{path.name} became shorter while it was sent; publish it again.")
        headers = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        try:
            answer = self._http.patch(f"{pk}/file/", content=part, headers=headers)
            return _standing(self._read(answer), size)
        except (httpx.TransportError, Unavailable, Conflict) as error:
            if isinstance(error, Conflict) and error.code not in ("wrong-offset", "not-receiving"):
                raise
            # The part may have arrived and only the answer been lost: ask where it stands.
            now = _standing(self._get(f"{pk}/file/"), size)
        if (now.offset, now.state) == (offset, "receiving"):
            raise Unavailable("No byte of this part arrived.")
        return now

    def _get(self, path: str) -> dict[str, Any]:
        try:
            return self._read(self._http.get(path))
        except httpx.TransportError as error:
            raise Unavailable(f"The portal does not answer ({type(error).__name__}).") from error


def _standing(body: dict[str, Any], size: int) -> Standing:
    offset, state = body.get("offset"), body.get("state")
    if type(offset) is not int or not 0 <= offset <= size or not isinstance(state, str):
        raise Invalid("The portal's answer about an upload makes no sense.", code="bad-reply")
    return Standing(offset, state)


class Progress:
    """One line on standard error that grows, where a person looks at it."""

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size
        self._begun, self._from = time.monotonic(), -1
        self._is_watched = sys.stderr.isatty()

    def show(self, offset: int) -> None:
        """How far it is, how fast, how long still."""
        if not self._is_watched:
            return
        if self._from < 0:
            self._from = offset
        seconds = max(time.monotonic() - self._begun, 0.001)
        speed = (offset - self._from) / seconds
        left = f"{(self._size - offset) / speed:.0f} s left" if speed else "…"
        bar = "#" * round(offset / self._size * 30)
        share = f"{offset / self._size:4.0%}"
        line = f"\r{self._name} [{bar:<30}] {share} {speed / 1e6:.1f} MB/s {left}  "
        sys.stderr.write(line)
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._is_watched:
            sys.stderr.write("\n")


def publish(home: Home, arguments: argparse.Namespace) -> int:
    """Declare, send and, with --wait, follow a model to its plant's figure; the exit code."""
    credential = home.credential()
    path: Path = arguments.model
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    # Before anything is declared, which would wait at the portal for bytes that never come.
    if path.stat().st_size == 0:
        raise Invalid(f"{path} is empty; export the model again, then publish it.")
    facts = _facts(credential.plant, arguments)
    with UploadPortal(
        credential.portal, credential.token, authority=credential.authority
    ) as portal:
        try:
            return _publish(portal, home, path, facts, wait=arguments.wait)
        except KeyboardInterrupt:
            print("Interrupted; the same command goes on where it stopped.", file=sys.stderr)  # noqa: T201
            return INTERRUPTED
        except PlatformError as refusal:
            ways_out = [text for texts in refusal.fields.values() for text in texts]
            sentence = " ".join([refusal.message, *ways_out])
            print(" ".join(sentence.split()), file=sys.stderr)  # noqa: T201
            return REFUSED


def _publish(
    portal: UploadPortal, home: Home, path: Path, facts: dict[str, Any], *, wait: bool
) -> int:
    size = path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    note = _Note(home, digest_of({"file": digest, "facts": facts}))
    pk = note.known(portal) or note.keep(portal.declare(facts))
    found = portal.found(pk)
    if found.get("state") == "receiving":
        _send(portal, pk, path, {"name": path.name, "size": size, "sha256": digest})
    return _follow(portal, pk, wait=wait)


def _send(portal: UploadPortal, pk: str, path: Path, file: dict[str, Any]) -> None:
    size = file["size"]
    standing = portal.announce(pk, file)
    progress = Progress(path.name, size)
    while standing.state == "receiving":
        progress.show(standing.offset)
        standing = portal.send_part(pk, path, size, standing.offset)
    progress.show(size)
    progress.end()


class _Note:
    """What this machine remembers of an upload, so that the same command continues it."""

    def __init__(self, home: Home, key: str) -> None:
        self._path = home.folder / "publishing" / f"{key}.json"

    def known(self, portal: UploadPortal) -> str:
        """The upload that this command began before, unless it ended without a version."""
        try:
            pk = str(json.loads(self._path.read_text())["submission"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        try:
            return "" if portal.found(pk).get("state") in _GONE else pk
        except NotFound:
            return ""

    def keep(self, pk: str) -> str:
        """Remember an upload."""
        if not pk:
            raise Invalid("The portal's answer about an upload makes no sense.", code="bad-reply")
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps({"submission": pk}))
        draft.replace(self._path)
        return pk


def _follow(portal: UploadPortal, pk: str, *, wait: bool) -> int:
    """Say what became of it; without `wait` only what is known now."""
    settled: Callable[[dict[str, Any]], bool] = lambda found: (  # noqa: E731
        found["state"] not in {"receiving", "verifying"}
    )
    found = _until(portal, pk, settled) if wait else portal.found(pk)
    if found["state"] in _GONE:
        rule = (found.get("detail") or {}).get("rule", "")
        why = str(found.get("way_out") or "It was withdrawn.")
        raise Invalid(f"Refused{f' by rule {rule}' if rule else ''}: {why}")
    if not wait:
        _say(f"All bytes are at the portal: {found['page']}")
        return EVALUATED
    _say(f"Registered as {found['version_name']}; its plant's worker evaluates it.")
    judged = _until(portal, pk, lambda one: bool(one["evaluation"]) or _has_ended(one))
    return _tell(judged)


def _has_ended(found: dict[str, Any]) -> bool:
    return found["evaluation_state"] in _ENDED or not found["evaluation_state"]


def _until(
    portal: UploadPortal, pk: str, holds: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    while True:
        found = portal.found(pk)
        if holds(found):
            return found
        time.sleep(_ASK_EVERY_SECONDS)


def _tell(found: dict[str, Any]) -> int:
    scored = found["evaluation"]
    if not scored:
        _say(f"No figure: {found['evaluation_way_out'] or found['evaluation_state']}")
        return WITHOUT_FIGURE
    name = str(scored["metric"]).replace("_", " ")
    value = "too few to say" if scored["value"] is None else f"{scored['value']:.3f}"
    interval = f" ({scored['low']:.3f} to {scored['high']:.3f})" if scored["low"] else ""
    _say(f"{found['version_name']}: {name} {value}{interval}, n = {scored['n']}.")
    if scored["failed_gates"]:
        _say(f"It did not pass: {', '.join(scored['failed_gates'])}.")
        return GATE_FAILED
    return EVALUATED


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201


def _facts(plant: str, arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "plant": plant,
        "family": arguments.family,
        "dataset": arguments.dataset,
        "parent": arguments.parent,
        "recipe": arguments.recipe,
        "classes": arguments.classes,
        "numeric": arguments.numeric,
        "categorical": arguments.categorical,
        "code_commit": arguments.commit or _commit_here(),
        "training_notes": _text(arguments.notes),
        "claimed_metrics": dict(map(_claim, arguments.claimed)),
    }


def _claim(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise Invalid(f"--claimed {text!r:.60} is no figure; write accuracy=0.97.") from None


def _text(stated: str) -> str:
    if not stated.startswith("@"):
        return stated
    path = Path(stated[1:])
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        why = "is not there" if isinstance(error, FileNotFoundError) else "cannot be read"
    except UnicodeDecodeError:
        why = "is not text in UTF-8"
    raise Invalid(f"The file of --notes, {path}, {why}; name another, or write the notes in place.")


def _commit_here() -> str:
    """The commit of the folder this runs in, if git knows one."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        found = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
