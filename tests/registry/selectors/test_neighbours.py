from __future__ import annotations

import pytest
from django.utils import timezone

from registry.domain.jobs import JobKind, JobState
from registry.models import MirrorKind
from registry.selectors import neighbours
from tests.registry import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(settings) -> None:
    settings.MLFLOW_UI = "https://x/mlflow/"
    settings.FLOWER_UI = "https://x/flower"


def mirrored(kind, subject, known_as) -> None:
    row = rows.an_outbox_row(kind, subject)
    row.external_id, row.mirrored_at = known_as, timezone.now()
    row.save()


def test_a_mirrored_version_is_linked_and_the_job_that_made_it(served, clara, scope_of):
    job = rows.a_job()
    version = rows.a_version(job.family, job=job)
    scope = scope_of(clara)
    assert neighbours.mlflow_version(scope, version) == ""
    mirrored(MirrorKind.VERSION, version.pk, "7")
    link = f"https://x/mlflow/#/models/{version.family.slug}/versions/7"
    assert neighbours.mlflow_version(scope, version) == link
    assert neighbours.mlflow_run(scope, job) == link


def test_an_evaluation_is_linked_by_its_run(served, clara, scope_of):
    job = rows.a_job(kind=JobKind.EVALUATE, state=JobState.SUCCEEDED)
    version = rows.a_version(job.family)
    assert neighbours.mlflow_run(scope_of(clara), job) == ""
    scored = rows.an_evaluation(version, job=job)
    assert neighbours.mlflow_run(scope_of(clara), job) == ""
    mirrored(MirrorKind.EVALUATION, scored.pk, "0a1b")
    assert neighbours.mlflow_run(scope_of(clara), job) == "https://x/mlflow/#/runs/0a1b"


def test_nobody_is_sent_where_they_are_not_admitted(served, ines, petra, clara, scope_of):
    version = rows.a_version(rows.a_family())
    mirrored(MirrorKind.VERSION, version.pk, "7")
    assert neighbours.mlflow_version(scope_of(ines), version) == ""
    assert neighbours.flower(scope_of(petra)) == ""
    assert neighbours.flower(scope_of(clara)) == "https://x/flower/tasks"
    assert neighbours.mlflow_version(scope_of(petra), version)


def test_what_is_not_served_is_not_linked(clara, scope_of, settings):
    settings.MLFLOW_UI = settings.FLOWER_UI = ""
    version = rows.a_version(rows.a_family())
    mirrored(MirrorKind.VERSION, version.pk, "7")
    assert neighbours.mlflow_version(scope_of(clara), version) == ""
    assert neighbours.flower(scope_of(clara)) == ""
