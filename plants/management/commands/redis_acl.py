"""The broker's access list: print it for an ACL file, apply it to the running server, or check."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from plants.domain import queue_access as rules
from plants.models import PlantCredential
from plants.services import queue_access
from registry.domain import broker_urls
from registry.domain.errors import PlatformError


class Command(BaseCommand):
    help = (
        "Prints the broker's ACL file for the portal and every plant with a live credential. "
        "--apply sets the plants' rules on the running server and removes users of plants "
        "without one; --check compares and exits with 1 when anything differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--apply", action="store_true", help="change the running server")
        action.add_argument("--check", action="store_true", help="compare, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        grants = dict(
            PlantCredential.objects.live().values_list("plant_id", "broker_password_sha256")
        )
        try:
            if options["apply"]:
                self._apply(grants, quiet=options["verbosity"] == 0)
            elif options["check"]:
                self._check(grants)
            else:
                self._print(grants)
        except PlatformError as error:
            raise CommandError(error.message) from error

    def _apply(self, grants: dict[str, str], *, quiet: bool) -> None:
        done = queue_access.reconcile(grants)
        if quiet:
            return
        for code in done.granted:
            self.stdout.write(f"granted {rules.user_for(code)}")
        for code in done.revoked:
            self.stdout.write(f"revoked {rules.user_for(code)}")
        self.stdout.write(f"{len(grants)} plant(s) may reach their own queue.")

    def _check(self, grants: dict[str, str]) -> None:
        found = queue_access.check(grants)
        if found:
            raise CommandError("\n".join(found))
        self.stdout.write(f"The broker agrees for {len(grants)} plant(s).")

    def _print(self, grants: dict[str, str]) -> None:
        known = queue_access.known_commands()
        self.stdout.write(rules.line("default", rules.DEFAULT_RULES))
        password = broker_urls.password_of(settings.CELERY_BROKER_URL)
        if password is None:
            # On the error stream: an ACL file takes no comments.
            self.stderr.write(
                "REDIS_URL holds no password, so the portal's line is missing: choose one, put it "
                "into REDIS_URL as redis://portal:<password>@… and print again."
            )
        else:
            digest = hashlib.sha256(password.encode()).hexdigest()
            self.stdout.write(rules.line(rules.PORTAL_USER, rules.portal_rules(digest)))
        for code, digest in sorted(grants.items()):
            words = rules.rules_for(code, digest, known=known)
            self.stdout.write(rules.line(rules.user_for(code), words))
