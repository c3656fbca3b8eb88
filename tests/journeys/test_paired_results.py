"""Two versions on the same rows over HTTP: ordered, scored, believed where the counts agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plants.services import orders
from plants.services.access import scope_for
from registry.domain.access import Role
from registry.domain.digests import sha256
from registry.domain.errors import Invalid, PlatformError
from registry.domain.jobs import JobKind, JobState
from registry.domain.metrics import evaluate
from registry.models import Evaluation, Job, LedgerEntry, ModelVersion, Pairing
from registry.services import jobs, ledger, results
from tests.factories.agent import CLASSES, Agent, manifest, small_model
from tests.factories.world import client_of

pytestmark = pytest.mark.django_db
ROWS = 60


def answers(seed: int, skill: float) -> tuple[dict, np.ndarray]:
    """A report on the same 60 rows whoever answers, and which rows were right."""
    labels = np.array([0, 1] * (ROWS // 2))
    right = np.random.default_rng(seed).random(ROWS) < skill
    said = np.where(right, labels, 1 - labels)
    return evaluate(np.eye(2)[said], labels, list(CLASSES), latency_ms=np.ones(ROWS)), right


def joint(first: np.ndarray, second: np.ndarray) -> dict[str, list[int]]:
    labels = np.array([0, 1] * (ROWS // 2))
    return {
        name: [
            int((one & two & (labels == place)).sum())
            for one in (first, ~first)
            for two in (second, ~second)
        ]
        for place, name in enumerate(CLASSES)
    }


@pytest.fixture
def agent(client, world):
    return Agent(client, world.graz.plant)


@pytest.fixture
def pair(world) -> Job:
    return world.graz.jobs["comparing"]


@pytest.fixture
def result(world) -> dict:
    """What an honest worker sends."""
    (report, right), (other, right_too) = answers(1, 0.9), answers(2, 0.6)
    counts = joint(right, right_too)
    named = {"version": str(world.centre.version.pk), "report": other, "counts": counts}
    return {"report": report, "timings": {}, "paired": named}


@pytest.fixture
def send(agent, pair):
    """Claim, describe the data, send a result."""
    token = agent.claim(pair).json()["order"]["token"]
    agent.call(f"jobs/{pair.pk}/manifest/", {"token": token, "manifest": manifest()})
    return lambda body: agent.call(f"jobs/{pair.pk}/result/", {"token": token, **body})


def test_the_order_names_both_versions_and_their_bytes_can_be_fetched(world, agent, pair):
    claim = agent.claim(pair).json()["order"]
    local, base = world.graz.version, world.centre.version
    assert claim["parent"]["version"] == str(local.pk)
    assert claim["against"] == {
        "version": str(base.pk),
        "artifact": base.artifact_id,
        "size": base.artifact.size,
        "signature": base.signature,
    }
    assert claim["recipe_digest"] == local.resolved_digest
    for which, version in (("parent", local), ("against", base)):
        fetched = agent.call(f"jobs/{pair.pk}/{which}/", method="get")
        assert sha256(b"".join(fetched.streaming_content)) == version.artifact_id
    alone = agent.call(f"jobs/{world.graz.jobs['scoring'].pk}/against/", method="get")
    assert alone.status_code == 404


def test_both_scores_and_one_pairing_are_put_on_record(world, pair, send, result):
    before = Evaluation.objects.count()
    assert send(result).json() == {"state": "verifying"}
    results.settle(pair.pk)
    pair.refresh_from_db()
    assert (pair.state, pair.code) == (JobState.SUCCEEDED, ""), pair.detail
    pairing = Pairing.objects.get()
    assert (pairing.version, pairing.other) == (world.graz.version, world.centre.version)
    assert (pairing.job, pairing.plant_code, pairing.n) == (pair, "graz", ROWS)
    assert pairing.counts == result["paired"]["counts"]
    assert Evaluation.objects.count() == before + 2
    own, beside = pair.evaluation, Evaluation.objects.get(pk=pair.result["other_evaluation"])
    assert own.manifest == beside.manifest == pairing.manifest
    assert (beside.version, beside.job) == (world.centre.version, None)
    entry = LedgerEntry.objects.get(verb="pairing.recorded")
    assert (entry.plant_code, entry.details["pairing"]) == ("graz", str(pairing.pk))
    assert ledger.verify().is_intact


def test_settling_twice_pairs_once(pair, send, result):
    send(result)
    assert send(result).json() == {"state": "verifying"}, "sent again: the same"
    for _ in range(2):
        results.settle(pair.pk)
    assert Pairing.objects.count() == 1
    assert LedgerEntry.objects.filter(verb="pairing.recorded").count() == 1


def test_a_worker_that_knows_nothing_of_pairs_still_evaluates(pair, send, result):
    del result["paired"]
    assert send(result).status_code == 200
    results.settle(pair.pk)
    pair.refresh_from_db()
    assert pair.state == JobState.SUCCEEDED
    assert not Pairing.objects.exists()


def _changed(counts: dict, name: str, cells: list) -> dict:
    return {**counts, name: cells}


HOSTILE = {
    "another version": lambda p: {**p, "version": "0" * 8 + "-0000-4000-8000-" + "0" * 12},
    "no version": lambda p: {**p, "version": "graz"},
    "a class is missing": lambda p: {**p, "counts": {"good": p["counts"]["good"]}},
    "a class of its own": lambda p: {**p, "counts": _changed(p["counts"], "hole", [0, 0, 0, 0])},
    "a negative count": lambda p: {**p, "counts": _changed(p["counts"], "good", [31, -1, 0, 0])},
    "five counts": lambda p: {**p, "counts": _changed(p["counts"], "good", [1, 1, 1, 1, 26])},
    "a half row": lambda p: {**p, "counts": _changed(p["counts"], "good", [0.5, 0, 0, 29.5])},
    "all right together": lambda p: {**p, "counts": _changed(p["counts"], "good", [30, 0, 0, 0])},
    "versions exchanged": lambda p: {
        **p,
        "counts": {name: [one[0], one[2], one[1], one[3]] for name, one in p["counts"].items()},
    },
    "a report that contradicts itself": lambda p: {**p, "report": {**p["report"], "n": 61}},
    "a report of other classes": lambda p: {
        **p,
        "report": evaluate(np.eye(2)[[0, 1]], [0, 1], ["good", "pit"]),
    },
    "row by row": lambda p: {**p, "rows": [True, False]},
    "no object": lambda p: [1, 2, 3, 4],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_pair_that_cannot_be_is_refused_and_nothing_is_taken(name, pair, send, result):
    before = Evaluation.objects.count()
    refused = send({**result, "paired": HOSTILE[name](result["paired"])})
    assert refused.status_code == 422, refused.content
    assert refused.json()["fields"], "says where"
    pair.refresh_from_db()
    assert (pair.state, pair.result) == (JobState.LEASED, {})
    assert Evaluation.objects.count() == before
    assert not Pairing.objects.exists()
    assert send(result).json() == {"state": "verifying"}, "the honest one is still taken"


def test_a_pair_that_nobody_ordered_is_refused(world, agent, result):
    job = world.graz.jobs["scoring"]
    token = agent.claim(job).json()["order"]["token"]
    agent.call(f"jobs/{job.pk}/manifest/", {"token": token, "manifest": manifest()})
    refused = agent.call(f"jobs/{job.pk}/result/", {"token": token, **result})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-pairing")


def test_a_retraining_brings_the_proof_against_its_parent(world, agent, result):
    base = world.centre.version
    wish = jobs.Wish(JobKind.RETRAIN, "graz", world.family, "surface", world.recipe, parent=base)
    job = orders.order(scope_for(world.graz.people[Role.ENGINEER]), wish)
    data = small_model()
    token = agent.claim(job).json()["order"]["token"]
    agent.call(f"jobs/{job.pk}/manifest/", {"token": token, "manifest": manifest()})
    agent.upload(job, token, data)
    sent = agent.result(job, token, data, report=result["report"], paired=result["paired"])
    assert sent.json() == {"state": "verifying"}, sent.content
    results.settle(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.detail
    pairing = Pairing.objects.get()
    assert pairing.other == base
    assert pairing.version == ModelVersion.objects.get(job=job)
    assert job.evaluation.version == pairing.version


# --- Who may order it ----------------------------------------------------------------------------
def wish_of(world) -> jobs.Wish:
    return jobs.Wish(
        JobKind.EVALUATE,
        "graz",
        world.family,
        "surface",
        world.recipe,
        parent=world.graz.version,
        against=world.centre.version,
    )


def test_an_engineer_orders_it_by_api_and_a_retry_is_the_same_pair(world):
    body = {
        "kind": "evaluate",
        "family": "surface",
        "dataset": "surface",
        "recipe": str(world.recipe.pk),
        "version": str(world.graz.version.pk),
        "against": str(world.centre.version.pk),
    }
    ines = client_of(world.graz.people[Role.ENGINEER])
    made = ines.post("/api/v1/plants/graz/jobs/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    job = Job.objects.get(pk=made.json()["id"])
    assert job.against == world.centre.version
    shown = ines.get(f"/api/v1/jobs/{job.pk}/").json()
    assert shown["against"] == str(world.centre.version.pk)
    scope = scope_for(world.graz.people[Role.ENGINEER])
    jobs.cancel(scope, job)
    assert jobs.retry(scope, Job.objects.get(pk=job.pk)).against == world.centre.version
    theirs = {**body, "against": str(world.leipzig.version.pk)}
    refused = ines.post("/api/v1/plants/graz/jobs/", theirs, content_type="application/json")
    assert refused.status_code == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda w: {"against": w.leipzig.version}, "no such version"),
        (lambda w: {"against": w.graz.version}, "with itself"),
        (lambda w: {"kind": JobKind.RETRAIN}, "Only an evaluation"),
        (lambda w: {"overrides": {"train.seed": 3}}, "seed|knob|train"),
    ],
    ids=["another plant's", "itself", "a retraining", "other choices"],
)
def test_a_pair_that_makes_no_sense_is_not_ordered(world, change, why):
    before = Job.objects.count()
    scope = scope_for(world.graz.people[Role.ENGINEER])
    with pytest.raises((Invalid, PlatformError), match=why):
        orders.order(scope, replace(wish_of(world), **change(world)))
    assert Job.objects.count() == before


def test_versions_that_tell_other_classes_apart_are_not_paired(world):
    local = world.graz.version
    signature = {"kind": "images", "classes": ["good", "pit"]}
    facts = {
        name.attname: getattr(local, name.attname)
        for name in local._meta.concrete_fields
        if name.attname not in {"id", "job_id", "version", "identity"}
    }
    other = ModelVersion.objects.create(
        **facts | {"signature": signature, "version": "7.0.0", "identity": "7" * 64}
    )
    with pytest.raises(Invalid, match="only one of them knows pit"):
        orders.order(
            scope_for(world.graz.people[Role.ENGINEER]), replace(wish_of(world), against=other)
        )
