from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.domain.jobs import FAILURE_CODES, REFUSAL_CODES, JobState
from registry.models import Job, LedgerEntry
from tests.factories import registry as rows


def progress(client, job: Job, seen: str = ""):
    return client.get(reverse("registry:job-progress", args=[job.pk]), {"seen": seen})


def test_a_running_job_shows_phase_bar_metric_and_what_comes_next(client, shown, vera):
    client.force_login(vera)
    page = client.get(shown.running.get_absolute_url()).content.decode()
    for words in ("epoch 6 of 14", "batch 17 of 40", 'value="0.4300"', "0.912", "43\u00a0%"):
        assert words in page
    assert "sending the artifact" in page
    assert 'hx-trigger="every 1.5s"' in page


def test_the_fragment_asks_again_while_the_job_is_open_and_stops_at_its_end(client, shown, vera):
    client.force_login(vera)
    running = progress(client, shown.running)
    assert running.status_code == 200
    assert "hx-get" in running.content.decode()
    ended = progress(client, shown.failed)
    assert ended.status_code == 286
    assert "hx-get" not in ended.content.decode()


def test_actions_and_history_come_along_only_when_the_state_has_moved(client, shown, ines):
    client.force_login(ines)
    unmoved = progress(client, shown.running, "running-1").content.decode()
    assert 'id="job-actions"' not in unmoved
    moved = progress(client, shown.running, "preparing-1").content.decode()
    for part in ('id="job-actions"', 'id="job-history"', 'id="voice"'):
        assert part in moved


def test_a_failure_says_why_in_one_line_with_rule_node_and_the_way_out(client, shown, vera):
    client.force_login(vera)
    page = client.get(shown.failed.get_absolute_url()).content.decode()
    assert FAILURE_CODES["verifier-refused"] in page
    for words in ("operator-not-allowed", "/head/Loop_3", "job-20261121-7f3a"):
        assert words in page


@pytest.mark.parametrize("code", sorted(FAILURE_CODES))
def test_every_failure_code_has_its_sentence_on_the_page(client, graz, vera, code):
    job = rows.job(rows.family(), rows.recipe(), state=JobState.FAILED, code=code)
    client.force_login(vera)
    answer = client.get(job.get_absolute_url())
    assert answer.context["page"].reason == FAILURE_CODES[code]


@pytest.mark.parametrize("code", sorted({**FAILURE_CODES, **REFUSAL_CODES}))
def test_every_reason_names_what_somebody_can_do(code):
    sentence = {**FAILURE_CODES, **REFUSAL_CODES}[code]
    what, _, way_out = sentence.rstrip(".").partition("; ")
    assert what
    assert way_out, sentence


def test_too_few_rows_says_how_many_the_recipe_asks_for(client, graz, vera):
    job = rows.job(rows.family(), rows.recipe(), state=JobState.FAILED, code="too-few-rows")
    client.force_login(vera)
    contract = job.resolved_recipe["data_contract"]
    words = client.get(job.get_absolute_url()).content.decode()
    assert f"at least {contract['min_rows']} rows and {contract['min_per_class']} of" in words


@pytest.mark.parametrize("state", list(JobState))
def test_a_job_in_any_state_has_a_page_and_a_fragment(client, graz, vera, state):
    job = rows.job(rows.family(), rows.recipe(), state=state)
    client.force_login(vera)
    assert client.get(job.get_absolute_url()).status_code == 200
    assert progress(client, job).status_code in (200, 286)


def test_the_ledger_tells_the_job_in_order(client, shown, vera):
    client.force_login(vera)
    events = client.get(shown.failed.get_absolute_url()).context["page"].events
    said = [event.what for event in events]
    assert said[0] == "ordered"
    assert said[1] == "claimed by graz-line-1"
    assert said[-1] == "failed: verifier-refused"


