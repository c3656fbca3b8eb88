from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import selectors
from governance.selectors import champions, matrix
from plants.models import Line, Plant
from plants.selectors import directory
from plants.services.access import scope_for
from registry.domain.access import CENTRE, portal_scope
from registry.models import Baseline, Evaluation, ModelVersion
from registry.selectors import family_page
from tests.factories import plants as sites
from tests.factories import registry as rows

HOME = "governance:home"


def page(client, **wishes):
    return client.get(reverse(HOME), wishes)


def cells(answer) -> dict[str, str]:
    """What each plant's first cell says."""
    found = {}
    for row in answer.context["matrix"].rows:
        standing = row.cells[0].standing
        found[row.facts.code] = standing.reading if standing else "not evaluated"
    return found


def order(answer) -> list[str]:
    return [row.facts.code for row in answer.context["matrix"].rows]


def exported(client, **wishes) -> list[dict[str, str]]:
    answer = page(client, format="csv", **wishes)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def a_plant(shown, code: str, *, skill: float, norm: float | None = 2.6, n: int = 190):
    """A plant at work whose newest version has this skill beside a baseline of that one."""
    plant = sites.plant(code, code.title())
    if not plant.workers.exists():
        sites.worker(plant)
    number = f"1.{ModelVersion.objects.filter(origin=code).count()}.0"
    made = rows.version(shown.family, shown.recipe, code, number, skill=skill, n=n)
    if norm is not None:
        rows.evaluation(shown.baseline, made.manifest, skill=norm, n=n)
    return made


def back_in_time(evaluation: Evaluation, days: float) -> None:
    """Evaluations refuse to change; an old one can only be made past the model."""
    table, is_sqlite = Evaluation._meta.db_table, connection.vendor == "sqlite"
    moment = connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(days=days))
    with connection.cursor() as cursor:
        triggers = []
        if is_sqlite:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
                [table],
            )
            triggers = cursor.fetchall()
        off = [f'DROP TRIGGER "{name}"' for name, _ in triggers] or [
            "SET CONSTRAINTS ALL IMMEDIATE",
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
        ]
        on = [sql for _, sql in triggers] or [f"ALTER TABLE {table} ENABLE TRIGGER USER"]
        for statement in off:
            cursor.execute(statement)
        cursor.execute(
            f"UPDATE {table} SET evaluated_at = %s WHERE id = %s",  # noqa: S608
            [moment, evaluation.pk.hex if is_sqlite else evaluation.pk],
        )
        for statement in on:
            cursor.execute(statement)


# --- What a cell says ----------------------------------------------------------------------------
def test_each_cell_reads_its_champion_beside_the_baseline_on_the_same_rows(client, shown, petra):
    a_plant(shown, "linz", skill=0.2, norm=3.6)
    a_plant(shown, "wien", skill=2.6)
    a_plant(shown, "ulm", skill=2.6, norm=None)
    a_plant(shown, "jena", skill=0.5, norm=3.6, n=29)
    rows.evaluation(shown.baseline, rows.manifest("brno"), skill=2.6, n=190)
    client.force_login(petra)
    assert cells(page(client)) == {
        "graz": "better",
        "linz": "worse",
        "wien": "too close to say",
        "ulm": "not comparable yet",
        "jena": "too few to say",
        "brno": "the baseline itself",
        "monterrey": "not evaluated",
    }


def test_a_retired_version_and_one_nobody_scored_are_no_champion(client, shown, petra):
    newer = a_plant(shown, "graz", skill=0.2, norm=3.6)
    newest = rows.version(shown.family, shown.recipe, "graz", "1.2.0", skill=0.2, n=190)
    ModelVersion.objects.filter(pk=newest.pk).update(stage="retired")
    ModelVersion.objects.create(
        **{
            one.attname: getattr(newer, one.attname)
            for one in ModelVersion._meta.concrete_fields
            if one.name not in {"id", "version", "identity"}
        },
        version="1.3.0",
        identity="not-scored",
    )
    client.force_login(petra)
    standing = page(client).context["matrix"].rows[1].cells[0].standing
    assert (standing.version, standing.reading) == (newer.pk, "worse")


