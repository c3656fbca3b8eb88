"""One job from ring to ending: nothing unsigned runs, and every job ends in one way or another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plants.agent.lease import Lease
from plants.agent.supervisor import Supervisor
from registry.domain import orders
from tests.plants.agent.portal_server import JOB, Heard, claim_of, enrolled, order, serving

OTHER = "22222222-2222-4222-8222-222222222222"


def portal_with(claim, **answers):
    """A portal that hands out this claim and answers the rest politely."""

    def script(heard: Heard):
        if heard.what == "claim":
            return claim if isinstance(claim, tuple) else (200, claim)
        return answers.get(heard.what, (200, {"cancel": False}))

    return serving(script)


def run(portal, tmp_path, *, job=JOB, policy="", **enrolment):
    home, credential = enrolled(tmp_path / "agent", portal.url, **enrolment)
    if policy:
        home.policy_file.write_text(policy)
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    supervisor = Supervisor(home, credential, data, worker="graz-1", boot="0a0b0c0d")
    return supervisor.run(job)


@pytest.mark.parametrize(
    "job", ["", "x", "../../rotation", JOB.upper() + "x", f"{JOB}/..", JOB[:-1], 7, None, [JOB]]
)
def test_a_ring_that_names_no_job_asks_the_portal_nothing(job, tmp_path):
    with portal_with(claim_of(order())) as portal:
        assert run(portal, tmp_path, job=job).startswith("not claimed")
    assert portal.heard == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, {"code": "not-found"}), "not-found"),
        ((409, {"code": "not-queued"}), "not-queued"),
        ((401, {"code": "credential-invalid"}), "credential-invalid"),
        ((422, {}), "invalid"),
        ((200, {}), "bad-reply"),
        ((200, {"order": 7, "signature": "", "lease_seconds": 1}), "bad-reply"),
        ((200, {"order": {"token": "x"}, "signature": "", "lease_seconds": 1}), "bad-reply"),
    ],
)
def test_a_job_that_is_not_to_be_had_is_left_alone(answer, why, tmp_path):
    with portal_with(answer) as portal:
        assert run(portal, tmp_path) == f"not claimed: {why}"
    assert [one.what for one in portal.heard] == ["claim"]
    assert not (tmp_path / "agent" / "jobs").exists()


def yesterday() -> str:
    return (datetime.now(UTC) - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    "claim",
    [
        claim_of(order(), key=orders.new_key()),
        {**claim_of(order()), "order": order(dataset="another")},
        {**claim_of(order()), "signature": ""},
        {**claim_of(order()), "signature": "zz"},
        claim_of(order(plant="leipzig")),
        claim_of(order(job=OTHER)),
        claim_of(order(job="../../..")),
        claim_of(order(not_after=yesterday())),
        claim_of(order(recipe_digest="0" * 64)),
    ],
    ids=[
        *("another portal's key", "changed after signing", "no signature", "no hexadecimal"),
        *("another plant's", "another job's", "a path", "expired", "another recipe"),
    ],
)
def test_an_order_that_does_not_hold_is_not_run(claim, tmp_path):
    with portal_with(claim) as portal:
        assert run(portal, tmp_path) == "failed: order-invalid"
    assert portal.said("failure") == [
        {"token": 1, "code": "order-invalid", "log_reference": JOB.split("-")[0]}
    ]
    assert not (tmp_path / "agent" / "jobs").exists(), "nothing was written for it"


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("kinds: [evaluate]", "policy-kind"),
        ("recipes: [other]", "policy-recipe"),
        ("requesters: [clara]", "policy-requester"),
        ("not: a policy", "policy-kind"),
    ],
)
def test_a_plant_that_says_no_refuses_by_code(policy, code, tmp_path):
    with portal_with(claim_of(order())) as portal:
        assert run(portal, tmp_path, policy=policy) == f"refused: {code}"
    assert portal.said("refusal") == [{"token": 1, "code": code}]
    assert not (tmp_path / "agent" / "jobs").exists()


def test_an_ending_that_the_portal_no_longer_takes_is_no_error(tmp_path):
    with portal_with(claim_of(order(plant="x")), failure=(409, {"code": "lease-lost"})) as portal:
        assert run(portal, tmp_path) == "failed: order-invalid (not told: lease-lost)"
    assert len(portal.said("failure")) == 1


@pytest.mark.slow
def test_a_failure_of_the_work_crosses_the_line_as_a_code_and_stays_as_a_sentence(tmp_path):
    with portal_with(claim_of(order(dataset="missing"))) as portal:
        assert run(portal, tmp_path) == "failed: dataset-missing"
    folder = tmp_path / "agent" / "jobs" / JOB
    assert folder.stat().st_mode & 0o777 == 0o700
    assert "missing" in (folder / "failure.json").read_text()
    assert "Traceback" in (folder / "job.log").read_text()
    outward = b"".join(one.body for one in portal.heard).decode()
    assert str(tmp_path) not in outward
    assert "Traceback" not in outward


@pytest.mark.slow
def test_an_order_that_breaks_the_supervisor_fails_as_internal(tmp_path):
    made = order()
    del made["parent"]
    with portal_with(claim_of(made)) as portal:
        assert run(portal, tmp_path) == "failed: internal"
    assert portal.said("failure")[0]["code"] == "internal"


@pytest.mark.slow
def test_a_lost_lease_stops_the_work(tmp_path):
    with portal_with(claim_of(order()), progress=(409, {"code": "lease-lost"})) as portal:
        assert run(portal, tmp_path) == "stopped: lease-lost"
    assert portal.said("failure") == []


@pytest.mark.slow
def test_a_wish_to_cancel_is_confirmed(tmp_path):
    with portal_with(claim_of(order()), progress=(200, {"cancel": True})) as portal:
        assert run(portal, tmp_path) == "cancelled"
    assert portal.said("cancellation") == [{"token": 1}]


def test_a_lease_is_renewed_at_a_third_of_its_length_and_news_travel_at_once():
    from plants.agent.client import Portal

    with serving(lambda heard: (200, {"cancel": False})) as portal:
        line = Portal(portal.url, "t")
        lease = Lease(line, JOB, 5, seconds=600)
        for fraction in (0.1, 0.1, 0.1, 0.2):
            lease.renew("running", {"phase": "training", "fraction": fraction})
        short = Lease(line, JOB, 5, seconds=0)
        for _ in range(2):
            short.renew("running", {"phase": "training", "fraction": 0.1})
        line.close()
    told = [body["progress"]["fraction"] for body in portal.said("progress")]
    assert told == [0.1, 0.2, 0.1, 0.1]
    assert Lease(line, JOB, 5, seconds=30)._every_seconds == 10


def test_a_portal_that_is_away_for_a_moment_does_not_stop_the_work():
    from plants.agent.client import Portal

    answers = iter([(503, {}), (503, {}), (200, {"cancel": False})])
    with serving(lambda heard: next(answers)) as portal:
        line = Portal(portal.url, "t")
        lease = Lease(line, JOB, 5, seconds=600)
        for _ in range(4):
            lease.renew("running", {"phase": "training", "fraction": 0.1})
        line.close()
    assert len(portal.heard) == 3, "asked again until it was told, then quiet"
