from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import Submission
from registry.models.submissions import SubmissionState
from tests.factories import registry as rows
from tests.factories import uploads

NEW = "plants:upload-new"


@pytest.fixture
def declaration(shown) -> dict[str, str]:
    """A complete declaration, as the form sends it."""
    return {
        "plant": "graz",
        "family": "surface-defects",
        "dataset": "castings",
        "parent": "",
        "recipe": "",
        "manifest": "",
        "classes": "good\nscratch\n\n pit \n",
        "code_commit": "4f1c9e7a20b3",
        "training_notes": "Trained with a notebook on castings of Graz.",
        "claim:accuracy": "0.97",
        "claim:auc": "",
    }


def test_the_form_offers_what_the_plants_workers_hold_for_the_family(client, shown, ines):
    client.force_login(ines)
    form = client.get(reverse(NEW), {"family": "surface-defects"}).context["form"]
    assert form.fields["plant"].choices == [("graz", "Graz")]
    assert [value for value, _ in form.fields["dataset"].choices] == ["castings"]
    assert form["classes"].value().split() == list(rows.CLASSES)


def test_a_parents_classes_are_proposed(client, shown, ines):
    client.force_login(ines)
    sent = {"family": "surface-defects", "parent": str(shown.local.pk)}
    form = client.get(reverse(NEW), sent).context["form"]
    assert form["classes"].value().split() == shown.local.classes


def test_a_declaration_leads_to_the_page_that_takes_the_file(client, shown, ines, declaration):
    client.force_login(ines)
    answer = client.post(reverse(NEW), declaration)
    made = Submission.objects.get()
    assert (answer.status_code, answer.url) == (302, made.get_absolute_url())
    assert made.signature["classes"] == ["good", "scratch", "pit"]
    assert made.claimed_metrics == {"accuracy": 0.97}
    assert made.recipe == shown.baseline.recipe
    page = client.get(made.get_absolute_url()).content.decode()
    assert "data-upload" in page
    assert "Choose the ONNX file" in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"training_notes": "short"}, "training_notes"),
        ({"classes": "good"}, "classes"),
        ({"claim:accuracy": "97"}, "claim:accuracy"),
        ({"dataset": "not-offered"}, "dataset"),
        ({"code_commit": ""}, "code_commit"),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_the_words(
    client, shown, ines, declaration, changes, field
):
    client.force_login(ines)
    answer = client.post(reverse(NEW), declaration | changes)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert form["code_commit"].value() == (declaration | changes)["code_commit"]
    assert not Submission.objects.exists()


def test_a_plant_of_others_cannot_be_named(client, shown, ines, declaration):
    client.force_login(ines)
    answer = client.post(reverse(NEW), declaration | {"plant": "brno"})
    assert answer.status_code == 422
    assert not Submission.objects.exists()


def test_a_corrected_file_begins_with_the_same_words(client, shown, clara):
    client.force_login(clara)
    former = uploads.submission(shown)
    form = client.get(reverse(NEW), {"from": str(former.pk)}).context["form"]
    assert form["training_notes"].value() == former.training_notes
    assert form["claim:accuracy"].value() == "0.97"
    assert client.get(reverse(NEW), {"from": "nonsense"}).status_code == 200


def test_the_list_finds_mine_and_those_under_way(client, shown, clara):
    client.force_login(clara)
    made = uploads.cast(shown)
    mine = uploads.submission(shown, submitted_by=clara.username, file_name="mine.onnx")
    found = client.get("/uploads/", {"whose": "mine"}).context["listing"].page.object_list
    assert set(found) >= {mine}
    under_way = client.get("/uploads/", {"state": "under-way"}).context["listing"]
    states = {one.state for one in under_way.page.object_list}
    assert states == {"receiving", "verifying"}
    refused = client.get("/uploads/", {"state": "refused"}).context["listing"].page.object_list
    assert list(refused) == [made[3]]


def test_the_list_costs_the_same_whatever_its_length(
    client, shown, clara, django_assert_max_num_queries
):
    client.force_login(clara)
    for _ in range(3):
        uploads.submission(shown)
    with django_assert_max_num_queries(14):
        client.get("/uploads/")
    for _ in range(15):
        uploads.submission(shown)
    with django_assert_max_num_queries(14):
        client.get("/uploads/")


def test_progress_stops_asking_when_nothing_moves(client, shown, clara):
    client.force_login(clara)
    bare, half, verifying, refused, expired, registered = uploads.cast(shown)
    for one, status in (
        (bare, 286),
        (half, 286),
        (verifying, 200),
        (refused, 286),
        (expired, 286),
        (registered, 200),
    ):
        answer = client.get(reverse("registry:submission-progress", args=[one.pk]))
        assert answer.status_code == status, one.state
    page = client.get(refused.get_absolute_url()).content.decode()
    assert "operator-not-allowed" in page
    assert "Upload a corrected file" in page
    assert "upload the model again" in client.get(expired.get_absolute_url()).content.decode()


def test_somebody_who_may_not_send_is_shown_how_far_it_is(client, shown, vera):
    client.force_login(vera)
    half = uploads.cast(shown)[1]
    Submission.objects.filter(pk=half.pk).update(plant_code="graz")
    page = client.get(half.get_absolute_url()).content.decode()
    assert "data-upload" not in page
    assert "Engineers of the plant may go on with it" in page


@pytest.fixture
def registered(shown):
    """Makes an upload whose model is on record and scored, well or badly."""

    def make(skill: float, version=None) -> Submission:
        version = version or rows.version(
            shown.family,
            shown.recipe,
            "graz",
            f"9.{skill:.0f}.0",
            made_by="upload",
            dataset="castings",
            skill=skill,
        )
        return uploads.submission(
            shown,
            SubmissionState.REGISTERED,
            plant_code="graz",
            dataset="castings",
            version=version,
            ended_at=timezone.now(),
        )

    return make


def test_a_model_that_fails_its_gates_says_so_first(client, shown, ines, registered):
    client.force_login(ines)
    weak, good = registered(0), registered(4)
    page = client.get(weak.get_absolute_url())
    assert page.context["page"].failed_gates
    assert "does not pass on its plant&#x27;s data" in page.content.decode()
    assert page.context["page"].failed_gates[0]["reason"] in page.content.decode()
    page = client.get(good.get_absolute_url())
    assert page.context["page"].failed_gates == []
    assert "its plant has evaluated it" in page.content.decode()


def test_the_same_model_again_is_said_to_be_nothing_new(client, shown, ines, registered):
    client.force_login(ines)
    first = registered(4)
    second = registered(4, first.version)
    assert "was on record already" not in client.get(first.get_absolute_url()).content.decode()
    assert "was on record already" in client.get(second.get_absolute_url()).content.decode()


def test_the_list_says_in_words_why_a_file_was_refused(client, shown, clara):
    client.force_login(clara)
    uploads.cast(shown)
    page = client.get("/uploads/").content.decode()
    assert "Operator NonMaxSuppression is not on the platform" in page
    assert "not all bytes came in time" in page
    assert "verifier-refused" not in page


def test_a_refused_field_says_why_beside_the_way_out(client, shown, ines, declaration):
    client.force_login(ines)
    answer = client.post(reverse(NEW), declaration | {"training_notes": "short"})
    (told,) = answer.context["form"].errors["training_notes"]
    assert told.startswith("The training notes say too little")
    assert "Write at least one sentence" in told