def test_the_norm_is_the_current_baseline_not_a_former_one(client, shown, petra):
    second = rows.version(shown.family, shown.recipe, CENTRE, "2.0.0", skill=2.6, n=240)
    Baseline.objects.update(superseded_at=timezone.now())
    rows.baseline(second)
    client.force_login(petra)
    assert cells(page(client))["graz"] == "not comparable yet"
    rows.evaluation(second, shown.manifest, skill=3.6, n=190)
    assert cells(page(client))["graz"] == "too close to say"


def test_colour_word_and_way_stand_only_where_it_is_news(client, shown, petra):
    made = a_plant(shown, "linz", skill=0.2, norm=3.6)
    client.force_login(petra)
    words = page(client).content.decode()
    assert words.count("spot--news") == 1
    compare = f"{reverse('registry:version-compare')}?a={made.pk}&amp;b={shown.baseline.pk}"
    assert f'class="spot spot--news" href="{compare}"' in words


def test_a_champion_not_evaluated_for_a_month_is_news(client, shown, petra):
    made = a_plant(shown, "linz", skill=2.6)
    for one in Evaluation.objects.filter(plant_code="linz"):
        back_in_time(one, 41.5)
    client.force_login(petra)
    answer = page(client, only="abnormal")
    assert "not evaluated for 41 days" in answer.content.decode()
    assert "Surface defects at Linz was last evaluated 41 days ago" in answer.content.decode()
    assert made.origin in order(answer)


def test_the_page_names_the_class_on_which_the_worst_lost_most(client, shown, petra):
    made = a_plant(shown, "linz", skill=0.2, norm=3.6)
    client.force_login(petra)
    need = next(one for one in page(client).context["page"].needs if "Linz" in one.what)
    mine, norm = (
        one.report["per_class"]
        for one in Evaluation.objects.filter(manifest=made.manifest).order_by("value")
    )
    lost = {name: mine[name]["recall"]["value"] - norm[name]["recall"]["value"] for name in mine}
    assert f"Most is lost on {min(lost, key=lost.get)}:" in need.why
    assert "is clearly below the baseline" in need.why


def test_a_line_shows_the_way_of_the_plants_own_versions_and_not_the_baselines(shown):
    for skill in (1.0, 2.0, 3.0):
        rows.evaluation(shown.local, shown.manifest, skill=skill, n=190)
        rows.evaluation(shown.baseline, shown.manifest, skill=0.1, n=190)
    found = matrix.read(portal_scope(), list(directory(portal_scope()).values()))
    row = next(one for one in found.everything if one.facts.code == "graz")
    values = Evaluation.objects.filter(version=shown.local).order_by("evaluated_at")
    told = [one.value for one in values]
    assert sorted(row.cells[0].points) == pytest.approx(sorted(told), abs=0.0006)


# --- What was asked for --------------------------------------------------------------------------
def test_the_worst_come_first_when_asked_and_plants_by_name_otherwise(client, shown, petra):
    a_plant(shown, "wien", skill=0.2, norm=3.6)
    a_plant(shown, "linz", skill=1.0, norm=3.6)
    client.force_login(petra)
    assert order(page(client)) == ["brno", "graz", "linz", "monterrey", "wien"]
    assert order(page(client, sort="-plant"))[0] == "wien"
    assert order(page(client, sort="worst"))[:2] == ["wien", "linz"]
    assert order(page(client, sort="metric:surface-defects"))[:2] == ["wien", "linz"]
    assert order(page(client, sort="-metric:surface-defects"))[-2:] == ["brno", "monterrey"]
    assert order(page(client, sort="metric:no-such")) == order(page(client))


def test_search_and_only_abnormal_narrow_the_rows_and_the_export(client, shown, petra):
    a_plant(shown, "linz", skill=2.6)
    client.force_login(petra)
    assert order(page(client, q="lin")) == ["linz"]
    assert "linz" not in order(page(client, only="abnormal"))
    assert {line["plant"] for line in exported(client, q="lin")} == {"linz"}
    assert order(page(client, q="no such plant")) == []


def test_ranks_stand_inside_one_family_and_elsewhere_the_page_says_why_not(client, shown, petra):
    a_plant(shown, "linz", skill=0.2, norm=3.6)
    a_plant(shown, "jena", skill=3.6, n=29)
    client.force_login(petra)
    assert "not ranked across families" in page(client).content.decode()
    answer = page(client, family="surface-defects")
    ranks = {row.facts.code: row.ranks for row in answer.context["matrix"].rows}
    assert ranks == {"graz": (1, 1), "linz": (2, 2), "jena": None, "brno": None, "monterrey": None}
    assert "Every rank is clear" in answer.content.decode()
    wien = a_plant(shown, "wien", skill=3.6)
    answer = page(client, family="surface-defects")
    assert "Ranks 1\u20132 cannot be told apart" in answer.content.decode()
    assert wien.origin in order(answer)


