from __future__ import annotations

import pytest
from django.urls import reverse

from registry.domain.jobs import JobState
from registry.models import Job
from tests.factories.plants import Fleet
from tests.registry.web.comparisons.asking import PAGE, address, words

ORDER = "registry:version-compare-order"


def body(shown: Fleet, **changes: str) -> dict[str, str]:
    facts = address(shown.local, shown.baseline, plant="graz", dataset="castings")
    return facts | changes


def pairs_ordered() -> list[Job]:
    return list(Job.objects.exclude(against=None))


def test_an_engineer_orders_the_proof_with_one_click(shown, client, ines):
    client.force_login(ines)
    answer = client.post(reverse(ORDER), body(shown), follow=True)
    (job,) = pairs_ordered()
    assert (job.kind, job.plant_code, job.dataset) == ("evaluate", "graz", "castings")
    assert (job.parent, job.against) == (shown.local, shown.baseline)
    assert job.resolved_digest == shown.local.resolved_digest
    page = words(answer)
    assert "Both are being scored on the same rows" in page
    assert reverse("registry:version-compare-progress", args=[job.pk]) in page
    client.post(reverse(ORDER), body(shown))
    assert pairs_ordered() == [job], "a second click orders nothing"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"dataset": "secrets"}, 422),
        ({"plant": "brno"}, 422),
        ({"a": "x"}, 422),
        ({"b": "00000000-0000-4000-8000-000000000000"}, 404),
    ],
    ids=["another data set", "another plant", "no version", "unknown version"],
)
def test_an_order_that_the_page_does_not_offer_is_refused(change, status, shown, client, ines):
    client.force_login(ines)
    assert client.post(reverse(ORDER), body(shown, **change)).status_code == status
    assert pairs_ordered() == []


def test_a_version_cannot_be_ordered_against_itself(shown, client, ines):
    client.force_login(ines)
    answer = client.post(reverse(ORDER), body(shown, b=str(shown.local.pk)), follow=True)
    assert "with itself" in words(answer)
    assert pairs_ordered() == []


def test_an_operator_is_told_who_may_order_it(shown, client, otto):
    client.force_login(otto)
    page = words(client.get(reverse(PAGE), address(shown.local, shown.baseline)))
    assert "Engineers of the plant and central data scientists may order it" in page
    assert client.post(reverse(ORDER), body(shown)).status_code == 403
    assert pairs_ordered() == []


def test_the_page_follows_the_job_and_asks_for_itself_when_it_has_ended(shown, client, ines):
    client.force_login(ines)
    client.post(reverse(ORDER), body(shown))
    (job,) = pairs_ordered()
    url = reverse("registry:version-compare-progress", args=[job.pk])
    running = client.get(url)
    assert "HX-Refresh" not in running
    assert "every 2s" in running.content.decode()
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, code="out-of-memory")
    assert client.get(url)["HX-Refresh"] == "true"
    page = words(client.get(reverse(PAGE), address(shown.local, shown.baseline)))
    assert "The last attempt to score both on the same rows ended without a result." in page
    assert "Score both on castings at Graz" in page
