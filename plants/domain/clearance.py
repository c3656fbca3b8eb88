"""Proof that governance allowed one version on one line; only releases may make one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from plants.domain.desired_state import Mode, within
from registry.domain.errors import Conflict


@dataclass(frozen=True, slots=True)
class Clearance:
    """What was allowed: which version, on which line, up to which mode, until when.

    Attributes:
        id: of the row that governance keeps, with the approvals behind it.
        max_share: percent of the parts that a canary may judge; None where none was asked for.
    """

    id: UUID
    version: UUID
    plant: str
    line: str
    ceiling: Mode
    max_share: int | None
    expires_at: datetime

    def check(
        self, *, version: UUID, plant: str, line: str, mode: Mode, share: int | None, now: datetime
    ) -> None:
        """Refuse whatever this does not cover.

        Raises:
            Conflict: another version or line, a mode above the ceiling, a larger share, or late.
        """
        if (version, plant, line) != (self.version, self.plant, self.line):
            raise Conflict(
                f"This clearance is for another version or line than {line} of {plant}.",
                code="clearance-elsewhere",
            )
        if not within(mode, self.ceiling):
            raise Conflict(
                f"This clearance reaches up to {self.ceiling}; {mode} takes a release of its own.",
                code="clearance-ceiling",
            )
        if share is not None and self.max_share is not None and share > self.max_share:
            raise Conflict(
                f"This clearance allows {self.max_share} % of the parts, not {share} %.",
                code="clearance-share",
            )
        if now >= self.expires_at:
            raise Conflict(
                "This clearance has expired; propose the release again.", code="clearance-expired"
            )
