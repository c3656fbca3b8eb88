"""One release as its page and its API show it: where it stands, who decided, what runs by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from governance.domain import staleness
from governance.domain.quorum import ROLE_OF, TITLES, Seat
from governance.models import Approval, ClearanceRecord, Release, ReleaseComment, ReleaseOutcome
from governance.selectors import releases
from governance.selectors.graphs import tested
from governance.selectors.seats import holders
from governance.selectors.standing import Agreement, Standing, standing
from plants.domain.desired_state import TITLES as MODES
from plants.domain.desired_state import Mode
from plants.models import Deployment
from registry.domain import zones
from registry.domain.access import PlantScope
from registry.domain.wording import counted, listed
from registry.models import LedgerEntry
from registry.selectors import history

_SHOWN_EVENTS = 40
NOT_REPORTED = "intended, not yet reported"


@dataclass(frozen=True, slots=True)
class Decision:
    """One word that somebody gave.

    Attributes:
        is_current: the person has not decided anew since.
        changes: what has changed since, of a current one.
        retests: the fewest tests that answer those changes.
    """

    approval: Approval
    is_current: bool
    changes: tuple[staleness.Change, ...] = ()
    retests: tuple[staleness.Retest, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """Whether it still counts."""
        return self.is_current and not self.changes


@dataclass(frozen=True, slots=True)
class SeatRow:
    """One seat: who agreed, how many are missing, and who could.

    Attributes:
        otherwise: what is said where the reader may know of nobody who could.
    """

    seat: Seat
    could: tuple[str, ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """Everything that the page of one release shows beside its own columns.

    Attributes:
        found: where it stands now; None once it is closed without a clearance in date.
    """

    release: Release
    agreement: Agreement | None
    found: Standing | None
    sentence: str
    seats: tuple[SeatRow, ...]
    decisions: tuple[Decision, ...]
    comments: tuple[ReleaseComment, ...]
    clearance: ClearanceRecord | None
    running: tuple[Deployment, ...]
    renewed_as: Release | None
    rests_on: tuple[tuple[str, str], ...]
    is_in_date: bool

    @property
    def state(self) -> str:
        """How it stands, as badges name it."""
        known = {ReleaseOutcome.OPEN: "release open", ReleaseOutcome.EXPIRED: "release expired"}
        return str(known.get(ReleaseOutcome(self.release.outcome), self.release.outcome))

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """Everything because of which nothing may start by it now."""
        return self.found.in_the_way if self.found else ()

    @property
    def changes(self) -> tuple[staleness.Change, ...]:
        """What has changed since it was proposed, while that matters."""
        return self.agreement.changes if self.agreement else ()

    @property
    def retests(self) -> tuple[staleness.Retest, ...]:
        """The fewest tests that answer those changes."""
        return self.agreement.retests if self.agreement else ()

    @property
    def may_start(self) -> bool:
        """Whether nothing stands in the way of a station."""
        return self.found is not None and self.found.is_clear

    @property
    def is_to_renew(self) -> bool:
        """Whether only another proposal leads on."""
        if self.release.is_open or self.renewed_as:
            return False
        expired = self.release.outcome == ReleaseOutcome.EXPIRED
        return expired or (self.clearance is not None and not self.may_start)


def page(scope: PlantScope, release: Release, now: datetime) -> ReleasePage:
    """Where it stands; read along `releases.ALONG` and seen by the caller."""
    clearance = ClearanceRecord.objects.visible_to(scope).filter(release=release).first()
    is_in_date = bool(clearance and not clearance.revoked_at and clearance.expires_at > now)
    lives = release.is_open or is_in_date
    found = standing(release, now) if lives else None
    agreement = found.agreement if found else None
    running = _running(scope, clearance)
    return ReleasePage(
        release=release,
        agreement=agreement,
        found=found,
        sentence=_sentence(release, found, clearance, running, now),
        seats=_seats(agreement, scope) if agreement else (),
        decisions=_decisions(release, agreement),
        comments=tuple(release.comments.order_by("said_at", "pk")),
        clearance=clearance,
        running=running,
        renewed_as=release.renewed_as.order_by("-requested_at").first(),
        rests_on=tuple(staleness.as_told(clearance.basis if clearance else release.basis)),
        is_in_date=is_in_date,
    )


def events(scope: PlantScope, release: Release, clearance: ClearanceRecord | None) -> list[object]:
    """What the ledger says of the release and its clearance, first things first."""
    about = Q(subject=f"release:{release.pk}")
    if clearance:
        about |= Q(subject=f"clearance:{clearance.pk}")
    rows = LedgerEntry.objects.visible_to(scope).filter(about).order_by("sequence")
    return list(history.told(scope, list(rows[:_SHOWN_EVENTS])))


def _running(scope: PlantScope, clearance: ClearanceRecord | None) -> tuple[Deployment, ...]:
    if clearance is None:
        return ()
    rows = Deployment.objects.visible_to(scope).running().filter(clearance=clearance.pk)
    return tuple(rows.select_related("station__line").order_by("started_at", "pk"))


def _seats(found: Agreement, scope: PlantScope) -> tuple[SeatRow, ...]:
    plant, known = found.release.line.plant_id, holders(scope)
    decided = {one.approval.person for one in found.given if one.is_fresh}
    rows = []
    for seat in found.quorum.seats:
        could = known.of(seat.name, plant, {*found.excluded, *decided}) if seat.missing else []
        rows.append(SeatRow(seat, tuple(user.username for user in could), _otherwise(scope, seat)))
    return tuple(rows)


def _otherwise(scope: PlantScope, seat: Seat) -> str:
    role = str(ROLE_OF[seat.name]).replace("_", " ")
    if scope.sees_everything:
        return f"nobody holds the role {role} there: ask an administrator"
    return f"nobody at the plant; whoever holds the role {role} at the centre may"


def _decisions(release: Release, agreement: Agreement | None) -> tuple[Decision, ...]:
    """Every word in its order; what has changed since is told of those that count."""
    given = {one.approval.pk: one for one in agreement.given} if agreement else {}
    stale = agreement.stale if agreement else []
    pair = (release.version, release.line)
    last = tested([pair]).of(*pair) if stale else {}
    rows = list(release.approvals.order_by("decided_at", "pk"))
    latest = {row.person: row.pk for row in rows}
    return tuple(
        Decision(
            row,
            latest[row.person] == row.pk,
            given[row.pk].changes if row.pk in given else (),
            releases.retests_of(given[row.pk], last) if row.pk in given else (),
        )
        for row in rows
    )


# --- In one sentence -----------------------------------------------------------------------------
def _sentence(
    release: Release,
    found: Standing | None,
    clearance: ClearanceRecord | None,
    running: tuple[Deployment, ...],
    now: datetime,
) -> str:
    if release.is_open and found:
        return _open(found)
    if clearance:
        return f"{_cleared(release, found, clearance, now)} {_intended(running)}"
    return _CLOSED[release.outcome].format(
        by=release.closed_by, reason=_ended(release.close_reason), mode=release.mode
    )


_CLOSED: Mapping[str, str] = {
    ReleaseOutcome.DECLINED: "It may not run: {by} declined{reason}",
    ReleaseOutcome.WITHDRAWN: "Withdrawn by {by}{reason}",
    ReleaseOutcome.EXPIRED: "Nobody decided in time, so it expired: propose it anew.",
    ReleaseOutcome.CLEARED: "Cleared.",
}


def _ended(reason: str) -> str:
    return f": {reason.rstrip('.')}." if reason else "."


def _open(found: Standing) -> str:
    if found.is_clear:
        return "Nothing stands in its way: it can be cleared and started."
    return f"It may not run yet: {_in_short(found)}"


def _in_short(found: Standing) -> str:
    """What is in the way, where it is one thing; else how many things are."""
    if len(found.in_the_way) > 1:
        return f"{len(found.in_the_way)} things stand in the way."
    (only,) = found.in_the_way
    return f"{only[:1].lower()}{only[1:]}"


def _cleared(
    release: Release, found: Standing | None, clearance: ClearanceRecord, now: datetime
) -> str:
    if clearance.revoked_at:
        day = _day(release, clearance.revoked_at)
        reason = _ended(clearance.revoke_reason)
        return f"{clearance.revoked_by} revoked its clearance on {day}{reason}"
    if clearance.expires_at <= now:
        return f"Its clearance expired on {_day(release, clearance.expires_at)}: propose it anew."
    if found and not found.is_clear:
        return f"It was cleared, but nothing may start by it now: {_in_short(found)}"
    return f"Cleared for {release.mode} until {_day(release, clearance.expires_at)}."


def _intended(running: tuple[Deployment, ...]) -> str:
    if not running:
        return "No station is meant to run it."
    told = [f"{row.station.name} in {MODES[Mode(row.mode)].lower()}" for row in running]
    return f"It is meant to run at {listed(told, 6)}: {NOT_REPORTED}."


def _day(release: Release, moment: datetime) -> str:
    """A day on the plant's calendar."""
    return f"{moment.astimezone(zones.zone(release.line.plant.time_zone)):%-d %B %Y}"


# --- Everything that waits, in one sentence ------------------------------------------------------
def waiting_sentence(waiting: Sequence[releases.Waiting]) -> str:
    """What the page of one's own approvals says first.

    Decisions are counted; of reviews the first is told with its reason.
    """
    reviews = [one for one in waiting if one.is_review]
    decisions = len(waiting) - len(reviews)
    said = []
    if decisions:
        verb = "waits" if decisions == 1 else "wait"
        said.append(f"{counted(decisions, 'release')} {verb} for your decision")
    if reviews:
        verb = "needs" if len(reviews) == 1 else "need"
        said.append(f"{counted(len(reviews), 'approval')} of yours {verb} a re-review")
    if not said:
        return "Nothing waits for you."
    return f"{'; '.join(said)}{_why(reviews[0]) if reviews else ''}."


def _why(review: releases.Waiting) -> str:
    first = review.changes[0].sentence.rstrip(".")
    where = review.release.line.name
    return f" ({where}: {first[:1].lower()}{first[1:]})"


def seats_told(seats: tuple[str, ...]) -> str:
    """Seats as a sentence names them."""
    return listed([TITLES[seat].lower() for seat in seats], len(TITLES))
