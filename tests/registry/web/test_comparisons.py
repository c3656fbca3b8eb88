from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.domain.jobs import JobState
from registry.models import Evaluation, Job, ModelVersion
from registry.models.versions import MadeBy
from tests.factories import compared
from tests.factories import registry as rows
from tests.factories.plants import Fleet

PAGE = "registry:version-compare"
ORDER = "registry:version-compare-order"


def address(a: ModelVersion | str, b: ModelVersion | str, **more: str) -> dict[str, str]:
    return {"a": str(getattr(a, "pk", a)), "b": str(getattr(b, "pk", b)), **more}


def words(answer) -> str:
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


def evaluations(shown: Fleet) -> tuple[Evaluation, Evaluation]:
    return tuple(
        Evaluation.objects.get(version=version, manifest=shown.manifest)
        for version in (shown.local, shown.baseline)
    )


@pytest.fixture
def proved(shown) -> Fleet:
    """The fleet, with joint counts of its local version and the baseline."""
    compared.pairing(*evaluations(shown))
    return shown


@pytest.fixture
def show(client, ines):
    client.force_login(ines)
    return lambda **query: client.get(reverse(PAGE), query)


# --- What the answer is --------------------------------------------------------------------------
def test_a_proved_difference_is_said_first(proved, show):
    page = words(show(**address(proved.local, proved.baseline)))
    assert "<strong>1.0.0 (graz) is better than 1.0.0 (centre).</strong>" in page
    assert "more of 190 rows than 1.0.0 (centre)" in page
    assert "McNemar p &lt; 0.001): real." in page
    assert "The likeliest reason is the data" in page
    assert page.index("is better than") < page.index("How they score")
    assert "Score both on" not in page, "the proof is there"


def test_the_other_order_says_the_same_of_the_same_version(proved, show):
    page = words(show(**address(proved.baseline, proved.local)))
    assert "<strong>1.0.0 (graz) is better than 1.0.0 (centre).</strong>" in page
    assert "1.0.0 (centre) is right on" in page
    assert "fewer of 190 rows" in page


def test_without_joint_counts_the_answer_is_conservative_and_the_proof_one_click_away(shown, show):
    answer = show(**address(shown.local, shown.baseline))
    page = words(answer)
    assert "unpaired, conservative" in page
    assert "Score both on castings at Graz" in page
    assert answer.context["found"].overall.method == "unpaired"


def test_other_hold_outs_are_not_comparable_and_no_difference_is_given(shown, show):
    other = rows.version(shown.family, shown.recipe, "graz", "1.1.0")
    answer = show(**address(shown.local, other))
    page = words(answer)
    assert "1.0.0 and 1.1.0 are not comparable." in page
    assert "different hold-outs" in page
    found = answer.context["found"]
    assert all(row.difference is None for row in found.metrics)
    assert found.confusion.difference == []
    assert '<th scope="col">Reading</th>' not in page


def test_other_rows_of_one_data_set_are_no_common_hold_out(shown, show):
    other = rows.version(shown.family, shown.recipe, "graz", "1.1.0", manifest=shown.manifest)
    answer = show(**address(shown.local, other))
    assert (shown.local.evaluations.get().n, other.evaluations.get().n) == (190, 75)
    assert answer.context["found"].verdict == "not comparable"


def test_other_classes_are_not_comparable_and_cannot_be_scored_together(shown, show):
    signature = {"kind": "images", "classes": ["good", "dent"]}
    other = rows.version(
        shown.family, shown.recipe, "graz", "2.0.0", manifest=shown.manifest, signature=signature
    )
    page = words(show(**address(shown.local, other)))
    assert "tell other classes apart" in page
    assert "Score both on" not in page


def test_another_family_is_an_answer_too(shown, show, client, clara):
    client.force_login(clara)
    other = rows.version(rows.family("welds"), shown.recipe, "graz", "1.0.0")
    page = words(show(**address(shown.local, other)))
    assert "belong to different families" in page


def test_the_same_data_and_another_recipe_names_the_recipe(shown, show):
    changed = json.loads(json.dumps(shown.recipe.document))
    changed["model"]["l2"] = 7.5
    other = rows.version(
        shown.family,
        shown.recipe,
        "graz",
        "1.1.0",
        manifest=shown.manifest,
        parent=shown.baseline,
        resolved_recipe=changed,
        resolved_digest="7" * 64,
    )
    page = words(show(**address(other, shown.local)))
    assert "Only the recipe differs: from 1.0.0 to 1.1.0: model.l2" in page
    assert "<code>model.l2</code>" in page


def test_only_another_seed_is_said_as_such(shown, show):
    other = rows.version(
        shown.family,
        shown.recipe,
        "graz",
        "1.0.1",
        manifest=shown.manifest,
        parent=shown.baseline,
        seed=18,
    )
    page = words(show(**address(other, shown.local)))
    assert "Only the seed differs: 1.0.1 was trained with seed 18, 1.0.0 with 17." in page


