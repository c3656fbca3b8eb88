from __future__ import annotations

import pytest
from django.core import mail
from django.urls import reverse

SETTINGS, PREVIEW = "governance:summary", "governance:summary-preview"


@pytest.mark.parametrize("name", [SETTINGS, PREVIEW])
def test_both_pages_take_signing_in(client, name):
    assert client.get(reverse(name)).url.startswith(reverse("account_login"))


def test_a_person_switches_it_on_and_off_and_sees_the_address(client, petra):
    petra.email = "petra@example.org"
    petra.save()
    client.force_login(petra)
    assert "petra@example.org" in client.get(reverse(SETTINGS)).content.decode()
    assert client.post(reverse(SETTINGS), {"wants_summary": "on"}).status_code == 302
    petra.refresh_from_db()
    assert petra.wants_summary
    assert client.post(reverse(SETTINGS), {}).status_code == 302
    petra.refresh_from_db()
    assert not petra.wants_summary


def test_without_an_address_the_page_says_who_enters_one_and_refuses(client, petra):
    client.force_login(petra)
    answer = client.post(reverse(SETTINGS), {"wants_summary": "on"})
    assert answer.status_code == 422
    assert "ask an administrator to enter one" in answer.content.decode()
    petra.refresh_from_db()
    assert not petra.wants_summary


def test_a_person_can_change_nothing_else_with_the_form(client, petra):
    petra.email = "petra@example.org"
    petra.save()
    client.force_login(petra)
    client.post(reverse(SETTINGS), {"wants_summary": "on", "is_superuser": "on", "email": "x@y.z"})
    petra.refresh_from_db()
    assert (petra.is_superuser, petra.email) == (False, "petra@example.org")


def test_the_preview_shows_the_readers_own_week_and_sends_nothing(client, shown, vera):
    client.force_login(vera)
    page = client.get(reverse(PREVIEW)).content.decode()
    assert "Graz" in page
    assert "Brno" not in page
    assert mail.outbox == []


def test_the_account_menu_leads_there(client, petra):
    client.force_login(petra)
    assert reverse(SETTINGS) in client.get(reverse("mfa_index")).content.decode()
