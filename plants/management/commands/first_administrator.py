"""The one account that nobody can make in the portal: its first administrator."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from plants.models import Membership, User
from plants.services import accounts, sites
from registry.domain.access import Role, portal_scope
from registry.domain.errors import PlatformError


class Command(BaseCommand):
    help = (
        "Makes the portal's first administrator and prints a link by which a password is set, "
        "once. Refuses when there is an administrator; an unused link is replaced by the same "
        "command."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="as pages show it; default the user name")
        parser.add_argument("--email", default="", help="the link is sent there as well")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        scope = portal_scope("set-up")
        try:
            user = _waiting(options["username"])
            if user is None:
                user = accounts.create(
                    scope,
                    username=options["username"],
                    name=options["name"] or options["username"],
                    email=options["email"],
                )
                sites.grant_role(scope, user, Role.ADMINISTRATOR, None)
            link = accounts.invite(scope, user, settings.PORTAL_URL)
        except PlatformError as refusal:
            ways_out = [text for texts in refusal.fields.values() for text in texts]
            raise CommandError(" ".join([refusal.message, *ways_out])) from refusal
        self.stdout.write(f"{user.username} sets a password here, once, within three days:\n{link}")


def _waiting(username: str) -> User | None:
    """The administrator of this name who has not set a password yet; none when there is nobody."""
    central = Membership.objects.filter(
        role=Role.ADMINISTRATOR, plant__isnull=True, user__is_active=True
    )
    found = [one.user for one in central.select_related("user").order_by("pk")]
    settled = next((user for user in found if user.has_usable_password()), None)
    if settled is not None:
        raise CommandError(
            f"{settled.username} is an administrator already and makes further accounts under "
            "People and access."
        )
    waiting = {user.username: user for user in found}
    if waiting and username not in waiting:
        raise CommandError(
            f"{found[0].username} was made the first administrator and has not set a password yet; "
            "run this for that name to get a new link."
        )
    return waiting.get(username)
