"""Reminders by e-mail: when asked, before time is up, and when what was approved has changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from governance.domain.quorum import TITLES
from governance.domain.staleness import Change
from governance.models import Release, ReminderSent
from governance.selectors.releases import has_decided, stale_word, under_discussion
from governance.selectors.seats import Holders, holders
from governance.selectors.standing import Agreement, Given
from governance.services.summary import has_address
from plants.models import User
from registry.domain import zones
from registry.domain.access import PlantScope, portal_scope
from registry.domain.digests import digest_of

_log = logging.getLogger(__name__)
# Two working days are enough to look at a release before its time is up.
DUE_SOON = timedelta(days=2)
_SUBJECTS: Mapping[str, str] = {
    "asked": "Lineward: a release waits for your decision",
    "due-soon": "Lineward: a release has to be decided soon",
    "stale": "Lineward: an approval of yours needs a re-review",
}
_MARK_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Reminder:
    """One mail before it is sent.

    Attributes:
        occasion: what it is about; of each a person is told once.
        seats: those that the person may take, by name.
        changes: what is no longer as the person saw it.
    """

    release: Release
    user: User
    occasion: str
    seats: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def kind(self) -> str:
        """The occasion without its particulars."""
        return self.occasion.partition(":")[0]

    @property
    def key(self) -> tuple[object, str, str]:
        """By which it is known whether it went out."""
        return self.release.pk, self.user.username, self.occasion


def send_due(now: datetime | None = None) -> int:
    """Send every reminder that is due and has not gone out; how many were sent."""
    moment, portal = now or timezone.now(), portal_scope("reminders")
    due = [one for one in _due(portal, moment) if has_address(one.user)]
    rows = ReminderSent.objects.filter(release__in={one.release.pk for one in due})
    told = set(rows.values_list("release_id", "person", "occasion"))
    return sum(_sent(one) for one in due if one.key not in told)


def _due(scope: PlantScope, now: datetime) -> list[Reminder]:
    known = holders(scope)
    found, in_use = under_discussion(scope, now)
    rested = [*found, *(one.agreement for one in in_use)]
    words = [(one, given) for one in rested for given in one.stale]
    return [
        *(reminder for one in found for reminder in _of_seats(one, known, now)),
        *_of_stale_words(words),
    ]


def _of_seats(found: Agreement, known: Holders, now: datetime) -> Iterator[Reminder]:
    """To everybody who may take a missing seat; once for several seats."""
    release = found.release
    occasion = "due-soon" if now >= release.decide_by - DUE_SOON else "asked"
    asked: dict[str, tuple[User, list[str]]] = {}
    for seat in found.quorum.seats:
        if seat.missing:
            for user in known.of(seat.name, release.line.plant_id, found.excluded):
                asked.setdefault(user.username, (user, []))[1].append(TITLES[seat.name].lower())
    for name, (user, seats) in asked.items():
        # Who agreed to something that has changed is told of the change instead.
        if not has_decided(found, name) and stale_word(found, name) is None:
            yield Reminder(release, user, occasion, tuple(seats))


def _of_stale_words(words: list[tuple[Agreement, Given]]) -> Iterator[Reminder]:
    """To everybody whose own word rests on what has changed."""
    names = {given.approval.person for _, given in words}
    people = {one.username: one for one in User.objects.filter(is_active=True, username__in=names)}
    for found, given in words:
        name = given.approval.person
        if name in people and stale_word(found, name):
            yield Reminder(
                found.release, people[name], _stale_occasion(found, given), (), given.changes
            )


def _stale_occasion(found: Agreement, given: Given) -> str:
    """Differs whenever something else has changed."""
    marks = {change.node: found.graph.nodes[change.node].mark for change in given.changes}
    return f"stale:{digest_of(marks)[:_MARK_CHARACTERS]}"


def _sent(one: Reminder) -> bool:
    """One person's failing mail is no reason to send the others none."""
    try:
        return send(one)
    except OSError:  # of which SMTPException is one
        _log.exception("user %s got no reminder; the next run tries again", one.user.pk)
        return False


def send(one: Reminder) -> bool:
    """Send one reminder unless it went out; what is not sent leaves no row."""
    try:
        with transaction.atomic():
            # The row first: a second run waits for this one's end and then finds it.
            ReminderSent.objects.create(
                release=one.release, person=one.user.username, occasion=one.occasion
            )
            subject, text = compose(one)
            EmailMessage(subject, text, to=[one.user.email]).send()
    except IntegrityError:
        return False
    return True


def compose(one: Reminder) -> tuple[str, str]:
    """Subject and text; names of plants and versions never stand in a header."""
    # Written here: a template would show it on the portal's clock.
    due = one.release.decide_by.astimezone(zones.zone(one.user.time_zone))
    context = {
        "one": one,
        "release": one.release,
        "decide_by": f"{due:%-d %B %Y, %H:%M %Z}",
        "portal": settings.PORTAL_URL,
    }
    return _SUBJECTS[one.kind], render_to_string("governance/reminder.txt", context)