def test_the_same_file_twice_is_said_as_such(shown, show):
    other = rows.version(
        shown.family,
        shown.recipe,
        "graz",
        "1.0.1",
        manifest=shown.manifest,
        artifact=shown.local.artifact,
    )
    assert "Both are the same file, byte for byte." in words(show(**address(other, shown.local)))


def test_an_upload_that_nobody_scored_has_no_figure(shown, show):
    other = upload(shown)
    page = words(show(**address(shown.local, other)))
    assert "No plant has scored 2.0.0" in page
    assert "what an uploader claims is no figure" in page
    assert "0.42" not in page
    assert "not on record" in page
    assert "2.0.0 was uploaded" in page


def upload(shown: Fleet) -> ModelVersion:
    made = rows.version(shown.family, shown.recipe, "graz", "1.9.9")
    facts = {
        field.attname: getattr(made, field.attname)
        for field in made._meta.concrete_fields
        if field.attname not in {"id", "manifest_id", "job_id", "registered_at"}
    }
    brought = {
        "version": "2.0.0",
        "identity": "9" * 64,
        "metrics": {},
        "made_by": MadeBy.UPLOAD,
        "dataset": "castings",
        "claimed_metrics": {"balanced_accuracy": 0.4242},
    }
    return ModelVersion.objects.create(**(facts | brought))


def test_an_upload_that_was_scored_is_compared_with_a_caution(shown, show):
    other = upload(shown)
    rows.evaluation(other, shown.manifest, skill=3.0, n=190)
    answer = show(**address(shown.local, other))
    assert answer.context["found"].overall.n == 190
    assert "Whether 2.0.0 learned from rows of this hold-out is not known." in words(answer)


def test_a_version_trained_on_another_cut_of_the_data_is_compared_with_a_caution(shown, show):
    cut = rows.manifest("graz", rows=301)
    other = rows.version(shown.family, shown.recipe, "graz", "1.1.0", manifest=cut)
    rows.evaluation(other, shown.manifest, n=190)
    page = words(show(**address(other, shown.local)))
    assert "1.1.0 was trained on another cut of this data set" in page
    assert "1.0.0 was trained on another cut" not in page


def test_a_retired_version_says_so(proved, show):
    ModelVersion.objects.filter(pk=proved.local.pk).update(stage="retired")
    assert "1.0.0 (graz) is retired." in words(show(**address(proved.local, proved.baseline)))


# --- What the page holds -------------------------------------------------------------------------
def test_what_is_the_same_is_folded(proved, show):
    answer = show(**address(proved.local, proved.baseline))
    found = answer.context["found"]
    assert found.same
    assert f"The same in both ({len(found.same)})" in words(answer)
    assert {fact.label for fact in found.same} >= {"Commit", "Seed", "Family"}
    assert {fact.label for fact in found.differing} >= {"Trained at", "Manifest", "SHA-256"}


def test_counts_or_shares_is_a_choice_in_the_address(proved, show):
    counts, share, odd = (
        show(**address(proved.local, proved.baseline, view=view))
        for view in ("counts", "share", "upside-down")
    )
    assert counts.context["view"] == odd.context["view"] == "counts"
    assert share.context["view"] == "share"
    assert words(counts) != words(share)


def test_the_hold_out_is_a_choice_in_the_address(proved, show):
    second = rows.manifest("graz", dataset="castings-night")
    for version, skill in ((proved.local, 1.0), (proved.baseline, 1.2)):
        rows.evaluation(version, second, skill=skill, n=120)
    first = show(**address(proved.local, proved.baseline))
    assert first.context["found"].common.manifest == proved.manifest, "with joint counts first"
    other = show(**address(proved.local, proved.baseline, manifest=str(second.pk)))
    assert other.context["found"].common.manifest == second
    assert other.context["found"].overall.n == 120
    assert len(other.context["found"].commons) == 2


def test_descent_is_said_in_words(proved, show):
    page = words(show(**address(proved.local, proved.baseline)))
    assert "1.0.0 (graz) comes from 1.0.0 (centre), 1 step on." in page
    child = rows.version(proved.family, proved.recipe, "graz", "1.1.0", parent=proved.baseline)
    page = words(show(**address(proved.local, child)))
    assert "Both come from" in page
    lone = rows.version(proved.family, proved.recipe, "graz", "1.2.0")
    assert "share no ancestor" in words(show(**address(proved.local, lone)))


def test_class_names_are_text_whatever_they_say(shown, show):
    evil = "<script>alert(1)</script>"
    signature = {"kind": "images", "classes": ["good", evil]}
    other = rows.version(shown.family, shown.recipe, "graz", "3.0.0", signature=signature)
    page = words(show(**address(shown.local, other)))
    assert evil not in page


