from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import compared
from tests.factories import registry as rows
from tests.registry.web.comparisons.asking import address, words

PLANTS = 47
SHOWN = 12


@pytest.fixture
def scored_widely(proved):
    """Both versions scored on a hold-out of each of so many data sets, some with joint counts."""
    for number in range(PLANTS):
        manifest = rows.manifest("graz", dataset=f"castings-{number}")
        skills = (3.6, (1.1, 3.5, 2.4)[number % 3])
        pair = [
            rows.evaluation(version, manifest, skill=skill, n=60)
            for version, skill in zip((proved.local, proved.baseline), skills, strict=True)
        ]
        if number % 2:
            compared.pairing(*pair)
        rows.version(proved.family, proved.recipe, "graz", f"3.{number}.0", parent=proved.local)
    return proved


def lines(page: str, section: str = "scored") -> list[str]:
    (table,) = re.findall(rf'aria-labelledby="{section}">.*?<tbody>(.*?)</tbody>', page)
    return table.split("<tr>")[1:]


def test_the_page_asks_as_often_for_many_hold_outs_as_for_few(proved, show, request):
    query = address(proved.local, proved.baseline)
    show(**query)
    with CaptureQueriesContext(connection) as few:
        show(**query)
    request.getfixturevalue("scored_widely")
    with CaptureQueriesContext(connection) as many:
        found = show(**query).context["found"]
    assert len(found.scored) == PLANTS + 2
    assert len(many) == len(few) <= 20
    with CaptureQueriesContext(connection) as everything:
        show(**query, scored="all")
    assert len(everything) == len(few)


def test_of_many_hold_outs_those_that_tell_most_are_shown(scored_widely, show):
    query = address(scored_widely.local, scored_widely.baseline)
    answer = show(**query)
    found, page = answer.context["found"], words(answer)
    assert len(lines(page)) == SHOWN
    assert page.count("manifest=") <= 2 * SHOWN, "the choice of a hold-out is as short"
    kinds = [(one.is_common, one.is_proved) for one in found.scored]
    assert kinds == sorted(kinds, reverse=True)
    assert {(True, True), (True, False), (False, False)} == set(kinds)
    for kind in set(kinds):
        found_so = [one for one in found.scored if (one.is_common, one.is_proved) == kind]
        sizes = [abs(one.row.difference or 0) for one in found_so]
        assert sizes == sorted(sizes, reverse=True)
    assert all(one.row.difference is None for one in found.scored if not one.is_common)
    assert f"The 12 that tell most of {PLANTS + 2} hold-outs." in page
    assert "the extremes, not the rule" in page


def test_all_hold_outs_are_one_click_away_and_in_the_export(scored_widely, show):
    query = address(scored_widely.local, scored_widely.baseline)
    page = words(show(**query))
    assert "&amp;scored=all#scored" in page
    everything = words(show(**query, scored="all"))
    assert len(lines(everything)) == PLANTS + 2
    assert "Show those that tell most" in everything
    sheet = b"".join(show(**query, format="csv").streaming_content).decode()
    assert sheet.count("evaluated,") == PLANTS + 2


def test_what_is_compared_on_is_never_picked_for_its_difference(scored_widely, show):
    answer = show(**address(scored_widely.local, scored_widely.baseline))
    found = answer.context["found"]
    assert found.common.pairing is not None
    proof = [one for one in found.scored if one.pairing]
    newest = max(proof, key=lambda one: one.second.evaluated_at)
    assert found.common.manifest == newest.manifest


def test_a_hold_out_that_is_not_among_the_first_can_still_be_chosen(scored_widely, show):
    query = address(scored_widely.local, scored_widely.baseline)
    last = [one for one in show(**query).context["found"].scored if one.is_common][-1]
    answer = show(**query, manifest=str(last.manifest.pk))
    found = answer.context["found"]
    assert found.common.manifest == last.manifest
    assert last.manifest in {one.manifest for one in found.commons}
    assert len(found.commons) == SHOWN
