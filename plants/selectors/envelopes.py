"""What lines' recent images look like beside the training set of what is meant to run there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from plants.domain.desired_state import TITLES, Mode
from plants.domain.envelope_coverage import Coverage, coverage, summary
from plants.models import Deployment, Line, LineEnvelope, Station
from registry.domain.access import PlantScope
from registry.models import DatasetManifest, ModelVersion

# Whose word about the parts weighs most.
_WEIGHT = (Mode.ACTIVE, Mode.CANARY, Mode.SHADOW)


@dataclass(frozen=True, slots=True)
class LineCoverage:
    """A line's newest envelope, held against a training set or with the reason why not.

    Attributes:
        version: the one whose training set it is; None where there is none to ask.
        basis: why that one, e.g. "it is meant to run at Camera A (active)".
        coverage: None where nothing can be said, and then `why_not` says why.
    """

    line: Line
    envelope: LineEnvelope
    version: ModelVersion | None
    basis: str
    coverage: Coverage | None
    why_not: str

    @property
    def manifest(self) -> DatasetManifest | None:
        """The data set that the line is held against."""
        return self.version.manifest if self.version else None

    @property
    def days(self) -> int:
        """Over how many days the images were collected."""
        return int(self.envelope.document["days"])

    @property
    def sentence(self) -> str:
        """The answer first."""
        return summary(self.coverage, self.days) if self.coverage else self.why_not


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which version a line's images are held against: one that is meant to run, or the newest."""

    version: ModelVersion | None
    basis: str = ""
    why_not: str = ""


def coverage_of(scope: PlantScope, line: Line) -> LineCoverage | None:
    """One line's; None where its images were never measured."""
    return coverage_of_many(scope, [line]).get(line.pk)


def coverage_of_many(scope: PlantScope, lines: Iterable[Line]) -> dict[int, LineCoverage]:
    """Those of many lines by the line's key, as many queries as for one: four."""
    by_key = {line.pk: line for line in lines}
    envelopes = _newest(scope, by_key)
    asked = _asked(scope, {key: by_key[key] for key in envelopes})
    return {key: _held(by_key[key], envelopes[key], asked[key]) for key in envelopes}


def _newest(scope: PlantScope, lines: Iterable[int]) -> dict[int, LineEnvelope]:
    newest = LineEnvelope.objects.filter(line=OuterRef("line")).order_by("-measured_at", "-pk")
    rows = LineEnvelope.objects.visible_to(scope).filter(
        line__in=lines, pk=Subquery(newest.values("pk")[:1])
    )
    return {row.line_id: row for row in rows.order_by()}


def _asked(scope: PlantScope, lines: Mapping[int, Line]) -> dict[int, _Asked]:
    meant = _meant(scope, lines)
    families: defaultdict[int, list[int]] = defaultdict(list)
    stations = Station.objects.visible_to(scope).open().filter(line__in=lines)
    for station in stations.order_by("code"):
        if station.family_id:
            families[station.line_id].append(station.family_id)
    versions = _versions(scope, meant.values(), lines.values(), families)
    by_key = {version.pk: version for version in versions}
    newest: dict[tuple[str, int], ModelVersion] = {}
    for version in versions:  # the newest first
        newest.setdefault((version.origin, version.family_id), version)
    found = {}
    for key, line in lines.items():
        if key in meant:
            found[key] = _running(meant[key], by_key)
        else:
            made = [newest.get((line.plant_id, family)) for family in families[key]]
            found[key] = _own(line, [one for one in made if one], has_family=bool(families[key]))
    return found


def _meant(scope: PlantScope, lines: Iterable[int]) -> dict[int, Deployment]:
    """Of each line the deployment that decides most."""
    rows = Deployment.objects.visible_to(scope).running()
    rows = rows.filter(station__line__in=lines, mode__in=[mode.value for mode in _WEIGHT])
    best: dict[int, Deployment] = {}
    ordered = sorted(
        rows.select_related("station").order_by("station__code"),
        key=lambda row: _WEIGHT.index(Mode(row.mode)),
    )
    for row in ordered:
        best.setdefault(row.station.line_id, row)
    return best


def _versions(
    scope: PlantScope,
    meant: Iterable[Deployment],
    lines: Iterable[Line],
    families: Mapping[int, list[int]],
) -> list[ModelVersion]:
    visible = ModelVersion.objects.visible_to(scope)
    own = ModelVersion.objects.filter(origin=OuterRef("origin"), family=OuterRef("family"))
    newest = own.order_by("-registered_at", "-pk").values("pk")[:1]
    wanted = {family for one in families.values() for family in one}
    rows = visible.filter(
        Q(pk__in=[one.version_id for one in meant])
        | Q(
            origin__in={line.plant_id for line in lines},
            family__in=wanted,
            pk=Subquery(newest),
        )
    )
    related = rows.select_related("family", "manifest").defer("resolved_recipe", "environment")
    return list(related.order_by("-registered_at", "-pk"))


def _running(meant: Deployment, versions: Mapping[Any, ModelVersion]) -> _Asked:
    mode, version = TITLES[Mode(meant.mode)].lower(), versions.get(meant.version_id)
    if version is None:
        return _Asked(
            None, why_not="What is meant to run there was made by a plant that you may not see."
        )
    return _Asked(version, f"it is meant to run at {meant.station.name} ({mode})")


def _own(line: Line, made: list[ModelVersion], *, has_family: bool) -> _Asked:
    if made:
        return _Asked(made[0], "nothing is meant to run there yet, and it is the plant's newest")
    if has_family:
        return _Asked(
            None,
            why_not="Nothing is meant to run there, and the plant has no version of what it "
            "inspects: train one, or release one to the line.",
        )
    return _Asked(
        None,
        why_not=f"No station of {line.name} says what it inspects, so there is no training set to "
        "hold its images against: choose a family for a station.",
    )


def _held(line: Line, envelope: LineEnvelope, asked: _Asked) -> LineCoverage:
    version, found, why_not = asked.version, None, asked.why_not
    if version is not None:
        training = version.manifest.document.get("envelope") if version.manifest else None
        if training:
            found = coverage(training, envelope.document)
        elif version.manifest is None:
            why_not = f"What {version} was trained on is not on record, because it was uploaded."
        else:
            why_not = (
                f"The manifest of {version.manifest.dataset}, on which {version} was trained, does "
                "not tell what its images look like: train again with a worker that is up to date."
            )
    return LineCoverage(line, envelope, version, asked.basis, found, why_not)
