from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plants.services.access import scope_for
from registry.domain.access import CENTRE
from registry.models import Evaluation
from registry.selectors import family_page
from tests.factories import registry as rows


def shown_page(client, shown, **wishes):
    return client.get(shown.family.get_absolute_url(), wishes)


def a_plant(shown, code: str, skill: float, *, norm: float | None = 2.6, **changes):
    made = rows.version(
        shown.family, shown.recipe, code, changes.pop("number", "1.0.0"), skill=skill, **changes
    )
    if norm is not None:
        rows.evaluation(shown.baseline, made.manifest, skill=norm, n=changes.get("n", 75))
    return made


def test_no_plant_is_forgotten_when_one_of_them_evaluates_much(client, shown, clara):
    a_plant(shown, "linz", 2.6)
    stored = Evaluation.objects.filter(version=shown.local).first()
    Evaluation.objects.bulk_create(
        Evaluation(
            **{
                one.attname: getattr(stored, one.attname)
                for one in Evaluation._meta.concrete_fields
                if one.name not in {"id", "job"}
            }
        )
        for _ in range(700)
    )
    client.force_login(clara)
    page = shown_page(client, shown).context["page"]
    assert {one.evaluation.plant_code for one in page.comparisons} == {"graz", "linz", CENTRE}


def test_a_newer_version_is_the_champion_although_an_older_one_was_scored_later(shown, clara):
    older = a_plant(shown, "linz", 2.6)
    newer = a_plant(shown, "linz", 1.0, number="1.1.0", manifest=older.manifest)
    rows.evaluation(older, older.manifest, skill=3.6)
    page = family_page.page(scope_for(clara), shown.family)
    of_linz = [one for one in page.comparisons if one.evaluation.plant_code == "linz"]
    assert [one.evaluation.version_id for one in of_linz] == [newer.pk]


def test_two_data_sets_of_a_plant_are_two_lines_and_one_can_be_chosen(client, shown, clara):
    other = rows.manifest("graz", dataset="rolled")
    a_plant(shown, "graz", 2.6, number="2.0.0", manifest=other)
    client.force_login(clara)
    page = shown_page(client, shown).context["page"]
    assert page.datasets == ["castings", "rolled"]
    page = shown_page(client, shown, dataset="rolled").context["page"]
    assert [one.evaluation.manifest.dataset for one in page.comparisons] == ["rolled"]
    page = shown_page(client, shown, dataset="no-such").context["page"]
    assert page.dataset == ""


def test_only_one_kind_of_evidence_is_ranked(client, shown, clara):
    a_plant(shown, "linz", 0.2, n=190)
    client.force_login(clara)
    mixed = shown_page(client, shown)
    assert "among the plants&#x27; own versions" in mixed.content.decode()
    ranks = {one.evaluation.plant_code: one.ranks for one in mixed.context["page"].comparisons}
    assert ranks == {CENTRE: None, "graz": (1, 1), "linz": (2, 2)}
    own = shown_page(client, shown, evidence="own")
    assert "Every rank is clear" in own.content.decode()
    assert [(one.evaluation.plant_code, one.ranks) for one in own.context["page"].comparisons] == [
        ("graz", (1, 1)),
        ("linz", (2, 2)),
    ]
    base = shown_page(client, shown, evidence="baseline").context["page"]
    assert {one.verdict for one in base.comparisons} == {"the baseline itself"}


def test_the_export_holds_what_the_page_shows(client, shown, clara):
    a_plant(shown, "linz", 0.2, norm=3.6, n=190)
    client.force_login(clara)
    answer = shown_page(client, shown, evidence="own", format="csv")
    assert "lineward-family-surface-defects.csv" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    lines = {one["plant"]: one for one in csv.DictReader(io.StringIO(text))}
    assert set(lines) == {"graz", "linz"}
    assert (lines["linz"]["reading"], lines["linz"]["first_rank"]) == ("worse", "2")
    assert float(lines["linz"]["norm"]) > float(lines["linz"]["value"])


def test_the_tree_stands_each_version_under_the_baseline_it_goes_back_to(shown, clara):
    child = rows.version(shown.family, shown.recipe, "graz", "1.1.0", parent=shown.local)
    lone = rows.version(shown.family, shown.recipe, "linz", "1.0.0")
    roots = family_page.page(scope_for(clara), shown.family).roots
    of_baseline, of_nothing = roots
    assert (of_baseline.version.pk, of_baseline.is_current) == (shown.baseline.pk, True)
    assert [one.plant for one in of_baseline.branches] == ["graz"]
    assert [one.pk for one in of_baseline.branches[0].versions] == [child.pk, shown.local.pk]
    assert of_nothing.version is None
    assert [one.pk for branch in of_nothing.branches for one in branch.versions] == [lone.pk]


@pytest.mark.parametrize("who", ["vera", "stan"])
def test_a_plants_people_see_their_own_line_and_branch_only(client, shown, leipzig, request, who):
    a_plant(shown, "linz", 0.2)
    client.force_login(request.getfixturevalue(who))
    answer = shown_page(client, shown)
    own = {"vera": {"graz"}, "stan": set()}[who]
    page = answer.context["page"]
    assert {one.evaluation.plant_code for one in page.comparisons} - {CENTRE} == own
    assert {one.plant for root in page.roots for one in root.branches} == own
    assert "linz" not in answer.content.decode()


def test_thirty_plants_take_as_many_queries_as_three(client, shown, clara):
    client.force_login(clara)
    a_plant(shown, "linz", 2.6)
    shown_page(client, shown)
    with CaptureQueriesContext(connection) as few:
        shown_page(client, shown)
    for number in range(27):
        made = a_plant(shown, f"nova-{number}", 2.6)
        a_plant(shown, f"nova-{number}", 2.6, number="1.1.0", parent=made)
    with CaptureQueriesContext(connection) as many:
        answer = shown_page(client, shown)
    assert len(answer.context["page"].comparisons) >= 29
    assert len(many) == len(few) <= 15
