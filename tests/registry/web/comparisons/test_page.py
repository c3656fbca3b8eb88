from __future__ import annotations

from django.urls import reverse

from tests.factories import registry as rows
from tests.registry.web.comparisons.asking import PAGE, address, words


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
