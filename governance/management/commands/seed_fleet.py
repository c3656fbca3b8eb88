from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from governance.management.seeding import fleet
from governance.management.seeding.inspections import INSPECTIONS
from governance.management.seeding.standards import CENTRAL_PEOPLE, PLANT_PEOPLE

_HEARTBEAT_SECONDS = 20


class Command(BaseCommand):
    help = (
        "Builds a believable fleet in an empty portal: plants, lines, people, rosters, versions, "
        "evaluations and their ledger. The same seed gives the same fleet."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--plants", type=int, default=47)
        parser.add_argument("--lines", type=int, default=6, help="lines of each plant")
        parser.add_argument("--versions", type=int, default=20, help="versions of each plant")
        parser.add_argument("--days", type=int, default=90, help="how long it has been running")
        parser.add_argument("--families", type=int, default=len(INSPECTIONS))
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--evaluations",
            type=int,
            default=0,
            help="at least so many at each plant of the first family (one a week without it)",
        )
        parser.add_argument(
            "--heartbeats",
            action="store_true",
            help="afterwards, or on a fleet that is there, keep its workers alive until Ctrl-C",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        size = fleet.Size(
            options["plants"],
            options["lines"],
            options["versions"],
            options["days"],
            options["families"],
            options["seed"],
            options["evaluations"],
        )
        self._check_bounds(size)
        if fleet.is_empty() or not options["heartbeats"]:
            self._build(size, options["verbosity"])
        if options["heartbeats"]:
            self._keep_alive()

    def _build(self, size: fleet.Size, verbosity: int) -> None:
        self._check_portal()
        begun = time.monotonic()
        seeded = fleet.build(size, self._say if verbosity > 1 else lambda _: None)
        if verbosity:
            self._report(seeded, time.monotonic() - begun)

    def _keep_alive(self) -> None:
        count = fleet.beat()
        self._say(f"{count} workers are kept alive until Ctrl-C.")
        try:
            while count:
                time.sleep(_HEARTBEAT_SECONDS)
                fleet.beat()
        except KeyboardInterrupt:
            self._say("Their heartbeats have stopped.")

    def _check_bounds(self, size: fleet.Size) -> None:
        bounds = {
            "plants": (size.plants, 1, 200),
            "lines": (size.lines, 1, 60),
            "versions": (size.versions, len(INSPECTIONS), 1000),
            "days": (size.days, 14, 730),
            "families": (size.families, 1, len(INSPECTIONS)),
            "evaluations": (size.evaluations, 0, 1000),
        }
        for name, (value, least, most) in bounds.items():
            if not least <= value <= most:
                raise CommandError(f"--{name} is {value}; give {least} to {most}.")

    def _check_portal(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date; run manage.py migrate first.")
        if not fleet.is_empty():
            raise CommandError(
                "This portal has plants, families or versions already, and records cannot be "
                "deleted. Seed an empty one: set LINEWARD_HOME to a new folder (or DATABASE_URL "
                "to a new database), run manage.py migrate, then this again."
            )

    def _say(self, line: str) -> None:
        self.stdout.write(line)

    def _report(self, seeded: fleet.Seeded, seconds: float) -> None:
        counted = ", ".join(f"{count} {name}" for name, count in seeded.counts.items())
        self._say(f"Seeded in {seconds:.0f} s: {counted}.")
        centre = ", ".join(f"{name} ({role})" for name, _, _, role in CENTRAL_PEOPLE)
        local = ", ".join(f"{name}-<plant code>" for name, _ in PLANT_PEOPLE)
        self._say(f"Log in as {centre}; at each plant as {local}.")
        self._say(f"The password of all of them is {seeded.password}")
