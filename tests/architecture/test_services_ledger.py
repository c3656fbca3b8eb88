"""A fact and its record commit together: every service that changes state leaves its entry, once.

A new public function of a services module fails here until it has a recipe or a reason.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone

import governance.services
import plants.services
import registry.services
from plants.models import Membership, Plant, PlantCredential
from plants.services import access, credentials, orders, sites
from registry.domain.access import Role, portal_scope
from registry.domain.digests import sha256
from registry.domain.jobs import JobKind, JobState, Party
from registry.domain.onnx_contract import Signature
from registry.models import Job, LedgerEntry
from registry.services import (
    artifacts,
    evaluations,
    families,
    jobs,
    leases,
    ledger,
    manifests,
    recipes,
    results,
    versions,
)
from tests.architecture import records
from tests.factories.agent import CLASSES, RECIPE, manifest, report
from tests.factories.world import Site, World

# Changes nothing, or nothing that anybody must account for; the reason stands beside it.
NO_ENTRY = {
    "plants.services.access": "reads memberships into a scope",
    "plants.services.queue_access": "brings the broker in line with facts that are on record",
    "plants.services.workers.beat": "heartbeats are no change of state",
    "plants.services.credentials.authenticate": "records only a first use, as an activation",
    "plants.services.credentials.reconcile_queue_access": "brings the broker in line with rows",
    "registry.services.artifacts.announce": "bytes in quarantine count for nothing until verified",
    "registry.services.artifacts.append": "bytes in quarantine count for nothing until verified",
    "registry.services.artifacts.drop_stale": "forgets bytes that never counted",
    "registry.services.artifacts.standing": "reads",
    "registry.services.artifacts.read": "reads",
    "registry.services.artifacts.checked_path": "reads",
    "registry.services.artifacts.quarantine_path": "reads",
    "registry.services.artifacts.content_path": "reads",
    "registry.services.evaluations.judge": "computes",
    "registry.services.jobs.find": "reads",
    "registry.services.jobs.record": "writes the entry for its caller",
    "registry.services.jobs.ring_on_commit": "a ring is no fact",
    "registry.services.leases.order_of": "computes",
    "registry.services.leases.held": "locks",
    "registry.services.leases.holding": "locks",
    "registry.services.leases.sweep": "each job it moves is tested under release and expire",
    "registry.services.ledger": "is the ledger",
    "registry.services.mirror_records": "computes",
    "registry.services.mirroring": "a projection; what it finds moved it records itself",
    "registry.services.mirrors": "the outbox of the fact that its caller records",
    "registry.services.recipes.catalogue": "reads",
    "registry.services.recipes.resolve": "computes",
    "registry.services.recipes.published_schema": "computes",
    "registry.services.results.settle_forgotten": "sends a message again",
    "registry.services.signing": "computes",
    "registry.services.versions.current_baseline": "reads",
}

_Recipe = Callable[[World], Any]
_portal = portal_scope()


def _wish(world: World) -> jobs.Wish:
    return jobs.Wish(JobKind.RETRAIN, "graz", world.family, "surface", world.recipe)


def _held(world: World) -> dict[str, Any]:
    return {"scope": world.graz.scope, "job_id": world.graz.jobs["held"].pk, "token": 1}


def _at_work(world: World, state: JobState) -> Any:
    return leases.report(**_held(world), state=state, progress={"phase": "preparing"})


def _with_upload(world: World) -> bytes:
    data = b"other bytes"
    job = world.graz.jobs["held"]
    upload = artifacts.announce(world.graz.scope, job, token=1, sha256=sha256(data), size=len(data))
    artifacts.append(world.graz.scope, upload.pk, offset=0, part=data)
    return data


def _admit(world: World) -> Any:
    _with_upload(world)
    upload = world.graz.jobs["held"].uploads.latest("created_at")
    return artifacts.admit(world.graz.scope, upload, facts={})


def _origins(site: Site) -> versions.Origins:
    job = site.jobs["held"]
    return versions.Origins(
        job=job,
        artifact=site.version.artifact,
        manifest=job.manifest,
        signature=Signature("images", CLASSES).as_document(),
        report=report(),
        code_commit="0a1b",
        environment={},
        hyperparameters={},
    )


def _finish(world: World) -> Any:
    data = _with_upload(world)
    result = {
        "report": report(),
        "timings": {},
        "artifact": sha256(data),
        "signature": Signature("images", CLASSES).as_document(),
    }
    return results.finish(**_held(world), result=result)


def _settle(world: World) -> Any:
    _at_work(world, JobState.RUNNING)
    _finish(world)
    before = LedgerEntry.objects.count()
    results.settle(world.graz.jobs["held"].pk)  # bytes that are no model: the verifier refuses
    assert LedgerEntry.objects.count() == before + 1


def _confirm(world: World) -> Any:
    jobs.cancel(_portal, world.graz.jobs["held"])
    return leases.confirm_cancel(**_held(world))


def _move(world: World) -> Any:
    return jobs.move(_portal, world.graz.jobs["queued"], JobState.EXPIRED, Party.CLOCK)


def _expire(world: World) -> Any:
    row = Job.objects.filter(pk=world.graz.jobs["queued"].pk)
    row.update(not_after=timezone.now() - timedelta(seconds=1))
    return leases.sweep()


def _publish(world: World) -> Any:
    version = versions.register(world.centre.scope, _origins(world.centre))
    return versions.publish_baseline(_portal, version, release_notes="The second.")


def _withdraw(world: World) -> Any:
    return sites.withdraw_role(_portal, Membership.objects.filter(plant_id="graz").first())


def _queued(world: World) -> Job:
    return world.graz.jobs["queued"]


# What each service records when it is called, in the order of the entries.
RECIPES: dict[str, tuple[_Recipe, list[str]]] = {
    "plants.services.credentials.issue_code": (
        lambda w: credentials.issue_code(_portal, w.graz.plant),
        ["enrolment.code-issued"],
    ),
    "plants.services.credentials.enrol": (
        lambda w: credentials.enrol(credentials.issue_code(_portal, w.graz.plant)),
        ["enrolment.code-issued", "credential.activated"],
    ),
    "plants.services.credentials.rotate": (
        lambda w: credentials.rotate(w.graz.credential),
        ["credential.rotated"],
    ),
    "plants.services.credentials.revoke": (
        lambda w: [credentials.revoke(_portal, w.graz.credential) for _ in range(2)],
        ["credential.revoked"],
    ),
    "plants.services.orders.order": (lambda w: orders.order(_portal, _wish(w)), ["job.queued"]),
    "plants.services.sites.open_plant": (
        lambda w: sites.open_plant(_portal, code="nova", name="Nova"),
        ["plant.opened"],
    ),
    "plants.services.sites.close_plant": (
        lambda w: [sites.close_plant(_portal, w.graz.plant) for _ in range(2)],
        ["credential.revoked", "plant.closed"],
    ),
    "plants.services.sites.grant_role": (
        lambda w: [sites.grant_role(_portal, w.nobody, Role.VIEWER, w.graz.plant)] * 2,
        ["role.granted"],
    ),
    "plants.services.sites.withdraw_role": (_withdraw, ["role.withdrawn"]),
    "registry.services.artifacts.admit": (_admit, ["artifact.verified"]),
    "registry.services.evaluations.record": (
        lambda w: evaluations.record(
            w.graz.scope, w.graz.version, w.graz.jobs["done"].manifest, report=report()
        ),
        ["evaluation.recorded"],
    ),
    "registry.services.families.declare": (
        lambda w: families.declare(_portal, slug="nova", title="New", task_kind="images"),
        ["family.declared"],
    ),
    "registry.services.jobs.enqueue": (lambda w: jobs.enqueue(_portal, _wish(w)), ["job.queued"]),
    "registry.services.jobs.move": (_move, ["job.expired"]),
    "registry.services.jobs.cancel": (
        lambda w: [jobs.cancel(_portal, w.graz.jobs["held"]) for _ in range(2)],
        ["job.cancel-requested"],
    ),
    "registry.services.jobs.retry": (
        lambda w: [jobs.retry(_portal, w.graz.jobs["failed"]) for _ in range(2)],
        ["job.queued"],
    ),
    "registry.services.leases.claim": (
        lambda w: [
            leases.claim(w.graz.scope, _queued(w).pk, worker="w", boot="b") for _ in range(2)
        ],
        ["job.leased"],
    ),
    "registry.services.leases.report": (
        lambda w: [_at_work(w, JobState.PREPARING) for _ in range(2)],
        ["job.preparing"],
    ),
    "registry.services.leases.attach_manifest": (
        lambda w: leases.attach_manifest(**_held(w), document=manifest(b"t" * 32)),
        ["manifest.reported"],
    ),
    "registry.services.leases.fail": (
        lambda w: leases.fail(**_held(w), code="internal", log_reference="x"),
        ["job.failed"],
    ),
    "registry.services.leases.refuse": (
        lambda w: leases.refuse(**_held(w), code="policy-kind"),
        ["job.refused"],
    ),
    "registry.services.leases.confirm_cancel": (
        _confirm,
        ["job.cancel-requested", "job.cancelled"],
    ),
    "registry.services.leases.release": (
        lambda w: leases.release(w.graz.scope, plant_code="graz", worker="graz-1", boot="new"),
        ["job.queued"],
    ),
    "registry.services.manifests.record": (
        lambda w: [
            manifests.record(
                w.graz.scope,
                plant_code="graz",
                dataset="surface",
                document=manifest(b"t" * 32),
            )
            for _ in range(2)
        ],
        ["manifest.reported"],
    ),
    "registry.services.recipes.publish": (
        lambda w: [
            recipes.publish(_portal, source=RECIPE.replace("small", "other")) for _ in range(2)
        ],
        ["recipe.published"],
    ),
    "registry.services.results.finish": (
        lambda w: [_at_work(w, JobState.RUNNING), _finish(w)],
        ["job.preparing", "job.running", "job.verifying"],
    ),
    "registry.services.results.settle": (
        _settle,
        ["job.preparing", "job.running", "job.verifying", "job.failed"],
    ),
    "registry.services.versions.register": (
        lambda w: [versions.register(w.graz.scope, _origins(w.graz)) for _ in range(2)],
        ["version.registered"],
    ),
    "registry.services.versions.move": (
        lambda w: versions.move(_portal, w.graz.version, to="candidate"),
        ["version.stage-moved"],
    ),
    "registry.services.versions.publish_baseline": (
        _publish,
        ["version.registered", "baseline.published"],
    ),
}


# Whatever is too long for this file stands in a module of tests/architecture/records of its own.
for _subject in records.SUBJECTS:
    RECIPES |= _subject.RECIPES
    NO_ENTRY |= _subject.NO_ENTRY


def public_functions(package: ModuleType) -> set[str]:
    found = set()
    for module in pkgutil.iter_modules(package.__path__, prefix=f"{package.__name__}."):
        members = inspect.getmembers(import_module(module.name), inspect.isfunction)
        found |= {
            f"{module.name}.{name}"
            for name, function in members
            if not name.startswith("_") and _home(function) == module.name
        }
    return found


def _home(function: Any) -> str:
    return str(inspect.unwrap(function).__module__)


def test_every_service_is_tested_here_or_says_why_not():
    packages = (registry.services, plants.services, governance.services)
    known = {name for package in packages for name in public_functions(package)}
    for name in known:
        has_reason = name in NO_ENTRY or name.rpartition(".")[0] in NO_ENTRY
        assert (name in RECIPES) != has_reason, f"{name} needs a recipe here, or a reason"
    assert set(RECIPES) <= known


def test_the_list_can_fail():
    def planted() -> None:
        """A new service."""

    planted.__module__ = "registry.services.jobs"
    jobs.planted = planted
    try:
        with pytest.raises(AssertionError, match=r"registry\.services\.jobs\.planted needs"):
            test_every_service_is_tested_here_or_says_why_not()
    finally:
        del jobs.planted


@pytest.mark.parametrize("name", RECIPES)
def test_a_service_leaves_one_entry_per_fact(name, world):
    call, expected = RECIPES[name]
    last = LedgerEntry.objects.order_by("sequence").last().sequence
    call(world)
    written = LedgerEntry.objects.filter(sequence__gt=last).order_by("sequence")
    assert [entry.verb for entry in written] == expected
    assert all(entry.actor and entry.subject for entry in written)
    assert ledger.verify().is_intact


def test_what_the_clock_ends_is_recorded(world):
    last = LedgerEntry.objects.count()
    _expire(world)
    entry = LedgerEntry.objects.filter(sequence__gt=last).get()
    assert (entry.verb, entry.actor, entry.plant_code) == (
        "job.expired",
        "portal:lease-reaper",
        "graz",
    )


@pytest.mark.parametrize(
    "refused",
    [
        lambda w, scope: sites.open_plant(scope, code="nova", name="Nova"),
        lambda w, scope: credentials.issue_code(scope, w.graz.plant),
        lambda w, scope: credentials.revoke(scope, w.graz.credential),
        lambda w, scope: orders.order(scope, _wish(w)),
        lambda w, scope: versions.move(scope, w.graz.version, to="candidate"),
        lambda w, scope: versions.publish_baseline(scope, w.centre.version, release_notes="x"),
        lambda w, scope: recipes.publish(scope, source=RECIPE),
        lambda w, scope: jobs.cancel(scope, w.graz.jobs["held"]),
    ],
    ids=["open", "code", "revoke", "order", "move", "publish", "recipe", "cancel"],
)
def test_what_is_refused_leaves_none(world, refused):
    vera = access.scope_for(world.graz.people[Role.VIEWER])
    before = (LedgerEntry.objects.count(), Plant.objects.count(), Job.objects.count())
    with pytest.raises(Exception, match="takes the role"):
        refused(world, vera)
    assert (LedgerEntry.objects.count(), Plant.objects.count(), Job.objects.count()) == before
    assert PlantCredential.objects.live().filter(plant_id="graz").exists()
