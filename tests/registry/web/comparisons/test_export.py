from __future__ import annotations

import csv
import io
import json

import pytest
from django.urls import reverse

from tests.registry.web.comparisons.asking import PAGE, address


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
