"""Decides on releases: a named person, in one seat, who neither made nor asked."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from governance.domain.quorum import ROLE_OF, SEATS
from governance.models import Approval, Release, ReleaseComment, ReleaseOutcome
from governance.selectors.standing import agreements
from governance.services import releases
from governance.services.texts import needed, said
from registry.domain.access import ActorKind, PlantScope, Role
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.services import ledger

_SPEAKERS = (Role.OPERATOR, Role.APPROVER, Role.DATA_SCIENTIST)


@transaction.atomic
def decide(
    scope: PlantScope,
    release: Release,
    *,
    seat: str,
    verdict: str,
    conditions: str = "",
    comment: str = "",
) -> Approval:
    """Approve a release, or decline it, which closes it; deciding again replaces one's own word.

    Raises:
        NotAllowed: the caller lacks the seat's role, made the version, asked for its release, or
            is no person.
        Conflict: the release is closed, or its time has passed.
        Invalid: an unknown seat or verdict, or a decline without a comment; `fields` names each.
    """
    _check_words(seat, verdict)
    scope.require(ROLE_OF[seat], release.line.plant_id)
    if scope.actor.kind is not ActorKind.PERSON:
        raise NotAllowed("Only a person decides.", code="no-person")
    locked = releases.hold(release)
    if timezone.now() >= locked.decide_by:
        raise Conflict("The time to decide has passed: propose it again.", code="expired")
    (found,) = agreements([locked])
    if why := found.excluded.get(scope.actor.name):
        raise NotAllowed(f"You {why}; somebody else decides.", code="separation-of-duties")
    if seat not in found.asked:
        problem = f"This release asks for {' and '.join(found.asked)}, not for {seat}."
        raise Invalid(problem, fields={"seat": [problem]})
    note = (
        needed(comment, "comment", "why you decline")
        if verdict == "decline"
        else said(comment, "comment")
    )
    approval = Approval(
        release=locked,
        person=scope.actor.name,
        seat=seat,
        verdict=verdict,
        conditions=said(conditions, "conditions"),
        comment=note,
        basis=found.graph.basis(),
    )
    approval.save(force_insert=True)
    _record(scope, "release.approved" if verdict == "approve" else "release.refused", approval)
    if verdict == "decline":
        releases.close(scope, locked, ReleaseOutcome.DECLINED, note)
    return approval


def _check_words(seat: str, verdict: str) -> None:
    found = {}
    if seat not in SEATS:
        found["seat"] = [f"Choose one of {', '.join(SEATS)}."]
    if verdict not in ("approve", "decline"):
        found["verdict"] = ["Choose approve or decline."]
    if found:
        raise Invalid("The decision has fields to correct.", fields=found)


@transaction.atomic
def comment(scope: PlantScope, release: Release, *, text: str) -> ReleaseComment:
    """Say something about a release without deciding, open or closed.

    Raises:
        NotAllowed: the caller only reads.
    """
    scope.require_any(_SPEAKERS, release.line.plant_id)
    if scope.actor.kind is not ActorKind.PERSON:
        raise NotAllowed("Only a person comments.", code="no-person")
    made = ReleaseComment.objects.create(
        release=release,
        person=scope.actor.name,
        text=needed(text, "text", "what you have to say"),
    )
    ledger.record(
        scope,
        "release.commented",
        f"release:{release.pk}",
        plant_code=release.line.plant_id,
        details={},
    )
    return made


def _record(scope: PlantScope, verb: str, approval: Approval) -> None:
    release = approval.release
    ledger.record(
        scope,
        verb,
        f"release:{release.pk}",
        plant_code=release.line.plant_id,
        details={"line": release.line.code, "seat": approval.seat, "approval": approval.pk},
    )
