"""Declaring a family on its page: central data scientists only, refusals beside their fields."""

from __future__ import annotations

from decimal import Decimal

import pytest

from registry.models import LedgerEntry, ModelFamily
from tests.registry import rows

NEW = "/families/new/"
WELDS = {
    "slug": "weld-seams",
    "title": "Weld seams",
    "description": "Pores and cracks.",
    "task_kind": "images",
    "classes": "good\r\n pore \r\n\r\ncrack",
    "good_class": "good",
    "primary_metric": "macro_f1",
    "escape_cost": "80",
    "false_reject_cost": "4.50",
}


def body(answer) -> str:
    return answer.content.decode()


def test_a_data_scientist_declares_a_family_and_lands_on_its_page(client, clara):
    client.force_login(clara)
    assert f'href="{NEW}">Declare the first family</a>' in body(client.get("/families/"))
    told = client.post(NEW, WELDS, follow=True)
    assert told.redirect_chain == [("/families/weld-seams/", 302)]
    assert "Weld seams is declared; publish its baseline next." in body(told)
    family = ModelFamily.objects.get()
    assert family.classes == ["good", "pore", "crack"]
    assert (family.primary_metric, family.allows_local_classes) == ("macro_f1", False)
    assert (family.escape_cost, family.false_reject_cost) == (Decimal(80), Decimal("4.50"))
    assert LedgerEntry.objects.filter(verb="family.declared").count() == 1


def test_a_family_may_leave_its_classes_to_the_plants(client, clara):
    client.force_login(clara)
    without = WELDS | {"classes": "", "good_class": "", "allows_local_classes": "on"}
    assert client.post(NEW, without).status_code == 302
    family = ModelFamily.objects.get()
    assert (family.classes, family.allows_local_classes) == ([], True)


@pytest.mark.parametrize(
    ("field", "wrong", "said", "status"),
    [
        ("slug", "weld seams", "Enter a valid", 422),
        ("slug", "new", "new is the address of a page; choose another name.", 422),
        ("slug", "surface-defects", "There is a family surface-defects already", 409),
        ("classes", "good\npore\npore", "Name each class once.", 422),
        ("classes", "good\n" + "x" * 81, "Line 2 has 81 characters", 422),
        ("classes", "\n".join(["good", *map(str, range(200))]), "at most 200 classes", 422),
        ("classes", "", "Name the classes here, or let plants use their own.", 422),
        ("good_class", "fine", "Choose one of: good, pore, crack.", 422),
        ("escape_cost", "-1", "greater than or equal to 0", 422),
        ("title", "", "This field is required.", 422),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(
    client, clara, field, wrong, said, status
):
    rows.a_family(slug="surface-defects")
    client.force_login(clara)
    answer = client.post(NEW, WELDS | {field: wrong})
    assert answer.status_code == status
    assert list(answer.context["form"].errors) == [field]
    assert said in body(answer)
    assert 'value="Weld seams"' in body(answer) or field == "title"
    assert ModelFamily.objects.count() == 1
    assert not LedgerEntry.objects.filter(verb="family.declared").exists()


def test_nobody_else_declares_families(client, adam, ines, graz):
    for person in (adam, ines):
        client.force_login(person)
        for answer in (client.get(NEW), client.post(NEW, WELDS)):
            assert answer.status_code == 403
        page = body(client.get("/families/"))
        assert NEW not in page
        assert "A central data scientist declares families." in page
    assert not ModelFamily.objects.exists()
