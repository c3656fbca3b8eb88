"""Two plants with everything a plant can have, the centre, and one person per role; built once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from governance.services import policies
from plants.models import PersonalToken, Plant, PlantCredential, User
from plants.services import access, credentials, orders, sites, tokens, workers
from registry.domain.access import CENTRE, PlantScope, Role, portal_scope
from registry.domain.digests import sha256
from registry.domain.jobs import JobKind, JobState
from registry.domain.onnx_contract import Signature
from registry.models import Evaluation, Job, ModelFamily, ModelVersion, Recipe, Submission, Upload
from registry.services import (
    artifacts,
    evaluations,
    families,
    jobs,
    leases,
    recipes,
    submission_files,
    submissions,
    versions,
)
from tests.factories.agent import CLASSES, RECIPE, manifest, report, small_model
from tests.factories.policies import SOURCE
from tests.factories.reports import Reports, reports

AT_A_PLANT = (Role.VIEWER, Role.OPERATOR, Role.ENGINEER, Role.APPROVER)
CENTRAL = (Role.DATA_SCIENTIST, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)


@dataclass
class Site:
    """What one plant has."""

    plant: Plant
    token: str
    credential: PlantCredential
    scope: PlantScope
    people: dict[Role, User] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    upload: Upload | None = None
    version: ModelVersion | None = None
    evaluation: Evaluation | None = None
    personal: PersonalToken | None = None
    personal_text: str = ""
    reports: Reports | None = None
    submission: Submission | None = None

    def agent(self) -> Client:
        return Client(headers={"Authorization": f"Bearer {self.token}"})


@dataclass
class World:
    """Graz, Leipzig and the centre."""

    graz: Site
    leipzig: Site
    centre: Site
    family: ModelFamily
    recipe: Recipe
    central: dict[Role, User]
    nobody: User


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def build() -> World:
    scope = portal_scope()
    family = families.declare(
        scope, slug="surface", title="Surface", task_kind="images", good_class="good"
    )
    recipe = recipes.publish(scope, source=RECIPE)
    sites_ = [_site(code, family, recipe) for code in ("graz", "leipzig", CENTRE)]
    published = sites_[2].version
    assert published is not None
    versions.publish_baseline(scope, published, release_notes="The first.")
    policies.adopt(scope, family, source=SOURCE, reason="The first.")
    for site in sites_:
        wish = jobs.Wish(
            JobKind.EVALUATE, site.plant.code, family, "surface", recipe, parent=published
        )
        site.jobs["scoring"] = orders.order(scope, wish)
        if site.version != published:
            pair = replace(wish, parent=site.version, against=published)
            site.jobs["comparing"] = orders.order(scope, pair)
        _declare(site, family)
    central = {role: _person(f"central-{role}", role) for role in CENTRAL}
    nobody = User.objects.create_user("nobody-yet")
    return World(*sites_, family, recipe, central, nobody)


def _person(name: str, role: Role, plant: Plant | None = None) -> User:
    user = User.objects.create_user(name)
    sites.grant_role(portal_scope(), user, role, plant)
    return user


def _site(code: str, family: ModelFamily, recipe: Recipe) -> Site:
    scope = portal_scope()
    plant = sites.open_plant(scope, code=code, name=code.title())
    issued = credentials.enrol(credentials.issue_code(scope, plant))
    credentials.issue_code(scope, plant)
    agent = access.scope_of(issued.credential)
    site = Site(plant, issued.token, issued.credential, agent)
    site.people = {role: _person(f"{code}-{role}", role, plant) for role in AT_A_PLANT}
    engineer = site.people[Role.ENGINEER]
    site.personal, site.personal_text = tokens.issue(
        access.scope_for(engineer), engineer, name="script"
    )
    workers.beat(
        agent,
        plant_code=code,
        name=f"{code}-1",
        boot="0a0b0c0d",
        agent_version="1",
        datasets=[{"name": "surface", "kind": "images"}],
        operations=[],
    )
    wish = jobs.Wish(JobKind.RETRAIN, code, family, "surface", recipe)
    for name in ("queued", "held", "failed", "done"):
        site.jobs[name] = orders.order(scope, wish)
    _work(site)
    site.reports = reports(plant, family)
    return site


def _work(site: Site) -> None:
    """One job done and on record, one failed, one under way with an open upload."""
    data, code = small_model() + site.plant.code.encode(), site.plant.code
    for name in ("held", "failed", "done"):
        job = site.jobs[name]
        leases.claim(site.scope, job.pk, worker=f"{code}-1", boot="0a0b0c0d")
        leases.attach_manifest(site.scope, job.pk, token=1, document=manifest())
        job.refresh_from_db()
        upload = artifacts.announce(site.scope, job, token=1, sha256=sha256(data), size=len(data))
        if name == "held":
            site.upload = upload
    leases.fail(site.scope, site.jobs["failed"].pk, token=1, code="internal", log_reference="x")
    done = site.jobs["done"]
    artifacts.append(site.scope, upload.pk, offset=0, part=data)
    made = versions.Origins(
        job=done,
        artifact=artifacts.admit(site.scope, upload, facts={}),
        manifest=done.manifest,
        signature=Signature("images", CLASSES).as_document(),
        report=report(),
        code_commit="abc123",
        environment={},
        hyperparameters={},
    )
    site.version = versions.register(site.scope, made)
    site.evaluation = evaluations.record(
        site.scope, site.version, done.manifest, report=report(), job=done
    )
    for state in (JobState.PREPARING, JobState.RUNNING, JobState.VERIFYING):
        jobs.move(site.scope, done, state, jobs.Party.HOLDER)
    jobs.move(portal_scope("verifier"), done, JobState.SUCCEEDED, jobs.Party.VERIFIER)
    for job in site.jobs.values():
        job.refresh_from_db()


def _declare(site: Site, family: ModelFamily) -> None:
    """A model that an engineer declared, and whose file is on its way."""
    scope = access.scope_for(site.people[Role.ENGINEER])
    draft = submissions.Draft(
        plant_code=site.plant.code,
        family=family,
        dataset="surface",
        classes=CLASSES,
        code_commit="0a1b2c3d",
        training_notes="Trained elsewhere on pictures of the line.",
    )
    opened = submissions.open_submission(scope, draft)
    file = submission_files.FileFacts("model.onnx", 1_000)
    site.submission = submission_files.announce(scope, opened.pk, file)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world_and_folders(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, dict[str, Path]]]:
    folder = tmp_path_factory.mktemp("world")
    folders = {"ARTIFACT_ROOT": folder / "artifacts", "SIGNING_KEY_FILE": folder / "signing.key"}
    with django_db_blocker.unblock(), override_settings(**folders), undone():
        yield build(), folders


@pytest.fixture
def world(world_and_folders: Any, settings: Any, db: None) -> World:
    """The world; what a test changes in it is gone after the test."""
    made, folders = world_and_folders
    for name, path in folders.items():
        setattr(settings, name, path)
    found: World = made
    return found
