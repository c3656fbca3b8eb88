"""Releases as lists: all of them, those that wait for one person, clearances gone stale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from governance.domain import staleness
from governance.domain.quorum import ROLE_OF, TITLES
from governance.models import ClearanceRecord, Release, ReleaseOutcome
from governance.models.releases import ReleaseQuerySet
from governance.selectors.graphs import graphs, key_of, tested
from governance.selectors.standing import Agreement, Given, agreements
from plants.domain.desired_state import STAGES
from plants.domain.desired_state import TITLES as MODES
from plants.models import Deployment
from registry.domain.access import ActorKind, PlantScope
from registry.models import ModelVersion
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow

# What `standing.agreements` reads of a release.
ALONG = ("version__recipe", "version__job", "version__family", "line__plant", "policy")
STATES = (
    ("open", "open"),
    *((one.value, one.label.lower()) for one in ReleaseOutcome if one != ReleaseOutcome.OPEN),
)
_DEALT_WITH = (ReleaseOutcome.OPEN.value, ReleaseOutcome.CLEARED.value)


# And what nobody reads in a list: it is most of the bytes.
_LONG = (
    *(f"version__{name}" for name in ModelVersion.LONG),
    *("version__recipe__document", "version__recipe__source"),
    *(f"version__job__{name}" for name in ("resolved_recipe", "progress", "result", "detail")),
)
_LONG_POLICY = ("policy__document", "policy__source")


def visible(scope: PlantScope) -> ReleaseQuerySet:
    """Releases that the caller may know of, with all that decides on them."""
    rows = Release.objects.visible_to(scope).select_related(*ALONG)
    return rows.defer(*_LONG, *_LONG_POLICY)


# --- The list ------------------------------------------------------------------------------------
_COLUMNS = (
    Column(
        "version",
        "Version",
        lambda one: str(one.version),
        ("version__family__slug", "version__origin", "version__version"),
    ),
    Column("id", "Id", lambda one: str(one.pk), on_page=False),
    Column(
        "line",
        "Line",
        lambda one: f"{one.line.plant_id}/{one.line.code}",
        ("line__plant", "line__code", "-requested_at"),
    ),
    Column("mode", "For", lambda one: one.mode, ("mode", "-requested_at")),
    Column("share", "Share of parts", lambda one: one.share, is_number=True, on_page=False),
    Column("state", "State", lambda one: one.outcome or "open", ("outcome", "-requested_at")),
    Column("by", "Proposed by", lambda one: one.requested_by, ("requested_by", "-requested_at")),
    Column("proposed", "Proposed", lambda one: one.requested_at.isoformat(), ("requested_at",)),
    Column("decide_by", "Decide by", lambda one: one.decide_by.isoformat(), ("decide_by",)),
    Column("policy", "Policy", lambda one: one.policy.number, is_number=True, on_page=False),
    Column("closed_by", "Closed by", lambda one: one.closed_by, on_page=False),
    Column("reason", "Reason", lambda one: one.reason, on_page=False),
)
SEARCHED = (
    *("version__version", "version__origin", "version__family__slug", "version__family__title"),
    *("line__code", "line__name", "requested_by"),
)


def listing(
    scope: PlantScope, parameters: Mapping[str, str], plants: Sequence[tuple[str, str]]
) -> Listing:
    """Releases as the address asks for them; newest first."""

    def whose(rows: Any, answer: str) -> Any:
        if answer == "mine":
            return rows.filter(requested_by=scope.actor.name)
        return rows.filter(pk__in=[one.release.pk for one in waiting_for(scope)])

    shape = Shape(
        columns=_COLUMNS,
        search=SEARCHED,
        filters=(
            Filter(
                "whose",
                "Whose",
                (("mine", "proposed by me"), ("waiting", "waiting for me")),
                whose,
                "everybody's",
            ),
            Filter("state", "State", STATES, _by_state),
            Filter(
                "mode",
                "For",
                tuple((mode.value, MODES[mode]) for mode in STAGES),
                lambda rows, mode: rows.filter(mode=mode),
                "any stage",
            ),
            Filter("plant", "Plant", plants, lambda rows, code: rows.filter(line__plant=code)),
        ),
        sort="-proposed",
    )
    return narrow(visible(scope), parameters, shape)


def _by_state(rows: Any, answer: str) -> Any:
    return rows.filter(outcome="" if answer == "open" else answer)


def open_on(scope: PlantScope, line_pk: int) -> list[Release]:
    """Releases of one line that wait for a decision; one query."""
    return list(visible(scope).open().filter(line=line_pk).order_by("decide_by"))


# --- What waits for somebody ---------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class InUse:
    """A cleared release by which stations run, and whose ground has shifted."""

    agreement: Agreement
    running: tuple[Deployment, ...]


def under_discussion(
    scope: PlantScope, now: datetime, stale: Sequence[StaleClearance] | None = None
) -> tuple[list[Agreement], list[InUse]]:
    """Open releases that may still be decided, and cleared ones whose ground has shifted.

    The most urgent first; constant queries. Approvals were fresh when they were cleared, so only
    those behind a stale clearance can have gone stale since.

    Args:
        stale: `stale_clearances` of the same scope, where the caller has read them already.
    """
    shifted = stale_clearances(scope) if stale is None else stale
    running = {one.clearance.release_id: one.running for one in shifted}
    open_ones = visible(scope).open().filter(decide_by__gt=now).order_by("decide_by", "pk")
    held = visible(scope).filter(pk__in=list(running)).order_by("requested_at", "pk")
    found = agreements([*open_ones, *held])
    return (
        [one for one in found if one.release.is_open],
        [InUse(one, running[one.release.pk]) for one in found if not one.release.is_open],
    )


def running_by(scope: PlantScope) -> dict[UUID, list[Deployment]]:
    """What stations are meant to run now, by the clearance that allowed it; one query."""
    rows = Deployment.objects.visible_to(scope).running().filter(clearance__isnull=False)
    found: dict[UUID, list[Deployment]] = defaultdict(list)
    for row in rows.select_related("station__line").order_by("started_at", "pk"):
        if row.clearance:
            found[row.clearance].append(row)
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """A release that waits for one person's word.

    Attributes:
        seats: missing seats that the person may take.
        former: the person's own approval, which has gone stale.
        retests: the fewest tests that answer what changed since.
        running: stations meant to run by it; only of a cleared release.
    """

    agreement: Agreement
    seats: tuple[str, ...] = ()
    former: Given | None = None
    retests: tuple[staleness.Retest, ...] = ()
    running: tuple[Deployment, ...] = ()

    @property
    def release(self) -> Release:
        """What it is about."""
        return self.agreement.release

    @property
    def seats_told(self) -> list[str]:
        """The seats by name."""
        return [TITLES[seat].lower() for seat in self.seats]

    @property
    def changes(self) -> tuple[staleness.Change, ...]:
        """What is no longer as the person saw it."""
        return self.former.changes if self.former else ()

    @property
    def is_review(self) -> bool:
        """Whether it is a second look at what was approved before."""
        return self.former is not None


def waiting_for(scope: PlantScope, stale: Sequence[StaleClearance] | None = None) -> list[Waiting]:
    """What the caller could decide now, and own approvals that need a re-review; constant queries.

    Own approvals come first: something that was agreed to is no longer what it was.

    Args:
        stale: `stale_clearances` where the caller has read them; none of them if empty, and only
            what is open is looked at.
    """
    if not _decides_somewhere(scope):
        return []
    name = scope.actor.name
    reviews: list[Waiting] = []
    decisions: list[Waiting] = []
    undecided, in_use = under_discussion(scope, timezone.now(), stale)
    for one in undecided:
        seats, former = seats_for(scope, one), stale_word(one, name)
        if former:
            reviews.append(Waiting(one, seats, former))
        elif seats:
            decisions.append(Waiting(one, seats))
    reviews += [
        Waiting(used.agreement, (), former, running=used.running)
        for used in in_use
        if (former := stale_word(used.agreement, name))
    ]
    return [*_with_retests(reviews), *decisions]


def _decides_somewhere(scope: PlantScope) -> bool:
    """Whether there is a seat at all that the caller may take; no query."""
    places = (None, *scope.plant_codes)
    return scope.actor.kind is ActorKind.PERSON and any(
        scope.may(role, code) for role in ROLE_OF.values() for code in places
    )


def seats_for(scope: PlantScope, found: Agreement) -> tuple[str, ...]:
    """Missing seats that the caller may take; none for whom duties are separated or who decided."""
    name, plant = scope.actor.name, found.release.line.plant_id
    if name in found.excluded or has_decided(found, name):
        return ()
    return tuple(
        seat.name
        for seat in found.quorum.seats
        if seat.missing and scope.may(ROLE_OF[seat.name], plant)
    )


def has_decided(found: Agreement, name: str) -> bool:
    """Whether the person's word stands and counts."""
    return any(one.approval.person == name and one.is_fresh for one in found.given)


