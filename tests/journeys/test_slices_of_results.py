"""Slices over HTTP: all levels that the order's recipe declares are put on record, or none."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from registry.domain.access import Role
from registry.domain.jobs import JobState
from registry.domain.metrics import evaluate
from registry.domain.report_slices import counted
from registry.domain.stress import PERTURBATIONS
from registry.models import Evaluation, Job
from registry.services import results
from tests.factories.agent import CLASSES, Agent, manifest
from tests.factories.world import client_of

pytestmark = pytest.mark.django_db
LIGHT = PERTURBATIONS["light@1"]


@pytest.fixture
def job(world) -> Job:
    """An evaluation whose recipe asks for two levels of light."""
    found = Job.objects.get(pk=world.graz.jobs["comparing"].pk)
    found.resolved_recipe = {
        **found.resolved_recipe,
        "stress": [{"op": "light@1", "gain": [0.5, 2]}],
    }
    found.save()
    return found


@pytest.fixture
def report() -> dict[str, Any]:
    labels = np.array([0, 1] * 30)
    found = evaluate(np.eye(2)[labels], labels, list(CLASSES), latency_ms=np.ones(60))
    bright = np.where(np.arange(60) < 20, 0, labels)
    levels = [(LIGHT, 0.5, labels), (LIGHT, 2, bright)]
    return {**found, "slices": counted(labels, labels, levels, 2)}


@pytest.fixture
def send(client, world, job):
    agent = Agent(client, world.graz.plant)
    token = agent.claim(job).json()["order"]["token"]
    agent.call(f"jobs/{job.pk}/manifest/", {"token": token, "manifest": manifest()})
    return lambda report: agent.call(
        f"jobs/{job.pk}/result/", {"token": token, "report": report, "timings": {}}
    )


def test_slices_are_put_on_record_and_read_over_the_api(world, job, send, report):
    assert send(report).status_code == 200
    results.settle(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.detail
    assert job.evaluation.report["slices"] == report["slices"]
    client = client_of(world.graz.people[Role.OPERATOR])
    shown = client.get(f"/api/v1/evaluations/{job.evaluation.pk}/").json()
    assert shown["report"]["slices"] == report["slices"]
    assert report["slices"]["levels"][1]["pairs"] == [[30, 0, 0, 0], [20, 10, 0, 0]]


def test_a_worker_older_than_the_section_still_evaluates(job, send, report):
    del report["slices"]
    assert send(report).status_code == 200
    results.settle(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED


def test_a_choice_among_the_levels_is_refused_and_nothing_is_kept(job, send, report):
    before = Evaluation.objects.count()
    chosen = deepcopy(report)
    del chosen["slices"]["levels"][1]
    answer = send(chosen)
    assert answer.status_code == 422
    assert "slices.levels" in answer.json()["fields"]
    job.refresh_from_db()
    assert (job.state == JobState.VERIFYING, Evaluation.objects.count()) == (False, before)
    assert send(report).status_code == 200, "all of them are taken"