def test_an_engineer_cancels_and_the_worker_is_asked_to_stop(client, shown, ines):
    client.force_login(ines)
    answer = client.post(reverse("registry:job-cancel", args=[shown.running.pk]))
    assert answer.status_code == 302
    shown.running.refresh_from_db()
    assert shown.running.cancel_requested_by == "ines"
    page = client.get(shown.running.get_absolute_url()).content.decode()
    assert "ines asked it to stop" in page
    assert "Cancel the job</button>" not in page.split('id="cancel"')[0]


def test_cancelling_a_job_that_has_ended_is_refused_with_a_sentence(client, shown, ines):
    client.force_login(ines)
    answer = client.post(reverse("registry:job-cancel", args=[shown.done.pk]))
    assert answer.status_code == 409
    assert "This job has ended" in answer.content.decode()


def test_an_engineer_orders_an_ended_job_again_once(client, shown, ines):
    client.force_login(ines)
    path = reverse("registry:job-retry", args=[shown.failed.pk])
    first, second = client.post(path), client.post(path)
    assert first.url == second.url
    again = Job.objects.get(retry_of=shown.failed)
    assert again.state == JobState.QUEUED
    assert again.requested_by == "ines"


@pytest.mark.parametrize("who", ["vera", "otto", "petra"])
def test_whoever_may_not_act_sees_who_may_and_changes_nothing(client, shown, request, who):
    client.force_login(request.getfixturevalue(who))
    running = client.get(shown.running.get_absolute_url()).content.decode()
    assert "Engineers of the plant and central data scientists may cancel it." in running
    ledger = LedgerEntry.objects.count()
    for name, job in (("job-cancel", shown.running), ("job-retry", shown.failed)):
        answer = client.post(reverse(f"registry:{name}", args=[job.pk]))
        assert answer.status_code == 403
        assert "ask an administrator" in answer.content.decode()
    assert LedgerEntry.objects.count() == ledger
    assert not Job.objects.filter(retry_of=shown.failed).exists()


def test_a_stranger_may_not_even_know_of_the_job(client, shown, stan):
    client.force_login(stan)
    for name in ("job-cancel", "job-retry"):
        path = reverse(f"registry:{name}", args=[shown.running.pk])
        assert client.post(path).status_code == 404
    shown.running.refresh_from_db()
    assert shown.running.cancel_requested_at is None


def test_a_page_of_a_job_at_a_silent_plant_says_so(client, shown, clara):
    client.force_login(clara)
    page = client.get(shown.queued.get_absolute_url()).content.decode()
    assert "worker is silent since" in page


def test_a_job_whose_lease_ran_out_says_so(client, shown, vera):
    Job.objects.filter(pk=shown.running.pk).update(lease_expires_at=timezone.now())
    client.force_login(vera)
    assert "its lease has run out" in client.get(shown.running.get_absolute_url()).content.decode()


def test_the_list_asks_again_while_something_is_open_and_rests_when_nothing_is(client, shown, vera):
    client.force_login(vera)
    address = reverse("registry:job-list")
    page = client.get(f"{address}?plant=graz").content.decode()
    assert 'hx-get="/jobs/?plant=graz" hx-trigger="every 5s"' in page
    assert f'id="job-{shown.running.pk}"' in page, "the focus survives the swap by its id"
    Job.objects.open().update(state=JobState.CANCELLED, ended_at=timezone.now())
    assert "every 5s" not in client.get(address).content.decode()


def test_each_count_of_a_queue_leads_to_the_jobs_it_counts(client, shown, clara):
    client.force_login(clara)
    answer = client.get(reverse("registry:job-list"))
    page = answer.content.decode()
    for queue in answer.context["queues"]:
        for state, count in (("queued", queue["waiting"]), ("at-work", queue["at_work"])):
            wishes = {"plant": queue["plant_code"], "state": state}
            listed = client.get(reverse("registry:job-list"), wishes).context["listing"]
            assert listed.page.paginator.count == count
            link = f'href="?plant={queue["plant_code"]}&amp;state={state}"'
            assert (link in page) == (count > 0)