def stale_word(found: Agreement, name: str) -> Given | None:
    """The person's own word where what it rests on has changed."""
    own = (one for one in found.stale if one.approval.person == name)
    return next(own, None) if name not in found.excluded else None


def _with_retests(reviews: Sequence[Waiting]) -> list[Waiting]:
    if not reviews:
        return []
    last = tested([(one.release.version, one.release.line) for one in reviews])
    return [
        replace(
            one,
            retests=retests_of(one.former, last.of(one.release.version, one.release.line)),
        )
        for one in reviews
        if one.former
    ]


def retests_of(given: Given, last: Mapping[str, datetime]) -> tuple[staleness.Retest, ...]:
    """The fewest tests that answer what has changed since an approval."""
    return staleness.retests(given.changes, last, given.approval.decided_at)


# --- Clearances ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StaleClearance:
    """A clearance in use that nothing may start by any more: what it rests on has changed."""

    clearance: ClearanceRecord
    changes: tuple[staleness.Change, ...]
    running: tuple[Deployment, ...]


def stale_clearances(scope: PlantScope) -> list[StaleClearance]:
    """Clearances in use with changes since, unless they are being renewed; constant queries."""
    running = running_by(scope)
    along = ("version__recipe", "version__family", "line__plant", "release")
    rows = ClearanceRecord.objects.visible_to(scope).filter(pk__in=list(running))
    rows = rows.valid(timezone.now()).select_related(*along)
    rows = rows.defer("gates", *(one for one in _LONG if "__job__" not in one))
    rows = rows.exclude(release__renewed_as__outcome__in=_DEALT_WITH)
    known = list(rows.order_by("issued_at", "pk"))
    present = graphs([(one.version, one.line) for one in known])
    found = []
    for one in known:
        changes = staleness.changes(one.basis, present[key_of(one.version, one.line)])
        if changes:
            found.append(StaleClearance(one, changes, tuple(running[one.pk])))
    return found
