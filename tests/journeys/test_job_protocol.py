"""The main job over HTTP: a plant enrols, claims, works, uploads; the registry records it once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from plants.models import PlantCredential
from plants.services import credentials, orders
from plants.services.access import scope_for
from registry.domain import orders as signatures
from registry.domain.access import CENTRE, portal_scope
from registry.domain.digests import sha256
from registry.domain.jobs import JobKind, JobState
from registry.models import Evaluation, Job, LedgerEntry, ModelVersion
from registry.services import families, jobs, leases, ledger, recipes, results, versions
from tests.factories.agent import RECIPE, Agent, manifest, report, small_model, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(db):
    return families.declare(
        portal_scope(), slug="surface", title="Surface", task_kind="images", good_class="good"
    )


@pytest.fixture
def recipe(db):
    return recipes.publish(portal_scope(), source=RECIPE)


@pytest.fixture
def job(graz, ines, family, recipe):
    wish = jobs.Wish(JobKind.RETRAIN, "graz", family, "surface", recipe)
    return orders.order(scope_for(ines), wish)


@pytest.fixture
def agent(client, graz):
    return Agent(client, graz)


def test_a_plant_retrains_and_the_registry_records_one_version(agent, job):
    data = small_model()
    token = work(agent, job, data)
    assert agent.result(job, token, data).json() == {"state": "verifying"}
    results.settle(job.pk)
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.SUCCEEDED, ""), job.detail
    version = ModelVersion.objects.get()
    assert (version.origin, version.version, version.kind) == ("graz", "1.0.0", "local")
    assert version.artifact_id == sha256(data)
    assert version.metrics["metrics"]["accuracy"]["value"] == 1.0
    assert Evaluation.objects.get().version == version
    assert ledger.verify().is_intact
    verbs = list(
        LedgerEntry.objects.filter(subject=f"job:{job.pk}")
        .order_by("sequence")
        .values_list("verb", flat=True)
    )
    assert verbs == [
        "job.queued",
        "job.leased",
        "job.preparing",
        "job.running",
        "job.verifying",
        "job.succeeded",
    ]


def test_settling_twice_records_once(agent, job):
    data = small_model()
    agent.result(job, work(agent, job, data), data)
    results.settle(job.pk)
    before = LedgerEntry.objects.count()
    results.settle(job.pk)
    assert ModelVersion.objects.count() == Evaluation.objects.count() == 1
    assert LedgerEntry.objects.count() == before


def test_the_same_inputs_again_are_the_same_version(agent, job, ines, family, recipe):
    data = small_model()
    agent.result(job, work(agent, job, data), data)
    results.settle(job.pk)
    wish = jobs.Wish(JobKind.RETRAIN, "graz", family, "surface", recipe)
    again = orders.order(scope_for(ines), wish)
    agent.result(again, work(agent, again, data), data)
    results.settle(again.pk)
    again.refresh_from_db()
    assert again.state == JobState.SUCCEEDED
    assert again.result["version"] == str(ModelVersion.objects.get().pk)


def test_the_order_is_signed_for_the_pinned_key(agent, job):
    claim = agent.claim(job).json()
    signatures.check_signature(agent.answer["portal_key"], claim["order"], claim["signature"])
    claim["order"]["dataset"] = "another"
    with pytest.raises(Exception, match="not signed"):
        signatures.check_signature(agent.answer["portal_key"], claim["order"], claim["signature"])


def test_a_job_has_one_holder(agent, job):
    first = agent.claim(job, boot="aaaaaaaa-1")
    assert first.status_code == 200
    assert agent.claim(job, boot="aaaaaaaa-1").json()["order"]["token"] == 1, "sent again: the same"
    refused = agent.claim(job, boot="bbbbbbbb-2")
    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "not-queued"


def test_a_lost_worker_is_fenced_off(agent, job):
    data = small_model()
    token = work(agent, job, data)
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert leases.sweep()["reaped"] == 1
    assert agent.result(job, token, data).json()["code"] == "lease-lost"
    again = agent.claim(job, boot="cccccccc-3").json()["order"]
    assert (again["attempt"], again["token"]) == (2, 2)
    assert agent.result(job, token, data).json()["code"] == "lease-lost", "the old token is dead"
    assert not ModelVersion.objects.exists()


def test_a_job_that_loses_its_worker_twice_fails(agent, job):
    for boot in ("aaaaaaaa", "bbbbbbbb"):
        assert agent.claim(job, boot=boot).status_code == 200
        Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        leases.sweep()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "worker-lost")


def test_a_renewed_lease_is_not_reaped(agent, job):
    agent.claim(job)
    assert leases.sweep()["reaped"] == 0


def test_a_worker_that_starts_anew_gives_back_what_it_held(agent, job):
    beat = {"worker": "w-1", "agent_version": "1", "datasets": [], "operations": []}
    assert agent.call("heartbeat/", beat | {"boot": "aaaaaaaa-1"}).status_code == 200
    agent.claim(job, boot="aaaaaaaa-1")
    assert agent.call("heartbeat/", beat | {"boot": "bbbbbbbb-2"}).status_code == 200
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_cancelling_reaches_the_worker_by_its_next_reply(agent, job, ines):
    token = agent.claim(job).json()["order"]["token"]
    stopped = {"token": token}
    assert agent.call(f"jobs/{job.pk}/cancellation/", stopped).status_code == 409, "nobody asked"
    jobs.cancel(scope_for(ines), job)
    body = {"token": token, "state": "running", "progress": {"phase": "training", "fraction": 0.5}}
    assert agent.call(f"jobs/{job.pk}/progress/", body).json() == {"cancel": True}
    assert agent.call(f"jobs/{job.pk}/cancellation/", stopped).json() == {"state": "cancelled"}


def test_progress_never_goes_back(agent, job):
    token = agent.claim(job).json()["order"]["token"]
    for fraction in (0.5, 0.2):
        progress = {"phase": "training", "fraction": fraction}
        agent.call(
            f"jobs/{job.pk}/progress/",
            {"token": token, "state": "running", "progress": progress},
        )
    job.refresh_from_db()
    assert job.progress["fraction"] == 0.5


def test_the_verifier_s_refusal_names_rule_and_node(agent, job):
    data = b"this is no model" * 10
    token = work(agent, job, data)
    agent.result(job, token, data)
    results.settle(job.pk)
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "verifier-refused")
    assert job.detail["rule"] == "not-onnx"
    assert not ModelVersion.objects.exists()


def test_figures_that_contradict_their_counts_are_refused(agent, job):
    data = small_model()
    token = work(agent, job, data)
    lying = report()
    lying["metrics"]["accuracy"]["value"] = 0.5
    refused = agent.result(job, token, data, report=lying)
    assert refused.status_code == 422
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.PREPARING, {}), "nothing was taken"


@pytest.mark.parametrize(
    "signature",
    [
        {"kind": "table", "classes": ["good", "scratch"], "numeric": ["a"]},
        {"kind": "images", "classes": ["scratch", "good"]},
        {"kind": "images", "classes": ["good", "scratch", "pit"]},
    ],
    ids=["another kind", "another order of classes", "another class"],
)
def test_a_result_for_something_else_than_was_ordered_is_refused(agent, job, signature):
    data = small_model()
    token = work(agent, job, data)
    refused = agent.result(job, token, data, signature=signature)
    assert (refused.status_code, refused.json()["code"]) == (422, "signature-mismatch")
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.PREPARING, {}), "nothing was taken"
    assert agent.result(job, token, data).json() == {"state": "verifying"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"token": 1, "code": "internal", "log_reference": "x", "text": "C:/secret.png"}, "body"),
        ({"token": 1, "code": "it broke at /data/part 7.png", "log_reference": "x"}, "code"),
        ({"token": 1, "code": "internal", "log_reference": "../../etc"}, "log_reference"),
        ({"code": "internal", "log_reference": "x"}, "body"),
        ([], "body"),
    ],
)
def test_a_failure_carries_a_code_and_nothing_else(agent, job, body, place):
    agent.claim(job)
    refused = agent.call(f"jobs/{job.pk}/failure/", body)
    assert refused.status_code == 422
    if isinstance(body, dict):
        assert place in refused.json()["fields"]
    job.refresh_from_db()
    assert job.state == JobState.LEASED


def test_another_plant_s_agent_sees_nothing_of_a_job(client, agent, job, leipzig):
    data = small_model()
    token = work(agent, job, data)
    stranger = Agent(client, leipzig)
    upload = job.uploads.get()
    answers = [
        stranger.claim(job),
        stranger.result(job, token, data),
        stranger.send_part(upload.pk, 0, b"x"),
        *(
            stranger.call(f"jobs/{job.pk}/{what}/", body)
            for what, body in {
                "progress": {
                    "token": token,
                    "state": "running",
                    "progress": {"phase": "training", "fraction": 1},
                },
                "manifest": {"token": token, "manifest": manifest()},
                "uploads": {"token": token, "sha256": sha256(data), "size": len(data)},
                "failure": {"token": token, "code": "internal", "log_reference": "x"},
                "refusal": {"token": token, "code": "policy-kind"},
                "cancellation": {"token": token},
            }.items()
        ),
        stranger.call(f"jobs/{job.pk}/parent/", method="get"),
        stranger.call(f"uploads/{upload.pk}/", method="get"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)


def test_a_revoked_credential_opens_nothing(agent, job, adam):
    credentials.revoke(scope_for(adam), PlantCredential.objects.get())
    assert agent.claim(job).status_code == 401
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_an_enrolment_code_works_once_and_for_a_day(client, graz, adam):
    code = credentials.issue_code(scope_for(adam), graz)
    url = "/api/v1/worker/enrolment/"
    assert client.post(url, {"code": code}, content_type="application/json").status_code == 201
    again = client.post(url, {"code": code}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (410, "code-unusable")
    late = credentials.issue_code(scope_for(adam), graz)
    graz.codes.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused = client.post(url, {"code": late}, content_type="application/json")
    assert refused.status_code == 410
    assert PlantCredential.objects.live().count() == 1


def test_rotation_ends_the_old_credential_with_the_new_one_s_first_use(client, agent, job):
    new = agent.call("rotation/").json()
    assert agent.claim(job).status_code == 200, "until then the old one works"
    beat = {
        "worker": "w",
        "boot": "0a0b0c0d",
        "agent_version": "1",
        "datasets": [],
        "operations": [],
    }
    headers = {"Authorization": f"Bearer {new['credential']}"}
    used = client.post(
        "/api/v1/worker/heartbeat/", beat, content_type="application/json", headers=headers
    )
    assert used.status_code == 200
    assert agent.call("heartbeat/", beat).status_code == 401


def test_an_evaluation_scores_the_baseline_at_a_plant(
    client, agent, job, centre, family, recipe, clara, graz
):
    scope = scope_for(clara)
    lab = Agent(client, centre)
    order = orders.order(scope, jobs.Wish(JobKind.RETRAIN, CENTRE, family, "surface", recipe))
    data = small_model()
    lab.result(order, work(lab, order, data), data)
    results.settle(order.pk)
    version = ModelVersion.objects.get(origin=CENTRE)
    assert version.kind == "baseline"
    versions.publish_baseline(scope, version, release_notes="The first.")
    wish = jobs.Wish(JobKind.EVALUATE, "graz", family, "surface", recipe, parent=version)
    scoring = orders.order(scope, wish)
    claim = agent.claim(scoring).json()["order"]
    assert claim["parent"]["artifact"] == sha256(data)
    fetched = agent.call(f"jobs/{scoring.pk}/parent/", method="get")
    assert b"".join(fetched.streaming_content) == data
    token = claim["token"]
    agent.call(f"jobs/{scoring.pk}/manifest/", {"token": token, "manifest": manifest()})
    body = {"token": token, "report": report(), "timings": {}}
    assert agent.call(f"jobs/{scoring.pk}/result/", body).status_code == 200
    results.settle(scoring.pk)
    evaluation = Evaluation.objects.get(plant_code="graz")
    assert (evaluation.version, evaluation.n) == (version, 40)


def test_an_upload_goes_on_where_it_stands(agent, job):
    data = small_model()
    token = agent.claim(job).json()["order"]["token"]
    body = {"token": token, "sha256": sha256(data), "size": len(data)}
    upload = agent.call(f"jobs/{job.pk}/uploads/", body).json()["upload"]
    agent.send_part(upload, 0, data[:100])
    wrong = agent.send_part(upload, 50, data[50:])
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong-offset")
    standing = agent.call(f"jobs/{job.pk}/uploads/", body).json()
    assert standing["offset"] == 100
    assert agent.send_part(upload, 100, data[100:]).json()["complete"] is True


def test_bytes_other_than_announced_start_again(agent, job):
    data = small_model()
    token = agent.claim(job).json()["order"]["token"]
    body = {"token": token, "sha256": sha256(data), "size": len(data)}
    upload = agent.call(f"jobs/{job.pk}/uploads/", body).json()["upload"]
    refused = agent.send_part(upload, 0, b"\0" * len(data))
    assert (refused.status_code, refused.json()["code"]) == (422, "artifact-digest")
    assert agent.call(f"jobs/{job.pk}/uploads/", body).json()["offset"] == 0
    assert agent.result(job, token, data).json()["code"] == "manifest-missing"


def test_a_closed_plant_takes_no_orders(graz, ines, family, recipe):
    graz.closed_at = timezone.now()
    graz.save()
    wish = jobs.Wish(JobKind.RETRAIN, "graz", family, "surface", recipe)
    with pytest.raises(Exception, match="closed"):
        orders.order(scope_for(ines), wish)
    assert not Job.objects.exists()
