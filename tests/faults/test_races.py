"""Two at once: whoever comes second finds the world moved on, and nothing is done twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from plants.models import EnrolmentCode, PlantCredential
from plants.services import access, credentials, orders, sites
from registry.domain.access import Role, portal_scope
from registry.domain.digests import sha256
from registry.domain.errors import PlatformError
from registry.domain.jobs import JobKind, JobState
from registry.models import Evaluation, Job, LedgerEntry, ModelVersion
from registry.services import artifacts, families, jobs, leases, ledger, recipes, results
from tests.factories.agent import RECIPE, Agent, small_model, work

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned, or the refusal it met; all begin in the same moment."""
    outcomes: list[Any] = [None] * len(calls)
    together = threading.Barrier(len(calls))

    def run(place: int) -> None:
        try:
            together.wait(timeout=10)
            outcomes[place] = calls[place]()
        except PlatformError as refusal:
            outcomes[place] = refusal
        except Exception as surprise:  # noqa: BLE001 - shown by the test
            outcomes[place] = surprise
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    surprises = [
        one for one in outcomes if isinstance(one, Exception) and not isinstance(one, PlatformError)
    ]
    assert not surprises, surprises
    return outcomes


def refused(outcomes: list[Any]) -> list[str]:
    return [one.code for one in outcomes if isinstance(one, PlatformError)]


@pytest.fixture
def wish(graz) -> jobs.Wish:
    scope = portal_scope()
    family = families.declare(
        scope, slug="surface", title="Surface", task_kind="images", good_class="good"
    )
    recipe = recipes.publish(scope, source=RECIPE)
    return jobs.Wish(JobKind.RETRAIN, "graz", family, "surface", recipe)


@pytest.fixture
def job(wish) -> Job:
    return orders.order(portal_scope(), wish)


@pytest.fixture
def agent(graz) -> Agent:
    return Agent(Client(), graz)


@pytest.fixture
def scope(agent):
    return access.scope_of(PlantCredential.objects.get())


def test_of_four_workers_that_claim_at_once_one_holds_the_job(job, scope):
    outcomes = at_once(
        *(
            lambda number=number: leases.claim(
                scope, job.pk, worker=f"w-{number}", boot=f"0000000{number}"
            )
            for number in range(4)
        )
    )
    held = [one for one in outcomes if isinstance(one, leases.Claim)]
    assert [claim.order["token"] for claim in held] == [1]
    assert set(refused(outcomes)) <= {"not-queued", "not-found"}
    job.refresh_from_db()
    assert (job.state, job.attempt, job.fencing_token) == (JobState.LEASED, 1, 1)
    assert LedgerEntry.objects.filter(verb="job.leased").count() == 1


@pytest.mark.parametrize("round_", range(4))
def test_a_sweep_and_a_renewal_in_the_same_moment_agree_on_one_of_them(job, scope, round_):
    token = leases.claim(scope, job.pk, worker="w-1", boot="00000001").order["token"]
    Job.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    progress = {"phase": "training", "fraction": 0.5}
    renewed, swept = at_once(
        lambda: leases.report(
            scope, job.pk, token=token, state=JobState.RUNNING, progress=progress
        ),
        leases.sweep,
    )
    job.refresh_from_db()
    if isinstance(renewed, PlatformError):
        assert (renewed.code, swept["reaped"]) == ("lease-lost", 1)
        assert (job.state, job.progress) == (JobState.QUEUED, {})
    else:
        assert swept["reaped"] == 0
        assert (job.state, job.fencing_token) == (JobState.RUNNING, token)
    assert ledger.verify().is_intact


def test_two_sweeps_at_once_reap_once(job, scope):
    leases.claim(scope, job.pk, worker="w-1", boot="00000001")
    Job.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    outcomes = at_once(leases.sweep, leases.sweep, leases.sweep)
    assert sum(one["reaped"] for one in outcomes) == 1
    assert LedgerEntry.objects.filter(verb="job.queued").count() == 2, "the order and the reaping"


