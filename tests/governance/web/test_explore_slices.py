"""Where a version breaks, on its own page: sentences, a chart, and a table that says the same."""

from __future__ import annotations

import json
import re

import pytest
from django.urls import reverse

from tests.factories import registry as rows
from tests.factories import slices

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(graz):
    return rows.version(rows.family(), rows.recipe())


def shown(client, person, version) -> str:
    client.force_login(person)
    answer = client.get(reverse("governance:explore-version", args=[version.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_range_that_holds_and_the_level_that_breaks_are_said_first(client, clara, version):
    slices.evaluation(version, version.manifest)
    page = shown(client, clara, version)
    (said,) = re.findall(r"<li>(Light: .*?)</li>", page)
    assert said.startswith("Light: no fall shows from 0.5 to 1.25 times the lamp&#x27;s level; ")
    assert " points at 2.5 (" in said
    assert "<li>Blur: no fall shows up to 0.01 of the shorter side.</li>" in page
    table = page[page.index("Balanced accuracy under each level") :]
    assert table.count('<th scope="row">Light</th>') == 4
    assert '<th scope="row">Undisturbed</th>' in table


def test_the_chart_marks_the_fall_by_shape_and_has_the_undisturbed_figure(client, clara, version):
    slices.evaluation(version, version.manifest)
    page = shown(client, clara, version)
    text = re.search(r'<script id="figures"[^>]*>(.*?)</script>', page, re.DOTALL)
    figure = json.loads(text[1])["stress"]
    (own,) = figure["data"]
    assert own["y"] == ["Light 0.5", "Light 0.8", "Light 1.25", "Light 2.5", "Blur 0.01"]
    assert own["marker"]["symbol"] == ["circle"] * 3 + ["diamond"] + ["circle"]
    (line,) = figure["layout"]["shapes"]
    assert line["x0"] == line["x1"] == pytest.approx(own["x"][1])


def test_a_version_that_nobody_tried_says_the_way_out(client, clara, version):
    page = shown(client, clara, version)
    assert "add <code>stress</code> to its recipe" in page
    assert "Balanced accuracy under each level" not in page


def test_the_gates_page_names_what_breaks(client, clara, version):
    from governance.services import policies
    from registry.domain.access import portal_scope

    slices.evaluation(version, version.manifest)
    source = (
        "apiVersion: lineward.policy/v1\nsummary: What a version must show.\ngates:\n"
        "  - {gate: robustness, under: light@1, lowest: 0.8, highest: 2.5, max_drop: 0.1, "
        "min_rows: 60, source: The lamp's data sheet.}\n"
    )
    policies.adopt(portal_scope("test"), version.family, source=source, reason="Lamps age.")
    client.force_login(clara)
    page = client.get(reverse("governance:version-gates", args=[version.pk])).content.decode()
    assert "It may not go on: robustness failed." in page
    assert "Light: holds from 0.8 to 1.25 times the lamp&#x27;s level; " in page
