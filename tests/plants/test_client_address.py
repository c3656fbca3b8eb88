"""Whose failed log-ins count: a header tells only where our own proxy wrote it."""

from __future__ import annotations

import pytest
from axes.models import AccessAttempt
from django.test import RequestFactory

from plants.authentication import client_address


@pytest.mark.parametrize(
    ("behind_proxy", "stated", "address"),
    [
        (False, "10.1.1.1", "127.0.0.1"),
        (True, "10.1.1.1", "10.1.1.1"),
        (True, "10.6.6.6, 10.1.1.1", "10.1.1.1"),
        (True, "", "127.0.0.1"),
    ],
)
def test_the_address_is_the_proxys_word_or_the_lines(behind_proxy, stated, address, settings):
    settings.BEHIND_PROXY = behind_proxy
    request = RequestFactory().get("/", headers={"X-Forwarded-For": stated})
    assert client_address(request) == address


@pytest.mark.django_db
def test_claiming_other_addresses_does_not_reset_the_count(client, vera):
    for number in range(9):
        answer = client.post(
            "/accounts/login/",
            {"login": "vera", "password": "wrong"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )
    assert answer.status_code in {403, 429}
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"127.0.0.1"}
