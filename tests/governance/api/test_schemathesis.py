"""The served description is true: whatever it allows or forbids, the portal answers as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from plants.services import access, tokens
from registry.domain.access import Role
from registry.models import Job
from registry.selectors.runs import key_at
from tests.factories.releases import release_and_clearance
from tests.factories.world import Site, World, undone

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# How many of each kind an operation is tried with; the same in every run.
EXAMPLES = {"data scientist": (6, 5), "engineer": (3, 3), "agent": (3, 2)}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@schemathesis.serializer("application/offset+octet-stream")
def _bytes(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture
def application(world: World) -> Iterator[Any]:
    """The portal as a server calls it, in the transaction of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    portal = get_wsgi_application()

    def whole(environ: Any, start: Any) -> list[bytes]:
        answer = portal(environ, start)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()  # as servers do

    yield whole
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def bearer(world: World, who: str) -> dict[str, str]:
    if who == "agent":
        return {"Authorization": f"Bearer {world.graz.token}"}
    user = {
        "data scientist": world.central[Role.DATA_SCIENTIST],
        "engineer": world.graz.people[Role.ENGINEER],
    }[who]
    _, text = tokens.issue(access.scope_for(user), user, name="fuzzing")
    return {"Authorization": f"Bearer {text}"}


def run_of(site: Site) -> UUID:
    """A run of which one of the plant's jobs is part."""
    run = uuid5(NAMESPACE_URL, site.plant.code)
    key = key_at(run, site.plant.code)
    Job.objects.filter(pk=site.jobs["failed"].pk).update(idempotency_key=key)
    return run


def real(world: World, path: str) -> dict[str, str]:
    """Path parameters that lead to something of Graz."""
    site = world.graz
    release, clearance = release_and_clearance(site)
    ids = {
        "releases": release.pk,
        "clearances": clearance.pk,
        "versions": site.version.pk,
        "jobs": site.jobs["held"].pk,
        "evaluations": site.evaluation.pk,
        "manifests": site.jobs["done"].manifest_id,
        "recipes": world.recipe.pk,
        "submissions": site.submission.pk,
        "account": site.personal.pk,
    }
    noun = path.split("/")[3]
    found = {"job_id": str(site.jobs["held"].pk), "upload_id": str(site.upload.pk)}
    found |= {"slug": world.family.slug, "code": "graz", "origin": "graz"}
    found |= {"semver": site.version.version, "key": str(run_of(site)), "number": "1"}
    found |= {"username": site.people[Role.OPERATOR].username, "line": site.reports.line.code}
    found |= {"station": site.reports.station.code, "person": site.reports.anna.code}
    if "/runbooks/" in path:
        found["slug"] = site.reports.runbook.slug
    if noun in ids:
        found["id"] = str(ids[noun])
    return {name: value for name, value in found.items() if f"{{{name}}}" in path}


def tried(
    operation: Any, headers: dict[str, str], mode: GenerationMode, path: dict, examples: int
) -> list[str]:
    """What one operation does that the description does not say."""
    given_path = {"path_parameters": path} if path and mode is GenerationMode.POSITIVE else {}

    @seed(17)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, **given_path))
    def once(case: Any) -> None:
        with undone():
            answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS, headers=headers)

    try:
        once()
    except FailureGroup as group:
        said = {f"{one.title}: {' '.join(str(one).split())[:300]}" for one in group.exceptions}
        return [f"{operation.label} ({mode.value}): {text}" for text in sorted(said)]
    except Exception as error:  # noqa: BLE001 - every odd answer is collected
        return [f"{operation.label} ({mode.value}): {text}" for text in said_of(error)]
    return []


def said_of(error: BaseException) -> list[str]:
    """What went wrong; of a group, as Hypothesis makes of a failure that comes and goes, each."""
    notes = " ".join(getattr(error, "__notes__", ()))
    said = [f"{type(error).__name__}: {' '.join(f'{error} {notes}'.split())[:1200]}"]
    for one in getattr(error, "exceptions", ()):
        said += said_of(one)
    return said


@pytest.mark.parametrize("who", ["data scientist", "engineer", "agent"])
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
def test_the_portal_answers_as_it_says(world, application, who):
    headers = {**bearer(world, who), "Accept-Encoding": "identity"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application, headers=headers)
    problems = []
    for result in schema.get_all_operations():
        operation = result.ok()
        path = real(world, operation.path)
        for mode, examples in zip(MODES, EXAMPLES[who], strict=True):
            problems += tried(operation, headers, mode, path, examples)
    if problems:
        pytest.fail("\n".join(problems))
