"""The weekly summary by e-mail: written for one person's plants, sent once a week."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from governance.models import SummarySent
from governance.selectors.week import Week, week
from plants.models import User
from plants.services.access import scope_for
from registry.domain.errors import Invalid

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Summary:
    """One mail before it is sent."""

    subject: str
    text: str
    html: str
    week: Week


def monday(moment: datetime) -> date:
    """The Monday of a moment's week, in UTC as the schedule is."""
    day = moment.astimezone(timezone.get_fixed_timezone(0)).date()
    return day - timedelta(days=day.weekday())


def compose(user: User, now: datetime) -> Summary:
    """What this person would be sent; names of plants never stand in a header."""
    found = week(scope_for(user), now)
    context = {"week": found, "user": user, "portal": settings.PORTAL_URL, "now": now}
    return Summary(
        subject=f"Lineward: the week to {now:%-d %B %Y}",
        text=render_to_string("governance/summary.txt", context),
        html=render_to_string("governance/summary.html", context),
        week=found,
    )


def set_wish(user: User, *, wanted: bool) -> None:
    """Switch a person's own summary on or off.

    Raises:
        Invalid: there is no address to send it to.
    """
    if wanted and not has_address(user):
        raise Invalid(
            "There is no e-mail address for you; ask an administrator to enter one.",
            code="no-address",
            fields={"wants_summary": ["An administrator enters your e-mail address first."]},
        )
    user.wants_summary = wanted
    user.save(update_fields=["wants_summary"])


def has_address(user: User) -> bool:
    """Whether mail can be sent to this person."""
    try:
        validate_email(user.email)
    except ValidationError:
        return False
    return True


def send_due(now: datetime | None = None) -> int:
    """Send everybody theirs who wants it and has not got it this week; how many were sent."""
    moment = now or timezone.now()
    people = User.objects.filter(is_active=True, wants_summary=True)
    people = people.exclude(summaries__week=monday(moment)).order_by("pk")
    return sum(_sent(user, moment) for user in people)


def _sent(user: User, now: datetime) -> bool:
    """One person's failing mail is no reason to send the others none."""
    if not has_address(user):
        _log.warning("no summary for user %s: no valid address", user.pk)
        return False
    try:
        return send(user, now)
    except OSError:  # of which SMTPException is one
        _log.exception("the summary for user %s was not sent; the next run tries again", user.pk)
        return False


def send(user: User, now: datetime) -> bool:
    """Send one summary unless this week's went out; what is not sent leaves no row."""
    try:
        with transaction.atomic():
            # The row first: a second run waits for this one's end and then finds it.
            SummarySent.objects.create(user=user, week=monday(now))
            found = compose(user, now)
            mail = EmailMultiAlternatives(found.subject, found.text, to=[user.email])
            mail.attach_alternative(found.html, "text/html")
            mail.send()
    except IntegrityError:
        return False
    return True
