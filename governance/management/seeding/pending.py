"""What is asked for now: releases that wait, are late or stale, and some that came to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from governance.management.seeding import setups
from governance.management.seeding.journeys import Journey, Office
from governance.management.seeding.releases import Present
from governance.models import Release, ReleaseComment, ReleaseOutcome
from plants.domain.desired_state import Mode

# What becomes of one newer version after the other, of one canary after the other.
_TURNS = (
    *("waits", "shadow", "declined", "shadow", "late", "shadow", "stale", "canary", "withdrawn"),
    *("", "shadow", "", "canary", "", "shadow", ""),
)
_OF_CANARIES = 4  # one in so many is asked to decide for every part


def ask(office: Office, found: Sequence[Present]) -> None:
    """In turn over the whole fleet, each kind is there; at most one of a plant and family."""
    turns, canaries = count(), count()
    seen: set[tuple[str, str]] = set()
    for one in found:
        key = one.journey.of.at.place.code, one.journey.course.desk.of.slug
        if one.reached == Mode.CANARY and next(canaries) % _OF_CANARIES == 0:
            _for_active(one.journey)
        if not one.newer or one.reached != Mode.ACTIVE or key in seen:
            continue
        seen.add(key)
        of, course = one.journey.of, one.journey.course
        if turn := _TURNS[next(turns) % len(_TURNS)]:
            _follow(Journey(office, of, course, one.newer[-1]), turn)


def _for_active(journey: Journey) -> None:
    """Quality has agreed to the last step; two seats are empty."""
    release = journey.propose(Mode.ACTIVE, journey.latest - journey.pause(0.5, 1.5))
    journey.approve(release, "quality", release.requested_at + journey.pause(0.05, 0.4))


def _follow(journey: Journey, turn: str) -> None:
    """What has become of a newer version, of many the one that is next."""
    version, of = journey.version, journey.of
    earliest = max(version.registered_at, of.settled) + timedelta(hours=1)
    if turn in ("shadow", "canary"):
        upto = Mode.CANARY if turn == "canary" else Mode.SHADOW
        journey.run(earliest + journey.pause(0.2, 1), journey.latest, upto=upto)
        return
    begin = max(earliest, journey.latest - journey.pause(2, 5))
    if turn == "late":
        # So long ago that only hours are left to decide.
        begin = max(earliest, journey.of.at.now - timedelta(days=13, hours=6))
    release = journey.propose(Mode.SHADOW, begin)
    said = begin + (journey.latest - begin) * 0.5
    if turn == "declined":
        comment = "Pores under 0.3 mm are missed in four of ten limit samples; retrain with some."
        journey.approve(release, "quality", said, verdict="decline", comment=comment)
        journey.close(
            release,
            ReleaseOutcome.DECLINED,
            said + timedelta(seconds=1),
            by=journey.person("quality"),
            reason=comment,
        )
    elif turn == "withdrawn":
        reason = "The plant takes new images under the new lamps first."
        journey.close(release, ReleaseOutcome.WITHDRAWN, said, reason=reason)
    elif turn == "stale":
        _agree_before_a_change(journey, release, said)
    else:
        _comment(journey, release, said)


def _agree_before_a_change(journey: Journey, release: Release, moment: datetime) -> None:
    """Quality agreed; hours later another supplier's parts came."""
    office, of = journey.office, journey.of
    journey.approve(release, "quality", moment)
    changed = moment + (journey.latest - moment) * 0.5
    changed = max(changed, of.setups[-1].since + timedelta(minutes=30))
    of.setups.append(
        setups.change(office.docket, of.at, of.line, of.setups[-1], changed, setups.SUPPLIER)
    )


def _comment(journey: Journey, release: Release, moment: datetime) -> None:
    docket, person = journey.office.docket, f"operator-{journey.of.at.place.code}"
    text = "The late shift would like to see its verdicts beside the inspectors' for a week."
    docket.comments.append(
        ReleaseComment(release=release, person=person, text=text, said_at=moment)
    )
    code, subject = release.line.plant_id, f"release:{release.pk}"
    docket.history.add(moment, f"person:{person}", code, "release.commented", subject)
