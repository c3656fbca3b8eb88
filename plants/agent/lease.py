"""A held job: its lease is renewed while the work goes on, and its parts reach the portal."""

from __future__ import annotations

import json
import logging
import random
import time
from pathlib import Path
from typing import Any

from plants.agent.client import Portal
from registry.domain.errors import Unavailable

log = logging.getLogger(__name__)

# When nothing changes the lease alone needs renewing, well before it lapses.
_RENEW_SECONDS = 20.0


class Cancelled(Exception):
    """Somebody wished the job to stop."""


class Lease:
    """What the portal gave this process for a while: one job and its fencing token."""

    def __init__(self, portal: Portal, job: str, token: int, seconds: float) -> None:
        self._portal, self._job, self._token = portal, job, token
        # A third: two renewals may be lost on the way before the lease is.
        self._every_seconds = min(_RENEW_SECONDS, seconds / 3)
        self._due = 0.0
        self._told: dict[str, Any] = {}
        self._has_manifest = False

    def renew(self, state: str, progress: dict[str, Any]) -> None:
        """Report news at once and the lack of them in time.

        Raises:
            Cancelled: the reply says that somebody wishes the job to stop.
        """
        news = {"state": state, "progress": progress}
        if news == self._told and time.monotonic() < self._due:
            return
        try:
            wished = self._portal.progress(self._job, {"token": self._token, **news})
        except Unavailable:
            # The link is down: the work goes on, and the lease outlives a short cut.
            log.warning("portal away; job %s goes on", self._job)
            return
        if wished:
            raise Cancelled
        self._told = news
        # Jitter keeps 47 plants from renewing in the same second.
        self._due = time.monotonic() + self._every_seconds * random.uniform(0.7, 1.0)  # noqa: S311

    def offer_manifest(self, path: Path) -> bool:
        """Send the manifest if the portal has not got it; whether it has it now.

        One attempt: a portal that is away must not keep the caller from watching the work.
        """
        if not self._has_manifest:
            try:
                self._portal.try_to_send(self._job, "manifest", self._manifest(path))
            except Unavailable:
                return False
            self._has_manifest = True
        return True

    def hand_in(self, folder: Path, *, with_artifact: bool) -> None:
        """Send manifest, artifact and result, each as patiently as the client is."""
        if not self._has_manifest:
            self._portal.send(self._job, "manifest", self._manifest(folder / "manifest.json"))
            self._has_manifest = True
        result = json.loads((folder / "result.json").read_text())
        if with_artifact:
            self._uploading()
            result["artifact"] = self._portal.upload(
                self._job,
                folder / "model.onnx",
                token=self._token,
                on_part=lambda share: self._uploading(),
            )
        self.end("result", **result)

    def _uploading(self) -> None:
        # Hundreds of megabytes over a plant's line take longer than a lease.
        self.renew("uploading", {"phase": "done", "fraction": 1.0})

    def end(self, message: str, **facts: Any) -> None:
        """Send the message that ends the job."""
        self._portal.send(self._job, message, {"token": self._token, **facts})

    def _manifest(self, path: Path) -> dict[str, Any]:
        return {"token": self._token, "manifest": json.loads(path.read_text())}
