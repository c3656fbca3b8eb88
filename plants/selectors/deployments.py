"""What stations are meant to run now, what they were meant to run, and where they may go back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plants.domain import rollback_path
from plants.domain.desired_state import DECIDING, TITLES, Mode
from plants.models import Deployment, Station
from registry.domain.access import PlantScope
from registry.models import ModelVersion
from registry.models.versions import VersionStage
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow

_LONG = tuple(f"version__{name}" for name in ModelVersion.LONG)


@dataclass(slots=True)
class Meant:
    """What one station is meant to run now.

    Attributes:
        decides: says what becomes of a part; none where nothing was released yet.
        back_to: the earlier release that a rollback would restore.
    """

    station: Station
    decides: Deployment | None = None
    canary: Deployment | None = None
    shadow: Deployment | None = None
    back_to: Deployment | None = None

    @property
    def running(self) -> list[Deployment]:
        """All of them, what decides first."""
        return [one for one in (self.decides, self.canary, self.shadow) if one]

    @property
    def trials(self) -> list[Deployment]:
        """Those that can be stopped: what decides is only replaced."""
        return [one for one in (self.canary, self.shadow) if one]

    @property
    def away_from(self) -> Deployment | None:
        """What a rollback to the version before takes away: a canary first."""
        return self.canary or self.decides


def meant(scope: PlantScope, stations: Iterable[Station]) -> list[Meant]:
    """What each station is meant to run, in the order of the stations; two queries."""
    found = {one.pk: Meant(one) for one in stations}
    rows = Deployment.objects.visible_to(scope).running().filter(station__in=found)
    for row in rows.select_related("version__family").defer(*_LONG):
        of = found[row.station_id]
        if row.mode in DECIDING:
            of.decides = row
        elif row.mode == Mode.CANARY:
            of.canary = row
        else:
            of.shadow = row
    good = known_goods(scope, [one.station for one in found.values()])
    for pk, one in found.items():
        one.back_to = good.get(pk)
    return list(found.values())


def known_good(scope: PlantScope, station: Station) -> Deployment | None:
    """The release that a rollback to the version before restores, or none."""
    return known_goods(scope, [station]).get(station.pk)


def known_goods(scope: PlantScope, stations: Iterable[Station]) -> dict[int, Deployment]:
    """The same for many stations, by the station's key; one query."""
    of = {one.pk: one for one in stations}
    rows = Deployment.objects.visible_to(scope).deciding().filter(station__in=of)
    history: defaultdict[int, list[Deployment]] = defaultdict(list)
    rows = rows.select_related("version__family").defer(*_LONG)
    for row in rows.order_by("started_at", "pk"):
        history[row.station_id].append(row)
    found = {pk: _first_choice(of[pk], decided) for pk, decided in history.items()}
    return {pk: row for pk, row in found.items() if row}


def _first_choice(station: Station, history: list[Deployment]) -> Deployment | None:
    by_id = {row.pk: row for row in history}
    path = [rollback_path.Decided(row.pk, row.version_id, row.back_to_id) for row in history]
    ways = (by_id[one.id] for one in rollback_path.ways_back(path))
    return next((row for row in ways if _can_return(station, row)), None)


def _can_return(station: Station, row: Deployment) -> bool:
    """Whether the version is still in use, and of what the station inspects today."""
    version = row.version
    return (
        version is not None
        and version.stage != VersionStage.RETIRED
        and version.family_id == station.family_id
    )


def history(scope: PlantScope, station: Station, parameters: Mapping[str, str]) -> Listing:
    """What a station was meant to run, the newest first."""
    rows = Deployment.objects.visible_to(scope).filter(station=station)
    return narrow(rows.select_related("version__family", "back_to"), parameters, _SHAPE)


def _is_running(rows: Any, answer: str) -> Any:
    return rows.filter(ended_at__isnull=answer == "yes")


_SHAPE = Shape(
    columns=(
        Column("mode", "Mode", lambda one: one.mode, ("mode",)),
        Column(
            "version",
            "Version",
            lambda one: str(one.version) if one.version else "",
            ("version__family__slug", "version__origin", "version__version"),
        ),
        Column("share", "Share of parts", lambda one: one.share, ("share",), is_number=True),
        Column("since", "Since", lambda one: one.started_at, ("started_at",)),
        Column("by", "By", lambda one: one.started_by, ("started_by",)),
        Column("until", "Until", lambda one: one.ended_at, ("ended_at",)),
        Column("ended_by", "Ended by", lambda one: one.ended_by, ("ended_by",), on_page=False),
        Column("reason", "Reason", lambda one: one.reason),
        Column("clearance", "Clearance", lambda one: str(one.clearance or ""), on_page=False),
        Column("restores", "Restores", lambda one: str(one.back_to_id or ""), on_page=False),
        Column("id", "Id", lambda one: str(one.pk), on_page=False),
    ),
    search=("version__version", "version__origin", "version__family__slug", "started_by", "reason"),
    filters=(
        Filter(
            "mode",
            "Mode",
            tuple((mode.value, TITLES[mode]) for mode in Mode),
            lambda rows, mode: rows.filter(mode=mode),
        ),
        Filter(
            "running",
            "Now",
            (("yes", "meant to run now"), ("no", "ended")),
            _is_running,
            "all of them",
        ),
    ),
    sort="-since",
)
