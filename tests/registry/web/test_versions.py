from __future__ import annotations

import pytest
from django.urls import reverse

from registry.models import Baseline
from tests.factories import registry as rows


@pytest.fixture
def candidate(shown):
    """A version of the centre that has not been published."""
    return rows.version(shown.family, shown.recipe, "centre", "1.1.0", n=240)


def publish(client, version, notes: str = "Brighter light at three plants; start from it."):
    path = reverse("registry:version-publish", args=[version.pk])
    return client.post(path, {"release_notes": notes})


def test_the_model_card_shows_everything_that_made_the_version(client, shown, vera):
    client.force_login(vera)
    page = client.get(shown.local.get_absolute_url()).content.decode()
    version = shown.local
    for fact in (
        version.artifact_id,
        version.manifest.digest,
        version.recipe.digest,
        version.resolved_digest,
        version.code_commit,
        version.environment_digest,
        version.parent.get_absolute_url(),
        version.job.get_absolute_url(),
        "temperature",
        "413\u00a0kB",
        "filterbank_linear@1",
    ):
        assert fact in page, fact


@pytest.mark.parametrize(("who", "offered"), [("ines", True), ("clara", True), ("vera", False)])
def test_ordering_is_offered_to_whoever_may_and_explained_to_others(
    client, shown, request, who, offered
):
    client.force_login(request.getfixturevalue(who))
    order = f"{reverse('plants:job-new')}?kind=evaluate"
    for row in (shown.local, rows.family("empty-family"), shown.recipe):
        page = client.get(row.get_absolute_url()).content.decode()
        assert ("may order jobs" in page or "data scientists may)" in page) is not offered
        assert offered or order not in page


def test_figures_stand_with_interval_and_rows_class_by_class(client, shown, vera):
    client.force_login(vera)
    answer = client.get(shown.local.get_absolute_url())
    page = answer.context["page"]
    assert [one.name for one in page.classes] == ["good", "scratch", "pit", "stain"]
    assert all(one.recall["low"] <= one.recall["value"] for one in page.classes)
    assert sum(row.total for row in page.confusion) == shown.local.metrics["n"]
    assert "n\u00a0=\u00a0190" in answer.content.decode()
    assert page.gates[0]["outcome"] == "pass"


def test_the_lead_compares_with_the_baseline_on_the_same_rows_only(client, shown, vera):
    client.force_login(vera)
    page = client.get(shown.local.get_absolute_url()).content.decode()
    assert "on the same rows" in page
    other = rows.version(shown.family, shown.recipe, "graz", "1.1.0")
    page = client.get(other.get_absolute_url()).content.decode()
    assert "the baseline has not been scored on these rows" in page


def test_a_data_scientist_publishes_a_baseline_that_supersedes_the_former(
    client, shown, candidate, clara
):
    client.force_login(clara)
    assert (
        "Offer this version to every plant?"
        in client.get(candidate.get_absolute_url()).content.decode()
    )
    assert publish(client, candidate).status_code == 302
    current = Baseline.objects.get(family=shown.family, superseded_at__isnull=True)
    assert current.version == candidate
    page = client.get(shown.baseline.get_absolute_url()).content.decode()
    assert "A former baseline of" in page


def test_a_baseline_without_release_notes_is_refused_where_they_belong(client, candidate, clara):
    client.force_login(clara)
    answer = publish(client, candidate, "  ")
    assert answer.status_code == 422
    assert "Write at least one sentence." in answer.content.decode()
    assert not Baseline.objects.filter(version=candidate).exists()


def test_a_local_version_offers_no_publication_and_refuses_one(client, shown, clara):
    client.force_login(clara)
    assert "Publish as baseline" not in client.get(shown.local.get_absolute_url()).content.decode()
    assert publish(client, shown.local).status_code == 409


def test_a_manager_reads_who_may_publish_and_is_refused(client, candidate, petra):
    client.force_login(petra)
    page = client.get(candidate.get_absolute_url()).content.decode()
    assert "A central data scientist may publish it." in page
    assert publish(client, candidate).status_code == 403
    assert not Baseline.objects.filter(version=candidate).exists()


def test_a_family_compares_each_plant_with_the_baseline_on_the_same_hold_out(client, shown, clara):
    client.force_login(clara)
    page = client.get(shown.family.get_absolute_url()).context["page"]
    of_graz = next(one for one in page.comparisons if one.evaluation.plant_code == "graz")
    assert of_graz.verdict == "better"
    assert of_graz.norm["n"] == of_graz.figure["n"] == 190
    assert (page.better, page.compared) == (1, 1)


def test_a_plant_scored_on_other_rows_than_the_baseline_is_not_compared(client, shown, clara):
    rows.version(shown.family, shown.recipe, "brno", "1.0.0")
    client.force_login(clara)
    page = client.get(shown.family.get_absolute_url()).context["page"]
    of_brno = next(one for one in page.comparisons if one.evaluation.plant_code == "brno")
    assert of_brno.verdict == "not comparable yet"
    assert of_brno.norm is None


def test_a_manifest_shows_shares_and_keeps_small_counts_hidden(client, shown, vera):
    client.force_login(vera)
    answer = client.get(shown.manifest.get_absolute_url())
    shares = {one.name: one.rows for one in answer.context["page"].contents.classes}
    assert shares["good"] is not None
    assert None in shares.values()
    assert "hidden: a small count" in answer.content.decode()


def test_a_version_moves_on_from_its_page_along_legal_moves(client, shown, ines, vera):
    client.force_login(ines)
    page = client.get(shown.local.get_absolute_url()).content.decode()
    assert "Propose as candidate" in page
    assert 'value="approved"' not in page, "from draft nothing is approved"
    address = reverse("registry:version-stage", args=[shown.local.pk])
    answer = client.post(address, {"to": "candidate"}, follow=True)
    assert "candidate now" in answer.content.decode()
    shown.local.refresh_from_db()
    assert shown.local.stage == "candidate"
    assert "approver or data scientist may" in answer.content.decode()
    for to in ("approved", "draft-ish", ""):
        assert client.post(address, {"to": to}).status_code in {403, 422}
    client.force_login(vera)
    assert client.post(address, {"to": "retired"}).status_code == 403
    shown.local.refresh_from_db()
    assert shown.local.stage == "candidate"
