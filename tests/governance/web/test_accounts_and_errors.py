from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import server_error

PASSWORD = "a-long-demo-password"


@pytest.fixture(autouse=True)
def _one_counter(settings):
    """Failed log-ins are counted by axes alone, and from nothing in each test."""
    cache.clear()


def sign_in(client: Client, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": "vera", "password": password})


def test_signing_in_and_out_goes_through_our_frame(client, vera):
    page = client.get(reverse("account_login")).content.decode()
    assert 'class="entrance"' in page
    assert sign_in(client).url == "/"
    assert "Sign out" in client.get(reverse("account_logout")).content.decode()
    client.post(reverse("account_logout"))
    assert client.get("/").status_code == 302


def test_a_wrong_password_is_refused_with_a_sentence(client, vera):
    answer = sign_in(client, "wrong")
    assert 'role="alert"' in answer.content.decode()
    assert client.get("/").status_code == 302


def test_too_many_wrong_passwords_lock_with_a_page_that_says_for_how_long(client, vera):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = sign_in(client, "wrong")
    assert answer.status_code == 429
    assert "quarter of an hour" in answer.content.decode()
    assert "quarter of an hour" in sign_in(client).content.decode()


def test_nobody_signs_up_alone(client):
    page = client.get(reverse("account_signup")).content.decode()
    assert "Accounts are made by an administrator" in page


@pytest.mark.parametrize("name", ["account_change_password", "mfa_index"])
def test_the_account_pages_stand_in_the_frame_of_all_others(client, vera, name):
    client.force_login(vera)
    page = client.get(reverse(name)).content.decode()
    assert 'class="rail"' in page


def test_setting_up_a_second_factor_asks_for_the_password_and_shows_a_code_to_scan(client, vera):
    sign_in(client)
    path = reverse("mfa_activate_totp")
    again = client.get(path)
    assert again.status_code == 302
    assert "Confirm Access" in client.get(again.url).content.decode()
    assert client.post(again.url, {"password": PASSWORD}).url == path
    page = client.get(path).content.decode()
    assert 'class="qr"' in page
    assert "data:image/svg+xml" in page


def test_what_is_not_there_and_what_is_forbidden_have_pages(client, shown, vera):
    client.force_login(vera)
    missing = client.get("/no/such/page/")
    assert missing.status_code == 404
    assert "Check the address" in missing.content.decode()
    refused = client.get(reverse("registry:recipe-new"))
    assert refused.status_code == 403
    assert "You may not do this" in refused.content.decode()
    assert "This takes the role data scientist centrally" in refused.content.decode()


def test_a_form_without_its_token_is_refused_with_the_way_out(shown, ines):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ines)
    answer = client.post(reverse("registry:job-cancel", args=[shown.running.pk]))
    assert answer.status_code == 403
    assert "The form has expired" in answer.content.decode()


@pytest.mark.django_db
def test_a_crash_answers_with_a_page_that_needs_no_context():
    answer = server_error(RequestFactory().get("/"))
    assert "Something broke on our side" in answer.content.decode()
    assert answer.status_code == 500


def test_no_page_carries_inline_script_or_style(client, shown, clara):
    client.force_login(clara)
    for path in ("/", "/jobs/", "/recipes/new/", shown.local.get_absolute_url(), "/jobs/new/"):
        answer = client.get(path)
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), path
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), path
        assert "unsafe-inline" not in answer["Content-Security-Policy"]


def test_a_browser_finds_the_icon_where_an_answer_names_none(client, db):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    assert answer["Location"].endswith(".svg")
    assert client.post("/favicon.ico").status_code == 405
