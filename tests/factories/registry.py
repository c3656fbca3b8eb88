"""Realistic rows of the registry: computed reports, valid manifests, canonical recipes.

Rows are written past the services, except where a service's ledger entries are what a page shows.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from django.utils import timezone

from registry.domain import manifests as manifest_rules
from registry.domain import metrics, recipe_gates
from registry.domain import recipes as recipe_rules
from registry.domain.access import CENTRE
from registry.domain.digests import digest_of
from registry.domain.jobs import ENDED, JobKind, JobState
from registry.domain.leakage_section import Found, Pairs
from registry.models import (
    Artifact,
    Baseline,
    DatasetManifest,
    Evaluation,
    Job,
    ModelFamily,
    ModelVersion,
    Recipe,
)
from registry.services import recipes

CLASSES = ("good", "scratch", "pit", "stain")
RECIPE_YAML = """\
apiVersion: lineward.recipe/v1
name: {name}
version: {version}
description: Small grey images of surfaces, few labels; starts from the baseline's head.
task: {{kind: images, classes: dataset}}
data_contract: {{min_rows: 40, min_per_class: 5}}
preprocess:
  - {{op: resize@1, size: [128, 128]}}
augment:
  - {{op: rotate@1, degrees: 7, probability: 0.5}}
model: {{op: filterbank_linear@1, init: scratch}}
train: {{seed: 17}}
gates:
  - {{id: usable, metric: balanced_accuracy, min: 0.5, min_support: 20}}
plant_may_set:
  augment.0.degrees: {{min: 0, max: 15}}
  train.seed: {{min: 0, max: 65535}}
  model.init: {{choices: [baseline, scratch]}}
"""


def family(slug: str = "surface-defects", **changes: Any) -> ModelFamily:
    """A family of surface images."""
    facts = {
        "slug": slug,
        "title": slug.replace("-", " ").capitalize(),
        "description": "Tells sound surfaces from scratched, pitted and stained ones.",
        "task_kind": "images",
        "classes": list(CLASSES),
        "good_class": "good",
        "escape_cost": 240,
        "false_reject_cost": 12,
        "created_by": "clara",
    }
    return ModelFamily.objects.create(**(facts | changes))


def recipe(name: str = "surface-standard", version: str = "1.0.0") -> Recipe:
    """A published recipe of the real vocabulary, canonical."""
    source = RECIPE_YAML.format(name=name, version=version)
    document = recipe_rules.canonical(recipe_rules.parse_yaml(source), recipes.catalogue())
    return Recipe.objects.create(
        name=name,
        version=version,
        task_kind="images",
        digest=recipe_rules.digest(document),
        document=document,
        source=source,
        published_by="clara",
    )


@cache
def report(n: int = 75, skill: float = 3.0, classes: Sequence[str] = CLASSES) -> dict[str, Any]:
    """What `metrics.evaluate` says of made-up answers; more skill, fewer errors."""
    random = np.random.default_rng(n)
    labels = random.integers(0, len(classes), n)
    scores = random.normal(size=(n, len(classes)))
    scores[np.arange(n), labels] += skill
    likely = np.exp(scores)
    good = "good" if "good" in classes else None
    return metrics.evaluate(
        likely / likely.sum(axis=1, keepdims=True),
        labels,
        classes,
        good_class=good,
        latency_ms=random.gamma(9, 0.4, 60),
    )


@cache
def manifest_document(rows: int = 300) -> dict[str, Any]:
    """What a plant's agent would write of made-up images; one class is too small to be told."""
    random = np.random.default_rng(rows)
    labels = random.choice(len(CLASSES), rows, p=[0.6, 0.22, 0.17, 0.01]).astype(np.int64)
    order = random.permutation(rows)
    cuts = int(rows * 0.6), int(rows * 0.75)
    measures = {
        "brightness": random.normal(0.45, 0.06, rows),
        "contrast": random.normal(0.18, 0.03, rows),
        "sharpness": random.gamma(4, 0.02, rows),
        "width": np.full(rows, 200.0),
        "height": np.full(rows, 200.0),
    }
    return manifest_rules.build(
        secret=b"k" * 32,
        kind="images",
        classes=CLASSES,
        labels=labels,
        groups=order // 6,
        parts={
            "train": order[: cuts[0]],
            "validation": order[cuts[0] : cuts[1]],
            "holdout": order[cuts[1] :],
        },
        identities=random.integers(0, 255, (rows, 32), dtype=np.uint8),
        copies=0,
        variants=3,
        times=np.linspace(1.76e9, 1.763e9, rows),
        measures=measures,
        colour=0,
        leakage=Found(copies=Pairs(0, 0), near=Pairs(0, 0), groups=0, rules=()),
    )


