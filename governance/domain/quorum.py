"""Who has agreed, counted as persons: one seat each, and never the one who made or asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from registry.domain.access import Role

Verdict = Literal["approve", "decline"]

SEATS = ("quality", "process", "data_science")
TITLES: Mapping[str, str] = {
    "quality": "Quality",
    "process": "Process",
    "data_science": "Data science",
}
# The role that lets a person take a seat, at the line's plant or held centrally.
ROLE_OF: Mapping[str, Role] = {
    "quality": Role.APPROVER,
    "process": Role.ENGINEER,
    "data_science": Role.DATA_SCIENTIST,
}


@dataclass(frozen=True, slots=True)
class Vote:
    """A named person's latest decision.

    Attributes:
        is_fresh: whether everything it rests on still is as it was.
    """

    person: str
    seat: str
    verdict: Verdict
    is_fresh: bool = True


@dataclass(frozen=True, slots=True)
class Seat:
    """How far one seat's part of the quorum has come."""

    name: str
    asked: int
    approved_by: tuple[str, ...]

    @property
    def title(self) -> str:
        """The seat's name for people."""
        return TITLES[self.name]

    @property
    def missing(self) -> int:
        """How many persons are still to agree."""
        return max(0, self.asked - len(self.approved_by))


@dataclass(frozen=True, slots=True)
class Quorum:
    """Every seat that the policy asks for, and who stands against."""

    seats: tuple[Seat, ...]
    declined_by: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """Whether enough persons agree and none declines."""
        return not self.declined_by and all(not seat.missing for seat in self.seats)


def count(asked: Mapping[str, int], votes: Sequence[Vote], excluded: Collection[str]) -> Quorum:
    """Count persons, not votes: of each only the latest, none of the excluded, none that is stale.

    Args:
        asked: persons a seat, e.g. {"quality": 1, "process": 1}.
        votes: in the order they were given.
        excluded: who made the version or asked for its release.

    >>> votes = [Vote("ada", "quality", "approve"), Vote("ada", "process", "approve")]
    >>> [seat.missing for seat in count({"quality": 1, "process": 1}, votes, ()).seats]
    [1, 0]
    """
    latest = {vote.person: vote for vote in votes if vote.person not in excluded}
    fresh = [vote for vote in latest.values() if vote.is_fresh]
    seats = tuple(
        Seat(
            name,
            asked[name],
            tuple(vote.person for vote in fresh if vote.seat == name and vote.verdict == "approve"),
        )
        for name in SEATS
        if asked.get(name)
    )
    return Quorum(
        seats,
        declined_by=tuple(vote.person for vote in fresh if vote.verdict == "decline"),
        stale=tuple(vote.person for vote in latest.values() if not vote.is_fresh),
    )