# --- Choosing ------------------------------------------------------------------------------------
def test_with_one_version_the_other_is_chosen_from_a_list(proved, show):
    page = words(show(a=str(proved.local.pk)))
    assert "Choose what to compare" in page
    assert "the current baseline" in page or "what it started from" in page
    assert f"?a={proved.local.pk}&amp;b={proved.baseline.pk}" in page


def test_with_none_the_first_is_chosen(shown, show):
    page = words(show())
    assert "Choose the first version" in page
    assert f"?a={shown.local.pk}" in page
    assert words(show(a="no-uuid", b="../..")).count("Choose the first version") == 1


def test_the_second_alone_leads_to_the_first(shown, show):
    assert f"?a={shown.baseline.pk}&amp;b={shown.local.pk}" in words(show(b=str(shown.local.pk)))


def test_a_version_beside_itself_is_sent_back_to_the_choice(shown, show):
    page = words(show(**address(shown.local, shown.local)))
    assert "A version compared with itself says nothing." in page


def test_the_choice_can_be_searched_and_keeps_what_is_chosen(shown, show):
    page = words(show(a=str(shown.local.pk), q="nothing-like-it"))
    assert "No version matches." in page
    assert f'name="a" value="{shown.local.pk}"' in page


def test_every_version_s_page_leads_here(shown, client, ines):
    client.force_login(ines)
    page = client.get(shown.local.get_absolute_url()).content.decode()
    assert f"{reverse(PAGE)}?a={shown.local.pk}" in page


# --- Who sees what -------------------------------------------------------------------------------
def test_another_plant_s_version_is_not_there(proved, client, stan):
    client.force_login(stan)
    for query in (
        address(proved.local, proved.baseline),
        address(proved.baseline, proved.local),
        {"a": str(proved.local.pk)},
    ):
        assert client.get(reverse(PAGE), query).status_code == 404
        assert client.get("/api/v1/versions/comparison/", query).status_code in (404, 422)


def test_a_plant_s_evaluations_of_the_baseline_stay_its_own(proved, client, stan, leipzig):
    theirs = rows.version(proved.family, proved.recipe, "leipzig", "1.0.0")
    client.force_login(stan)
    answer = client.get(reverse(PAGE), address(theirs, proved.baseline))
    page = words(answer)
    assert "Graz" not in page
    plants = {one.manifest.plant_code for one in answer.context["found"].scored}
    assert plants == {"leipzig", "centre"}


def test_who_is_not_signed_in_is_sent_to_do_so(shown, client):
    assert client.get(reverse(PAGE)).status_code == 302


# --- The proof, ordered --------------------------------------------------------------------------
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


# --- Taken away ----------------------------------------------------------------------------------
def test_the_comparison_can_be_taken_as_csv_and_json(proved, show):
    query = address(proved.local, proved.baseline)
    sheet = b"".join(show(**query, format="csv").streaming_content).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(sheet)))
    answer = next(line for line in lines if line["section"] == "answer")
    assert (answer["first"], answer["reading"]) == ("1.0.0 (graz)", "better")
    assert {line["section"] for line in lines} == {
        *("answer", "metric", "class: rows right", "made", "evaluated")
    }
    found = json.loads(show(**query, format="json").content)
    assert found["reading"]["is_real"] is True
    assert found["reading"]["rows_more"] > 0
    assert found["hold_out"]["plant"] == "graz"


def test_programs_read_the_same_facts(proved, client, ines):
    client.force_login(ines)
    query = address(proved.local, proved.baseline)
    answer = client.get("/api/v1/versions/comparison/", query)
    assert answer.status_code == 200, answer.content
    page = client.get(reverse(PAGE), {**query, "format": "json"})
    assert answer.json() == json.loads(page.content)


@pytest.mark.parametrize(
    "query",
    [{}, {"a": "x", "b": "y"}, {"a": "7" * 300, "b": ""}],
    ids=["nothing", "no ids", "long"],
)
def test_a_program_that_names_no_two_versions_is_told(query, shown, client, ines):
    client.force_login(ines)
    answer = client.get("/api/v1/versions/comparison/", query)
    assert answer.status_code == 422
    assert {"a", "b"} >= set(answer.json()["fields"]) != set()


# --- How much it asks ----------------------------------------------------------------------------
def test_the_page_asks_as_often_for_many_evaluations_as_for_few(proved, show):
    query = address(proved.local, proved.baseline)
    show(**query)
    with CaptureQueriesContext(connection) as few:
        show(**query)
    for number in range(12):
        manifest = rows.manifest("graz", dataset=f"castings-{number}")
        pair = [
            rows.evaluation(version, manifest, n=60) for version in (proved.local, proved.baseline)
        ]
        compared.pairing(*pair)
        rows.version(proved.family, proved.recipe, "graz", f"3.{number}.0", parent=proved.local)
    with CaptureQueriesContext(connection) as many:
        show(**query)
    assert len(many) == len(few) <= 20