def manifest(
    plant_code: str = "graz", dataset: str = "castings", rows: int = 300
) -> DatasetManifest:
    """The description of a data set at a plant."""
    return DatasetManifest.objects.create(
        plant_code=plant_code,
        dataset=dataset,
        digest=digest_of(uuid.uuid4().hex),
        rows=rows,
        document=manifest_document(rows),
    )


def artifact(size: int = 412_608) -> Artifact:
    """A verified file on record; its bytes are nowhere."""
    facts = {
        "nodes": 61,
        "parameters": 12_804,
        "opset": 18,
        "ir_version": 10,
        "embedding_size": 128,
        "latency_ms": 3.4,
        "peak_mb": 118.2,
        "seconds": 2.1,
    }
    digest = digest_of(uuid.uuid4().hex)
    return Artifact.objects.create(sha256=digest, size=size, facts=facts)


def job(
    of: ModelFamily,
    by: Recipe,
    plant_code: str = "graz",
    state: JobState = JobState.QUEUED,
    **changes: Any,
) -> Job:
    """A job in any state, with the times and the progress that belong to it."""
    now = timezone.now()
    facts: dict[str, Any] = {
        "kind": JobKind.RETRAIN,
        "plant_code": plant_code,
        "family": of,
        "dataset": "castings",
        "recipe": by,
        "resolved_recipe": by.document,
        "resolved_digest": by.digest,
        "state": state,
        "requested_by": "ines",
        "not_after": now + timedelta(hours=48),
    }
    if state != JobState.QUEUED:
        facts |= {
            "attempt": 1,
            "fencing_token": 1,
            "worker": f"{plant_code}-line-1",
            "started_at": now - timedelta(seconds=42),
        }
    if state in ENDED:
        facts["ended_at"] = now
    elif state != JobState.QUEUED:
        facts |= {"lease_expires_at": now + timedelta(minutes=9), "progress": progress()}
    return Job.objects.create(**(facts | changes))


def progress(fraction: float = 0.43) -> dict[str, Any]:
    """What a worker reports in the middle of a training."""
    return {
        "phase": "training",
        "epoch": 6,
        "epochs": 14,
        "batch": 17,
        "batches": 40,
        "metric": 0.9123,
        "fraction": fraction,
    }


def version(
    of: ModelFamily,
    by: Recipe,
    origin: str = "graz",
    number: str = "1.0.0",
    *,
    skill: float = 3.0,
    n: int = 75,
    **changes: Any,
) -> ModelVersion:
    """A version on record with its own evaluation, as a finished retraining leaves them."""
    data = changes.pop("manifest", None) or manifest(origin)
    facts: dict[str, Any] = {
        "family": of,
        "origin": origin,
        "version": number,
        "kind": "baseline" if origin == CENTRE else "local",
        "artifact": artifact(),
        "manifest": data,
        "recipe": by,
        "resolved_recipe": by.document,
        "resolved_digest": by.digest,
        "signature": {"kind": "images", "classes": list(CLASSES)},
        "code_commit": "4f1c9e" * 6 + "7a20",
        "environment": {"python": "3.11.13", "onnx": "1.21.0", "agent": "0.1.0"},
        "environment_digest": digest_of("environment"),
        "seed": 17,
        "hyperparameters": {"l2": 0.31, "temperature": 1.18, "features": 128},
        "metrics": report(n, skill),
        "identity": digest_of(uuid.uuid4().hex),
    }
    made = ModelVersion.objects.create(**(facts | changes))
    evaluation(made, data, skill=skill, n=n, job=made.job)
    return made


def evaluation(
    of: ModelVersion,
    on: DatasetManifest,
    *,
    skill: float = 3.0,
    n: int = 75,
    job: Job | None = None,
) -> Evaluation:
    """A version scored on a data set's hold-out."""
    found = report(n, skill)
    counts = found["metrics"][of.family.primary_metric]
    gates = [one.as_json() for one in recipe_gates.judge(of.resolved_recipe["gates"], found)]
    return Evaluation.objects.create(
        version=of,
        family_id=of.family_id,
        manifest=on,
        plant_code=on.plant_code,
        job=job,
        report=found,
        report_digest=digest_of(found),
        n=n,
        value=counts["value"],
        low=counts["low"],
        high=counts["high"],
        gates=gates,
    )


def baseline(of: ModelVersion, at: datetime | None = None) -> Baseline:
    """The version as what the centre offers; `at` is when it stopped being that."""
    return Baseline.objects.create(
        family=of.family,
        version=of,
        release_notes="First baseline for bright-field cameras; start here with few labels.",
        published_by="clara",
        superseded_at=at,
    )
