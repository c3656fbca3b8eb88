"""Clauses beside our records: honest about what is not covered."""

from __future__ import annotations

import pytest
from django.urls import reverse

from governance.domain.clauses import CLAUSES


@pytest.mark.parametrize("one", CLAUSES, ids=lambda one: f"{one.standard} {one.clause}")
def test_a_clause_names_what_is_kept_and_what_is_missing_as_its_state_says(one):
    assert bool(one.kept) == (one.state != "not yet")
    assert bool(one.missing) == (one.state != "kept")
    assert bool(one.page) == bool(one.kept)
    if one.page:
        assert reverse(one.page)


def test_no_clause_stands_twice():
    assert len({(one.standard, one.clause) for one in CLAUSES}) == len(CLAUSES)


def test_the_page_counts_and_shows_every_clause_with_its_records(client, petra):
    client.force_login(petra)
    answer = client.get(reverse("governance:clauses"))
    page = " ".join(answer.content.decode().split())
    assert f"Of {len(CLAUSES)} clauses" in page
    assert sum(answer.context[name] for name in ("kept", "in_part", "not_yet")) == len(CLAUSES)
    assert all(one.clause in page and one.asks in page.replace("&#x27;", "'") for one in CLAUSES)
    assert reverse("governance:clauses") in client.get(reverse("registry:ledger")).content.decode()


def test_programs_read_the_same(client, petra):
    client.force_login(petra)
    answer = client.get(reverse("governance-api:clauses"))
    assert [one["clause"] for one in answer.json()["clauses"]] == [one.clause for one in CLAUSES]