def test_the_export_has_a_line_per_plant_and_family_with_figures_and_reading(client, shown, petra):
    made = a_plant(shown, "linz", skill=0.2, norm=3.6)
    client.force_login(petra)
    lines = exported(client)
    assert len(lines) == 4 * 2
    linz = next(one for one in lines if (one["plant"], one["family"]) == ("linz", made.family.slug))
    assert linz["reading"] == "worse"
    assert float(linz["difference"]) == pytest.approx(float(linz["value"]) - float(linz["norm"]))
    assert (linz["n"], linz["version"], linz["own_version"]) == ("190", "1.0.0", "yes")
    none = next(one for one in lines if one["plant"] == "monterrey")
    assert (none["reading"], none["value"]) == ("not evaluated", "")


def test_a_name_that_looks_like_a_formula_is_text_in_the_export(client, shown, petra):
    Plant.objects.filter(pk="graz").update(name="=1+1")
    client.force_login(petra)
    assert {one["name"] for one in exported(client, q="graz")} == {"'=1+1"}


def test_a_line_nobody_owns_is_counted_and_named(client, shown, petra):
    Line.objects.create(plant_id="brno", code="line-9", name="Line nine")
    client.force_login(petra)
    answer = page(client, q="brno")
    assert answer.context["matrix"].rows[0].unowned[-1] == "Line nine"
    assert "Line nine" in answer.content.decode()


# --- Who sees what -------------------------------------------------------------------------------
def test_a_viewer_of_graz_sees_the_row_of_graz_and_no_other_plants_name(client, shown, vera):
    a_plant(shown, "linz", skill=0.2, norm=3.6)
    client.force_login(vera)
    answer = page(client)
    assert order(answer) == ["graz"]
    assert {line["plant"] for line in exported(client)} == {"graz"}
    for name in ("Linz", "Brno", "Monterrey"):
        assert name not in answer.content.decode()


def test_a_scope_is_kept_even_when_a_caller_names_other_plants(shown, vera):
    a_plant(shown, "linz", skill=0.2, norm=3.6)
    scope = scope_for(vera)
    found = champions.standings(scope, ["graz", "linz"], champions.families(scope))
    assert {code for code, _ in found} == {"graz"}


# --- At scale ------------------------------------------------------------------------------------
def test_thirty_plants_take_as_many_queries_as_three(client, shown, petra):
    client.force_login(petra)
    a_plant(shown, "linz", skill=0.2, norm=3.6)
    page(client)
    with CaptureQueriesContext(connection) as few:
        page(client)
    for number in range(27):
        made = a_plant(shown, f"nova-{number}", skill=0.2 if number % 3 else 2.6, norm=3.6)
        Line.objects.create(plant_id=made.origin, code="line-1", name="One")
    with CaptureQueriesContext(connection) as many:
        answer = page(client)
    assert len(order(answer)) == 31
    assert len(many) == len(few) <= 15


def test_fleet_and_family_page_name_the_same_champions(shown, petra):
    a_plant(shown, "linz", skill=0.2, norm=3.6)
    a_plant(shown, "wien", skill=2.6)
    older = a_plant(shown, "ulm", skill=2.6)
    rows.version(shown.family, shown.recipe, "ulm", "1.1.0", skill=1.0, n=190)
    rows.evaluation(older, older.manifest, skill=3.0, n=190)  # scored again after the newer one
    scope = scope_for(petra)
    of_family = {
        one.evaluation.plant_code: (one.evaluation.version_id, one.verdict)
        for one in family_page.page(scope, shown.family).comparisons
        if one.evaluation.plant_code != CENTRE
    }
    facts = list(directory(scope).values())
    of_fleet = {
        row.facts.code: (row.cells[0].standing.version, row.cells[0].standing.reading)
        for row in selectors.asked_for(scope, facts, {"family": shown.family.slug}).rows
        if row.cells[0].standing
    }
    assert of_fleet == of_family
