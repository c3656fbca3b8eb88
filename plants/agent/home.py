"""The agent's own folder at the plant: its credential, secret, policy, logs and job folders."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from registry.domain.errors import Invalid, NotFound

_ZONE_FILE, _MEASURED_FILE = "time-zone", "measured-lines.json"
KEPT_JOBS = 50  # logs for weeks of retraining; a folder holds a model and its parent


@dataclass(frozen=True, slots=True)
class Credential:
    """What enrolment gave this machine; `key` is the portal's public key, pinned then."""

    portal: str
    plant: str
    token: str
    portal_key: str
    broker_url: str
    broker_username: str
    broker_password: str
    broker_prefix: str
    # The file of a private authority that signed both certificates; empty for the public ones.
    authority: str = ""

    def __repr__(self) -> str:
        return f"Credential(plant={self.plant!r}, portal={self.portal!r})"


class Home:
    """Paths and small files under one folder that only the agent's user may read.

    Args:
        folder: made when it is not there.
        authority: a private authority's file, instead of the one that enrolment noted.
    """

    def __init__(self, folder: Path, *, authority: str = "") -> None:
        self.folder = folder.resolve()
        self.authority = str(Path(authority).resolve()) if authority else ""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def credential_file(self) -> Path:
        """Where the credential lies, mode 0600."""
        return self.folder / "credential.json"

    @property
    def policy_file(self) -> Path:
        """What this plant lets happen; see `plants.agent.policy`."""
        return self.folder / "policy.yaml"

    def job_folder(self, job_id: str) -> Path:
        """Order, log, report and artifact of one job; it stays at the plant."""
        return self.folder / "jobs" / job_id

    def drop_old_jobs(self, keep: int = KEPT_JOBS) -> None:
        """Forget the folders of all but the newest jobs, so that disks do not fill slowly."""
        folders = [path for path in (self.folder / "jobs").glob("*") if path.is_dir()]
        newest_first = sorted(folders, key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in newest_first[keep:]:
            shutil.rmtree(path, ignore_errors=True)

    def zone(self) -> ZoneInfo | None:
        """The plant's time zone, as the portal said last; None before, as for this machine's."""
        try:
            return ZoneInfo((self.folder / _ZONE_FILE).read_text().strip())
        except (OSError, ValueError, ZoneInfoNotFoundError):
            return None

    def keep_zone(self, name: object) -> None:
        """Remember the plant's time zone; what is none is not kept."""
        try:
            known = ZoneInfo(str(name)).key
        except (OSError, ValueError, ZoneInfoNotFoundError):
            return
        if self.zone() != ZoneInfo(known):
            _write_private(self.folder / _ZONE_FILE, known)

    def measured_on(self, line: str) -> str:
        """The day on which the worker last measured a line's images by itself, or nothing."""
        return str(self._measured().get(line, ""))

    def note_measured(self, line: str, day: str) -> None:
        """Remember that day."""
        _write_private(self.folder / _MEASURED_FILE, json.dumps({**self._measured(), line: day}))

    def _measured(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / _MEASURED_FILE).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def keep_credential(self, portal: str, answer: dict[str, Any]) -> Credential:
        """Store the reply to an enrolment or a rotation, all or nothing.

        Raises:
            Invalid: the reply lacks a part.
        """
        try:
            broker = answer["broker"]
            credential = Credential(
                portal=portal.rstrip("/"),
                plant=answer["plant"],
                token=answer["credential"],
                portal_key=answer["portal_key"],
                broker_url=broker["url"],
                broker_username=broker["username"],
                broker_password=broker["password"],
                broker_prefix=broker["prefix"],
                authority=self.authority,
            )
        except (KeyError, TypeError) as error:
            raise Invalid(f"The portal's reply lacks {error}; is this a Lineward portal?") from None
        if not all(isinstance(part, str) for part in _as_json(credential).values()):
            raise Invalid("The portal's reply makes no sense; is this a Lineward portal?")
        _write_private(self.credential_file, json.dumps(_as_json(credential), indent=1))
        return credential

    def credential(self) -> Credential:
        """The stored credential.

        Raises:
            NotFound: this machine is not enrolled.
        Invalid: the file is damaged.
        """
        if not self.credential_file.exists():
            raise NotFound(
                f"This machine is not enrolled: {self.credential_file} does not exist. Ask for an "
                "enrolment code on the plant's page and run python -m plants.agent enrol.",
                code="not-enrolled",
            )
        try:
            stored = Credential(**json.loads(self.credential_file.read_text()))
        except (ValueError, TypeError):
            raise Invalid(
                f"{self.credential_file} is damaged; enrol this machine again with a new code."
            ) from None
        self.authority = self.authority or stored.authority
        return replace(stored, authority=self.authority)

    def manifest_secret(self) -> bytes:
        """The key of this plant's digests, 32 bytes; made here, and it never leaves."""
        path = self.folder / "manifest.key"
        if not path.exists():
            _write_private(path, secrets.token_hex(32))
        return bytes.fromhex(path.read_text().strip())


def _as_json(credential: Credential) -> dict[str, str]:
    return {name: getattr(credential, name) for name in Credential.__slots__}


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
