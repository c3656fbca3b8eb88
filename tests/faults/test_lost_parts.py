"""Workers, portal and broker die at the worst moment; every job still ends, once."""

from __future__ import annotations

import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def stage(fleet):
    """The fleet with one plant at work and nothing special left from the test before."""
    fleet.set_policy(text="")
    fleet.start_plant()
    return fleet


def gone(stage, job, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while stage.trainings(job=job):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_a_job_whose_worker_is_killed_in_training_runs_again_once(stage):
    job = stage.order(dataset="slow")
    stage.until_training(job)
    stage.kill(name="plant-graz")
    assert gone(stage, job, seconds=5), "the training outlives its worker"
    reaped = stage.until(lambda row: row["state"] == "queued", job, seconds=40)
    assert (reaped["attempt"], reaped["versions"]) == (1, 0)
    stage.start_plant()
    ended = stage.until_ended(job)
    assert (ended["state"], ended["attempt"]) == ("succeeded", 2), ended
    assert (ended["versions"], ended["evaluations"]) == (1, 1)
    assert ended["verbs"].count("job.queued") == 2
    assert ended["verbs"].count("job.succeeded") == 1
    assert stage.ledger()["is_intact"]


def test_a_training_process_that_is_killed_fails_the_job_by_a_code(stage):
    job = stage.order(dataset="slow")
    stage.until_training(job)
    stage.signal_training(job=job, name="SIGKILL")
    ended = stage.until_ended(job)
    assert (ended["state"], ended["code"]) == ("failed", "out-of-memory")
    assert (ended["attempt"], ended["versions"], ended["detail"]) == (1, 0, {})
    assert ended["log_reference"] == job.split("-")[0]
    assert "job.log" in stage.files_of(job=job), "the log stays at the plant"


def test_a_cancelled_training_stops_within_seconds(stage):
    job = stage.order(dataset="slow")
    stage.until_training(job)
    stage.cancel(job=job)
    assert gone(stage, job, seconds=8)
    ended = stage.until_ended(job, seconds=10)
    assert (ended["state"], ended["versions"]) == ("cancelled", 0)


def test_a_portal_that_dies_in_training_and_is_away_at_the_hand_in_gets_the_result_once(stage):
    job = stage.order(dataset="slow")
    stage.until_training(job)
    stage.kill_portal()
    time.sleep(2)
    stage.start_portal()
    assert stage.job(job=job)["state"] == "running", "a short cut costs no lease"
    stage.signal_training(job=job, name="SIGSTOP")
    stage.kill_portal()
    stage.signal_training(job=job, name="SIGCONT")
    try:
        assert gone(stage, job, seconds=60)
        time.sleep(1)  # the upload knocks at a closed door
    finally:
        stage.start_portal()
    ended = stage.until_ended(job)
    assert ended["state"] == "succeeded", ended
    assert (ended["versions"], ended["evaluations"]) == (1, 1)


def test_jobs_whose_rings_were_flushed_all_finish(stage):
    stage.kill(name="plant-graz")
    jobs = [stage.order(dataset="small") for _ in range(3)]
    assert stage.backlog() >= 3
    stage.empty_broker()
    assert stage.backlog() == 0
    stage.start_plant()
    stage.be_patient_no_longer()
    for job in jobs:
        ended = stage.until_ended(job)
        assert (ended["state"], ended["attempt"], ended["versions"]) == ("succeeded", 1, 1), ended


def test_jobs_ordered_while_the_broker_is_dead_finish_when_it_is_back(stage):
    stage.kill_broker()
    jobs = [stage.order(dataset="small") for _ in range(2)]
    assert [stage.job(job=job)["state"] for job in jobs] == ["queued"] * 2
    stage.start_broker()
    stage.be_patient_no_longer()
    for job in jobs:
        ended = stage.until_ended(job)
        assert (ended["state"], ended["attempt"], ended["versions"]) == ("succeeded", 1, 1), ended


def test_every_message_twice_and_forged_ones_do_nothing_twice(stage):
    stage.kill(name="plant-graz")
    stage.empty_broker()
    job = stage.order(dataset="small")
    elsewhere = stage.order(dataset="small", plant="leipzig")
    assert stage.ring_twice() == 2
    for forged in ("00000000-0000-4000-8000-000000000000", elsewhere, "../../rotation", ""):
        stage.forge(job=forged)
    stage.start_plant()
    ended = stage.until_ended(job)
    assert (ended["state"], ended["attempt"], ended["versions"]) == ("succeeded", 1, 1), ended
    stage.settle_again(job=job)
    stage.forge(job=job)
    after = stage.order(dataset="small")
    assert stage.until_ended(after)["state"] == "succeeded", "the worker lives"
    assert stage.job(job=job) == ended
    stranger = stage.job(job=elsewhere)
    assert (stranger["state"], stranger["attempt"]) == ("queued", 0)
    stage.cancel(job=elsewhere)


def test_a_plant_whose_policy_says_no_refuses(stage):
    stage.set_policy(text="kinds: [evaluate]\n")
    ended = stage.until_ended(stage.order(dataset="small"))
    assert (ended["state"], ended["code"]) == ("refused", "policy-kind")
    stage.set_policy(text="max_artifact_mb: 0.000001\n")
    ended = stage.until_ended(stage.order(dataset="small"))
    assert (ended["state"], ended["code"], ended["versions"]) == ("refused", "policy-egress", 0)


def test_an_order_of_another_portal_is_not_run(stage):
    stage.kill(name="plant-graz")
    former = stage.pin_key(key="ab" * 32)
    try:
        stage.start_plant()
        job = stage.order(dataset="small")
        ended = stage.until_ended(job)
    finally:
        stage.kill(name="plant-graz")
        stage.pin_key(key=former)
    assert (ended["state"], ended["code"]) == ("failed", "order-invalid")
    assert ended["verbs"] == ["job.queued", "job.leased", "job.failed"]
