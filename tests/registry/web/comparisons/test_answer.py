from __future__ import annotations

import json

from registry.models import ModelVersion
from registry.models.versions import MadeBy
from tests.factories import registry as rows
from tests.factories.plants import Fleet
from tests.registry.web.comparisons.asking import address, words


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
