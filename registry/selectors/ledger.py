"""The ledger as people read it: entries in words, and how the whole of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from registry.domain.access import PlantScope, Role
from registry.domain.ledger_words import SENTENCES
from registry.models import LedgerCheck, LedgerCheckpoint, LedgerEntry
from registry.selectors import history
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow

CHECKERS = (Role.AUDITOR, Role.ADMINISTRATOR)
# What entries are about: the first part of their verbs.
_KINDS = sorted({verb.partition(".")[0] for verb in SENTENCES})
_COLUMNS = (
    Column("sequence", "Entry", lambda entry: entry.sequence, ("sequence",), is_number=True),
    Column("recorded", "When", lambda entry: entry.recorded_at.isoformat(), on_page=True),
    Column("actor", "Who", lambda entry: entry.actor, ("actor", "-sequence")),
    Column("verb", "What", lambda entry: entry.verb, ("verb", "-sequence")),
    Column("subject", "Of what", lambda entry: entry.subject, ("subject", "-sequence")),
    Column("plant", "Plant", lambda entry: entry.plant_code, ("plant_code", "-sequence")),
    Column("details", "Details", lambda entry: entry.details, on_page=False),
    Column("digest", "Digest", lambda entry: entry.digest, on_page=False),
)


def listing(
    scope: PlantScope, parameters: Mapping[str, str], plants: list[tuple[str, str]]
) -> Listing:
    """Entries as the address asks for them, newest first."""
    shape = Shape(
        columns=_COLUMNS,
        search=("actor", "verb", "subject", "plant_code", "digest"),
        filters=(
            Filter("plant", "Plant", plants, lambda rows, value: rows.filter(plant_code=value)),
            Filter(
                "kind",
                "About",
                [(kind, kind) for kind in _KINDS],
                lambda rows, value: rows.filter(verb__startswith=f"{value}."),
                everything="everything",
            ),
            Filter("month", "Month (UTC)", _months(scope), _in_month),
        ),
        sort="-sequence",
    )
    found = narrow(LedgerEntry.objects.visible_to(scope), parameters, shape)
    found.extra["events"] = history.told(scope, list(found.page.object_list))
    return found


def _months(scope: PlantScope) -> list[tuple[str, str]]:
    """The months that have entries, the newest first."""
    rows = LedgerEntry.objects.visible_to(scope).order_by("sequence")
    first, last = (entry.recorded_at if entry else None for entry in (rows.first(), rows.last()))
    if first is None or last is None:
        return []
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    days = [date(month // 12, month % 12 + 1, 1) for month in reversed(months)]
    return [(f"{day:%Y-%m}", f"{day:%B %Y}") for day in days]


def _in_month(rows: Any, value: str) -> Any:
    year, month = map(int, value.split("-"))
    begin = datetime(year, month, 1, tzinfo=UTC)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return rows.filter(recorded_at__gte=begin, recorded_at__lt=end)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the whole ledger stands, for those who see all of it.

    Attributes:
        checked: the last check that ended.
        waiting: a check that was asked for and has not ended.
        signed: the newest checkpoint.
        unsigned: entries written since.
    """

    checked: LedgerCheck | None
    waiting: LedgerCheck | None
    signed: LedgerCheckpoint | None
    last: int
    last_at: datetime | None
    may_check: bool

    @property
    def unsigned(self) -> int:
        """Entries that no stored checkpoint vouches for yet."""
        return self.last - (self.signed.sequence if self.signed else 0)


def standing(scope: PlantScope) -> Standing | None:
    """The state of the chain; `None` for who sees a part of it only."""
    if not scope.sees_everything:
        return None
    checks = LedgerCheck.objects.visible_to(scope)
    newest = LedgerEntry.objects.order_by("-sequence").only("sequence", "recorded_at").first()
    latest = checks.first()
    return Standing(
        checked=checks.exclude(finished_at=None).order_by("-finished_at").first(),
        waiting=latest if latest and latest.finished_at is None else None,
        signed=LedgerCheckpoint.objects.visible_to(scope).first(),
        last=newest.sequence if newest else 0,
        last_at=newest.recorded_at if newest else None,
        may_check=any(scope.may(role) for role in CHECKERS),
    )
