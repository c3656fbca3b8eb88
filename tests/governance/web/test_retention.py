"""The retention page of a family: the answer first, a form for quality, and the rules before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from registry.domain.access import Role, portal_scope
from registry.models import LedgerEntry, RetentionRule
from registry.services import purging, retention
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def quinn(db):
    """Quality of all plants."""
    return person("quinn", Role.APPROVER)


@pytest.fixture
def rule(shown) -> RetentionRule:
    return retention.set_rule(
        portal_scope(), shown.family, classes=["iatf"], reason="By the manual."
    )


def path(family) -> str:
    return reverse("governance:retention", args=[family.slug])


def page(client, address: str, status: int = 200, body: dict[str, Any] | None = None) -> str:
    answer = client.post(address, body) if body else client.get(address)
    assert answer.status_code == status
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


def written() -> tuple[int, int]:
    return RetentionRule.objects.count(), LedgerEntry.objects.count()


FORM = {"classes": ["iatf", "customer"], "customer_years": "15", "reason": "Annex 4.", "expects": 0}


def test_without_a_rule_the_page_says_that_everything_is_kept(client, shown, clara):
    client.force_login(clara)
    text = page(client, path(shown.family))
    assert "Nothing is set for surface-defects: its records are kept for ever" in text
    assert "stored model files are kept." in text
    assert "A central approver may set it" in text
    assert "<form method" not in text.partition("<main")[2]
    assert path(shown.family) in page(client, shown.family.get_absolute_url())


def test_the_answer_comes_first_with_its_reason(client, shown, clara, rule):
    client.force_login(clara)
    text = page(client, path(shown.family))
    assert "its end is not declared, so nothing may be purged." in text
    assert "by portal: By the manual." in text
    assert "IATF 16949:2016, 7.5.3.2.1" in text


def test_quality_sets_the_next_rule_and_the_former_stays(client, shown, quinn, rule):
    client.force_login(quinn)
    assert 'value="iatf" checked' in page(client, path(shown.family))
    page(client, path(shown.family), 302, FORM | {"expects": 1, "life_ended_on": "2024-03-31"})
    made = RetentionRule.objects.in_force().get()
    assert (made.number, made.set_by, made.life_ended_on) == (2, "quinn", date(2024, 3, 31))
    text = page(client, path(shown.family))
    assert "kept until 31 December 2025, one calendar year after" in text
    assert (
        "<strong>Rule 1</strong>: Records of surface-defects are kept until the product's" in text
    )


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"reason": " "}, 422, "This field is required."),
        ({"classes": []}, 422, "Choose one or more."),
        ({"customer_years": ""}, 422, "Say how many years the contract states"),
        ({"customer_years": "90"}, 422, "less than or equal to 50"),
        ({"life_ended_on": "2999-01-01"}, 422, "to today: it has ended by then."),
        ({"life_ended_on": "soon"}, 422, "Enter a valid date."),
        ({"expects": 0}, 409, "Retention rule 1 of surface-defects is in force now"),
    ],
)
def test_a_refusal_stands_where_it_belongs_and_writes_nothing(
    client, shown, quinn, rule, changes, status, said
):
    client.force_login(quinn)
    before = written()
    body = FORM | {"expects": 1} | changes
    text = page(client, path(shown.family), status, body)
    assert said in text
    assert ('value="customer" checked' in text) == ("customer" in body["classes"])
    assert written() == before


@pytest.mark.parametrize("who", ["clara", "ines", "petra"])
def test_nobody_else_sets_it(client, shown, rule, who, request):
    client.force_login(request.getfixturevalue(who))
    before = written()
    page(client, path(shown.family), 403, FORM)
    assert written() == before


def test_a_version_whose_bytes_went_says_when_and_why(client, shown, clara):
    client.force_login(clara)
    version = shown.local
    address = version.get_absolute_url()
    assert "Use it from Python" in page(client, address)
    because = "6 months from 1 May 2025, when it was retired"
    purging.record(portal_scope(), [purging.Purge(version.artifact_id, because, date(2025, 11, 1))])
    text = page(client, address)
    assert because in text
    assert "Use it from Python" not in text
    download = client.get(reverse("registry-api:artifact", args=[version.pk]))
    assert download.status_code == 410
    assert download.json()["code"] == "artifact-purged"
    assert because in download.json()["detail"]


# --- Programs ------------------------------------------------------------------------------------


def test_programs_read_and_set_the_same(client, shown, quinn):
    client.force_login(quinn)
    address = reverse("governance-api:retention", args=[shown.family.slug])
    empty = client.get(address).json()
    assert (empty["rule"], empty["history"]) == (None, [])
    assert empty["standing"]["kept"] == empty["standing"]["stored"] > 0
    assert empty["standing"]["reasons"][0]["hold"] == "stage"

    asked = {"classes": ["customer"], "customer_years": 3, "reason": "Annex 4.", "expects": 0}
    answer = client.post(address, asked, content_type="application/json")
    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert body["sentence"].endswith("are kept 3 years after a version was last in use.")
    assert body["rule"]["number"] == 1

    before = written()
    moved = asked | {"customer_years": 1}
    refused = client.post(address, moved, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "rule-moved-on")
    bad = client.post(address, {"classes": ["never"]}, content_type="application/json")
    assert bad.status_code in {400, 422}
    assert written() == before
