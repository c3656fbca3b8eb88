"""Policies of a family, what the one in force says of a version, and a proposal's back-test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from governance.domain import gates, policies
from governance.domain.backtest import BackTest, Tried, cost_of, replay
from governance.models import GatePolicy
from governance.selectors.gate_facts import facts_of
from plants.domain.desired_state import stage
from registry.domain.access import PlantScope
from registry.domain.wording import listed
from registry.models import Evaluation, ModelFamily, ModelVersion

_ALL = policies.MAX_GATES
_READ = (
    *("family", "origin", "version", "kind", "stage", "dataset", "made_by", "metrics"),
    *("manifest", "resolved_digest", "parent", "code_commit", "environment_digest", "artifact"),
    "registered_at",
)


def in_force(scope: PlantScope, family: ModelFamily) -> GatePolicy | None:
    """The family's policy, if one was adopted."""
    rows = GatePolicy.objects.visible_to(scope).filter(family=family)
    return rows.filter(superseded_at__isnull=True).first()


@dataclass(frozen=True, slots=True)
class Judged:
    """A version under its family's policy; without a policy there is no review."""

    policy: GatePolicy | None
    review: gates.Review | None
    sentence: str


def review(
    scope: PlantScope,
    version: ModelVersion,
    *,
    plant: str | None = None,
    mode: str | None = None,
) -> Judged:
    """What the policy in force says of a version as facts stand now.

    Args:
        plant: judge it on this plant's rows, beside this plant's champion; None: on its own's.
        mode: hold it against the gates that are asked of releases in this stage; None: all.

    Raises:
        NotFound: the caller may not know of the plant.
        Invalid: the mode is no stage of a release.
    """
    if mode is not None:
        stage(mode)
    policy = in_force(scope, version.family)
    if policy is None:
        sentence = f"{version.family.title} has no gate policy yet, so nothing is asked for."
        return Judged(None, None, sentence)
    today = timezone.now().date()
    facts = facts_of(scope, version.family, [version], today=today, plant=plant)[version.pk]
    found = gates.judge(policies.for_mode(policy.document, mode), facts)
    return Judged(policy, found, said(found))


def evaluated_at(scope: PlantScope, version: ModelVersion) -> list[str]:
    """Plants other than its own at which a version has been evaluated, as far as may be known."""
    rows = Evaluation.objects.visible_to(scope).filter(version=version)
    found = rows.exclude(plant_code=version.origin).order_by("plant_code")
    return list(found.values_list("plant_code", flat=True).distinct())


def said(found: gates.Review) -> str:
    """What a review comes to, in one sentence."""
    names: dict[str, list[str]] = {"fail": [], "insufficient": []}
    for one in found.blocking:
        names[one.outcome].append(one.title.lower())
    parts = []
    if names["fail"]:
        parts.append(f"{listed(names['fail'], _ALL)} failed")
    if names["insufficient"]:
        parts.append(f"too little is known for {listed(names['insufficient'], _ALL)}")
    if parts:
        return f"It may not go on: {'; '.join(parts)}."
    asked = sum(not one.warns for one in found.outcomes)
    return f"All {asked} gates are passed." if asked > 1 else "Nothing stands in its way."


def backtest(scope: PlantScope, family: ModelFamily, document: Mapping[str, Any]) -> BackTest:
    """A policy over every version of the family that the caller may see, newest first.

    Each is judged by what is known of it by now, beside the baseline and the champion of the day
    it was registered; a constant number of queries.
    """
    rows = ModelVersion.objects.visible_to(scope).filter(family=family).only(*_READ)
    versions = list(rows)
    known = facts_of(scope, family, versions, today=timezone.now().date(), as_registered=True)
    costs = {
        "escape_cost": float(family.escape_cost),
        "false_reject_cost": float(family.false_reject_cost),
    }
    return replay(
        [
            Tried(
                version=one.pk,
                name=f"{one.version} ({one.origin})",
                origin=one.origin,
                registered_at=one.registered_at,
                review=gates.judge(document, known[one.pk]),
                cost=cost_of(known[one.pk].report, **costs),
            )
            for one in versions
        ]
    )
