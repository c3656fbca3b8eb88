from __future__ import annotations

import pytest

from plants.services.access import scope_for
from registry.domain.pooling import pooled
from registry.selectors.offers import adoption, offers_to
from tests.factories import registry as rows
from tests.factories.plants import Fleet, fleet


@pytest.fixture
def shown(graz) -> Fleet:
    return fleet()


def test_a_plant_that_has_neither_scored_nor_begun_from_it_is_offered_the_baseline(shown, clara):
    (offer,) = offers_to(scope_for(clara), "monterrey")
    assert offer.baseline.version == shown.baseline
    assert offer.former is None


def test_scoring_it_takes_the_offer_away(shown, clara):
    scope = scope_for(clara)
    assert offers_to(scope, "brno")
    rows.evaluation(shown.baseline, rows.manifest("brno"))
    assert offers_to(scope, "brno") == []


def test_beginning_from_it_takes_the_offer_away(shown, clara):
    scope = scope_for(clara)
    rows.version(shown.family, shown.recipe, "brno", parent=shown.baseline)
    assert offers_to(scope, "brno") == []


def test_the_centre_is_offered_nothing_by_itself(shown, clara):
    assert offers_to(scope_for(clara), "centre") == []


def test_a_newer_baseline_is_offered_to_those_who_took_the_former(shown, clara):
    scope = scope_for(clara)
    assert offers_to(scope, "graz") == []
    shown.baseline.baseline.superseded_at = shown.baseline.baseline.published_at
    shown.baseline.baseline.save()
    newer = rows.version(shown.family, shown.recipe, "centre", "1.1.0")
    rows.baseline(newer)
    (offer,) = offers_to(scope, "graz")
    assert (offer.baseline.version, offer.former.version) == (newer, shown.baseline)
    assert offer.changes == 0


def test_comparable_plants_are_named_to_the_centre_and_pooled_for_a_plant(shown, clara, ines):
    shown.baseline.baseline.superseded_at = shown.baseline.baseline.published_at
    shown.baseline.baseline.save()
    newer = rows.version(shown.family, shown.recipe, "centre", "1.1.0")
    rows.baseline(newer)
    for code in ("brno", "leipzig", "monterrey"):
        rows.evaluation(newer, rows.manifest(code))
    (central,) = offers_to(scope_for(clara), "graz")
    (own,) = offers_to(scope_for(ines), "graz")
    assert {one.plant_code for one in central.named} == {"brno", "leipzig", "monterrey"}
    assert own.named == []
    assert own.elsewhere == central.elsewhere
    assert (own.elsewhere.plants, own.elsewhere.is_enough) == (3, True)


def test_other_classes_are_not_comparable(shown, clara):
    shown.baseline.baseline.superseded_at = shown.baseline.baseline.published_at
    shown.baseline.baseline.save()
    newer = rows.version(shown.family, shown.recipe, "centre", "1.1.0")
    rows.baseline(newer)
    odd = rows.manifest("brno")
    document = {**odd.document, "classes": odd.document["classes"][:2]}
    other = type(odd).objects.create(
        plant_code="brno", dataset="odd", digest="f" * 64, rows=9, document=document
    )
    rows.evaluation(newer, other)
    (offer,) = offers_to(scope_for(clara), "graz")
    assert offer.named == []
    assert not offer.elsewhere.is_enough


def test_fewer_than_three_plants_give_no_figure():
    assert not pooled([(0.9, 70), (0.8, 70)]).is_enough
    assert pooled([(0.9, 70), (None, 3), (0.8, 70), (0.7, 70)]).median == 0.8


def test_the_plants_page_offers_and_links_the_orders(client, shown, clara):
    client.force_login(clara)
    page = client.get("/plants/monterrey/").content.decode()
    assert "is offered" in page
    assert "too few to say" in page
    assert (
        f"kind=evaluate&amp;plant=monterrey&amp;family=surface-defects&amp;parent={shown.baseline.pk}"
        in page
    )
    assert f"recipe={shown.recipe.pk}" in page
    assert "is offered" not in client.get("/plants/graz/").content.decode()


def test_who_may_not_order_is_told_who_may(client, shown, petra):
    client.force_login(petra)
    page = client.get("/plants/monterrey/").content.decode()
    assert "An engineer of Monterrey or a central data scientist may try it here." in page
    assert "Adapt here" not in page


def test_the_family_says_who_has_taken_it_up(client, shown, clara, ines):
    current = shown.baseline.baseline
    found = adoption(scope_for(clara), current, ["brno", "centre", "graz", "monterrey"])
    assert (found.taken_up, found.waiting) == (["graz"], ["brno", "monterrey"])
    client.force_login(clara)
    page = client.get("/families/surface-defects/").content.decode()
    assert "1 of 3 plants have taken up 1.0.0" in page
    client.force_login(ines)
    page = client.get("/families/surface-defects/").content.decode()
    assert "Every plant you may see has taken up 1.0.0" in page
    assert "monterrey" not in page.lower()