def test_the_same_order_twice_at_once_is_one_job(wish):
    from dataclasses import replace

    same = replace(wish, idempotency_key="press-1")
    first, second = at_once(
        lambda: orders.order(portal_scope(), same), lambda: orders.order(portal_scope(), same)
    )
    assert first.pk == second.pk
    assert Job.objects.count() == LedgerEntry.objects.filter(verb="job.queued").count() == 1


def test_a_code_that_two_machines_send_at_once_enrols_one(graz):
    code = credentials.issue_code(portal_scope(), graz)
    outcomes = at_once(lambda: credentials.enrol(code), lambda: credentials.enrol(code))
    assert refused(outcomes) == ["code-unusable"]
    assert PlantCredential.objects.live().count() == 1
    assert EnrolmentCode.objects.get().used_at is not None


def test_a_new_credential_that_is_first_used_twice_at_once_is_activated_once(agent):
    new = credentials.rotate(PlantCredential.objects.get())
    outcomes = at_once(*[lambda: credentials.authenticate(new.token)] * 3)
    assert {one.pk for one in outcomes} == {new.credential.pk}
    assert PlantCredential.objects.live().get() == new.credential
    verbs = LedgerEntry.objects.filter(verb="credential.activated")
    assert verbs.filter(subject=f"credential:{new.credential.pk}").count() == 1


def test_a_role_that_two_administrators_withdraw_at_once_is_withdrawn_once(otto):
    membership = otto.memberships.get()
    at_once(*[lambda: sites.withdraw_role(portal_scope(), membership)] * 2)
    assert not otto.memberships.filter(role=Role.OPERATOR)
    assert LedgerEntry.objects.filter(verb="role.withdrawn").count() == 1


def test_the_same_part_twice_at_once_is_written_once(job, scope):
    data = small_model()
    token = leases.claim(scope, job.pk, worker="w-1", boot="00000001").order["token"]
    upload = artifacts.announce(scope, job, token=token, sha256=sha256(data), size=len(data))
    half = data[: len(data) // 2]
    outcomes = at_once(
        *[lambda: artifacts.append(scope, upload.pk, offset=0, part=half)] * 2,
    )
    assert refused(outcomes) == ["wrong-offset"]
    done = artifacts.append(scope, upload.pk, offset=len(half), part=data[len(half) :])
    assert done.completed_at is not None
    assert artifacts.quarantine_path(upload).read_bytes() == data


def test_a_result_that_two_verifiers_settle_at_once_is_recorded_once(agent, job):
    data = small_model()
    agent.result(job, work(agent, job, data), data)
    at_once(lambda: results.settle(job.pk), lambda: results.settle(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.detail
    assert ModelVersion.objects.count() == Evaluation.objects.count() == 1
    assert LedgerEntry.objects.filter(verb="job.succeeded").count() == 1
    assert ledger.verify().is_intact


def test_a_cancellation_and_a_result_in_the_same_moment_agree_on_one_of_them(agent, job):
    data = small_model()
    token = work(agent, job, data)
    taken, cancelled = at_once(
        lambda: agent.result(job, token, data).json(), lambda: jobs.cancel(portal_scope(), job)
    )
    job.refresh_from_db()
    # The result of work that is done is taken, whether or not somebody wished it away meanwhile.
    assert taken == {"state": "verifying"}
    assert job.state == JobState.VERIFYING
    assert isinstance(cancelled, PlatformError) or job.cancel_requested_at is not None


def test_the_ledger_stays_one_chain_under_many_writers(graz, leipzig):
    at_once(
        *(
            lambda plant=plant: [credentials.issue_code(portal_scope(), plant) for _ in range(5)]
            for plant in (graz, leipzig, graz, leipzig)
        )
    )
    assert LedgerEntry.objects.count() == 20
    assert ledger.verify().is_intact
