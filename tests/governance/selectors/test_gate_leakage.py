"""What the gate of leakage is told: the manifest of what a version was trained on, and no other."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from governance.domain.policies import parse
from governance.selectors import gates
from governance.selectors.gate_facts import facts_of
from registry.domain.access import portal_scope
from registry.domain.leakage_section import Pairs, Rule
from registry.models import DatasetManifest, ModelVersion
from tests.factories import registry as rows
from tests.governance.domain.gate_cast import trained

pytestmark = pytest.mark.django_db

POLICY = """\
apiVersion: lineward.policy/v1
summary: What a version must show.
gates:
  - gate: leakage
    max_copies: 0
    max_across: 0
    max_giveaway: 0.3
    max_feature: 0.98
    source: No part is both learned from and judged on.
"""


def data(plant: str = "graz", **found: Any) -> DatasetManifest:
    made = rows.manifest(plant)
    return DatasetManifest.objects.create(
        plant_code=plant,
        dataset="castings",
        digest=made.digest[::-1],
        rows=300,
        document=trained(**found),
    )


def without_manifest(version: ModelVersion) -> ModelVersion:
    """The same file again, sent by a person who named its data set only."""
    facts = {one.attname: getattr(version, one.attname) for one in version._meta.concrete_fields}
    changes = {"manifest_id": None, "made_by": "upload", "metrics": {}, "dataset": "castings"}
    own = {"id": uuid.uuid4(), "version": "2.0.0", "identity": "f" * 64}
    return ModelVersion.objects.create(**(facts | changes | own))


def said(version: ModelVersion) -> tuple[str, str]:
    facts = facts_of(portal_scope(), version.family, [version], today=timezone.now().date())
    (tried,) = [
        one
        for one in gates.backtest(portal_scope(), version.family, parse(POLICY)).tried
        if one.version == version.pk
    ]
    found = gates.gates.judge(parse(POLICY), facts[version.pk])
    assert tried.review == found
    (outcome,) = found.outcomes
    return outcome.outcome, outcome.reason


def test_a_version_is_judged_by_the_data_that_it_was_trained_on():
    family, recipe = rows.family(), rows.recipe()
    clean = rows.version(family, recipe, "graz", "1.0.0", manifest=data())
    told = rows.version(
        *(family, recipe, "graz", "1.1.0"),
        manifest=data(copies=Pairs(9, 0), rules=[Rule("file type", 1, 70, 0, "PNG")]),
    )
    # A later evaluation on cleaner rows does not clean what it learned from.
    rows.evaluation(told, clean.manifest)
    assert said(clean)[0] == "pass"
    outcome, reason = said(told)
    assert outcome == "fail"
    assert "9 pairs of identical images" in reason
    assert "scratch: 70 of 100 images are PNG" in reason


def test_of_an_upload_it_is_not_on_record_however_clean_it_was_judged():
    upload = without_manifest(rows.version(rows.family(), rows.recipe(), "graz", "1.0.0"))
    rows.evaluation(upload, data())
    assert said(upload) == ("insufficient", "What it was trained on is not on record.")


def test_a_manifest_from_before_says_too_little():
    family, recipe = rows.family(), rows.recipe()
    older = data()
    document = {name: value for name, value in older.document.items() if name != "leakage"}
    before = DatasetManifest.objects.create(
        plant_code="graz", dataset="castings", digest="e" * 64, rows=300, document=document
    )
    version = rows.version(family, recipe, "graz", "1.0.0", manifest=before)
    outcome, reason = said(version)
    assert outcome == "insufficient"
    assert reason.startswith("Its data was described before leakage was looked for")
