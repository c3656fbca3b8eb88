"""What holds the stored bytes of versions: rules, clocks, lines, work under way, and children."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q

from governance.domain import purging
from governance.domain.purging import Reason, Stored, Verdict
from governance.models import Release
from plants.models import Deployment
from registry.domain.access import PlantScope
from registry.domain.retention import Use, keep_until
from registry.models import (
    Artifact,
    ArtifactPurge,
    Baseline,
    Job,
    LedgerEntry,
    Mirror,
    MirrorKind,
    ModelFamily,
    ModelVersion,
    RetentionRule,
    VersionStage,
)

_SUBJECTS_AT_ONCE = 500  # fewer than a query of any database may name
_COLUMNS = ("pk", "artifact_id", "stage", "parent_id", "family_id")


def rule_of(scope: PlantScope, family: ModelFamily) -> RetentionRule | None:
    """The family's rule in force, if there is one."""
    rules = RetentionRule.objects.visible_to(scope).in_force()
    return rules.filter(family=family).first()


def history(scope: PlantScope, family: ModelFamily) -> list[RetentionRule]:
    """All rules of a family, the newest first."""
    rows = RetentionRule.objects.visible_to(scope).filter(family=family)
    return list(rows.order_by("-number"))


def verdicts(now: datetime, family: ModelFamily | None = None) -> list[Verdict]:
    """Of every stored artifact whether its bytes may go; of one family's, if one is named.

    A parent and its children are of one family, so a family's verdicts are those of the fleet.
    """
    versions = ModelVersion.objects.order_by("registered_at", "pk")
    if family is not None:
        own = ModelVersion.objects.filter(family=family).order_by().values("artifact")
        versions = versions.filter(artifact__in=own)
    rows = list(versions.values_list(*_COLUMNS))
    purged = set(ArtifactPurge.objects.standing().values_list("artifact_id", flat=True))
    return purging.judge(_stored(rows), now.astimezone(UTC).date(), purged)


def _stored(rows: Sequence[tuple[Any, ...]]) -> Iterator[Stored]:
    rules = {row.family_id: row.as_rule for row in RetentionRule.objects.in_force()}
    # What is not retired is kept for that; its clocks and its work need no reading.
    retired = {row[0] for row in rows if row[2] == VersionStage.RETIRED}
    uses, needs = _uses(retired), _needs(retired)
    for pk, artifact, stage, parent, family in rows:
        yield Stored(
            version=str(pk),
            artifact=artifact,
            stage=stage,
            until=keep_until(rules.get(family), uses.get(pk, Use())),
            parent=str(parent or ""),
            needs=needs.get(pk, ()),
        )


# --- When a version was of use -------------------------------------------------------------------
def _uses(retired: Collection[UUID]) -> dict[UUID, Use]:
    ended = _retired_on(retired)
    deployed = (
        Deployment.objects.filter(version__isnull=False)
        .order_by()
        .values_list("version_id")
        .annotate(last=Max("ended_at"), running=Count("pk", filter=Q(ended_at__isnull=True)))
    )
    served = {pk: (last, bool(running)) for pk, last, running in deployed}
    return {
        pk: Use(
            is_in_use=served[pk][1] if pk in served else False,
            last_used_on=_day(served[pk][0]) if pk in served else None,
            retired_on=ended.get(pk),
        )
        for pk in retired
    }


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment else None


def _retired_on(retired: Collection[UUID]) -> dict[UUID, date]:
    """The day of each, as the ledger has it."""
    subjects = {f"version:{pk}": pk for pk in retired}
    names, found = sorted(subjects), {}
    for start in range(0, len(names), _SUBJECTS_AT_ONCE):
        moves = LedgerEntry.objects.filter(
            subject__in=names[start : start + _SUBJECTS_AT_ONCE], verb="version.stage-moved"
        )
        told = moves.order_by("sequence").values_list("subject", "recorded_at", "details")
        for subject, moment, details in told:
            if details.get("to") == VersionStage.RETIRED:
                found[subjects[subject]] = moment.astimezone(UTC).date()
    return found


# --- What needs its bytes ------------------------------------------------------------------------
def _needs(retired: Collection[UUID]) -> Mapping[UUID, Sequence[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    for said, pks in _needed():
        for pk in pks:
            if pk in retired:
                found[pk].append(said)
    return found


def _needed() -> Iterator[tuple[str, Collection[UUID]]]:
    # What plants hold of a baseline, and build on it, is not known here.
    yield (
        "it was published as a baseline to every plant",
        set(Baseline.objects.values_list("version_id", flat=True)),
    )
    for column in ("parent_id", "against_id"):
        rows = Job.objects.open().filter(**{f"{column.removesuffix('_id')}__isnull": False})
        yield "a job that has not ended needs it", set(rows.values_list(column, flat=True))
    yield "a release of it is open", set(Release.objects.open().values_list("version", flat=True))
    waiting = Mirror.objects.filter(kind=MirrorKind.VERSION, mirrored_at__isnull=True)
    yield (
        "MLflow has not been told of it yet",
        {UUID(subject) for subject in waiting.values_list("subject", flat=True)},
    )


# --- For people ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a family is stored, and what of it may go now; within the caller's sight."""

    kept: int
    may_go: int
    may_go_bytes: int
    purged: int
    reasons: list[Reason] = field(default_factory=list)

    @property
    def stored(self) -> int:
        """Artifacts whose bytes are here."""
        return self.kept + self.may_go


def standing(scope: PlantScope, family: ModelFamily, now: datetime) -> Standing:
    """What of a family's stored models may go now, and what holds the rest."""
    seen = ModelVersion.objects.visible_to(scope).filter(family=family).order_by()
    ids = {str(pk) for pk in seen.values_list("pk", flat=True)}
    found = [one for one in verdicts(now, family) if not ids.isdisjoint(one.versions)]
    going = [one.artifact for one in found if one.may_go]
    purged = ArtifactPurge.objects.standing().filter(artifact__in=seen.values("artifact"))
    return Standing(
        kept=len(found) - len(going),
        may_go=len(going),
        may_go_bytes=sum(sizes(going).values()),
        purged=purged.count(),
        reasons=purging.reasons(found),
    )


def sizes(digests: Sequence[str]) -> dict[str, int]:
    """Bytes of each artifact."""
    found: dict[str, int] = {}
    for start in range(0, len(digests), _SUBJECTS_AT_ONCE):
        rows = Artifact.objects.filter(pk__in=digests[start : start + _SUBJECTS_AT_ONCE])
        found |= dict(rows.order_by().values_list("pk", "size"))
    return found


def names(versions: Sequence[str]) -> dict[str, ModelVersion]:
    """The versions by their ids, for their names and origins."""
    found: dict[str, ModelVersion] = {}
    for start in range(0, len(versions), _SUBJECTS_AT_ONCE):
        rows = ModelVersion.objects.filter(pk__in=versions[start : start + _SUBJECTS_AT_ONCE])
        chosen = rows.select_related("family").only("version", "origin", "family__slug")
        found |= {str(row.pk): row for row in chosen}
    return found
