"""Neighbours behind the portal's login ask it who may come in."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

ASK = "/auth/check/"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("of", ["mlflow", "flower", "", "other"])
def test_whoever_is_not_signed_in_is_told_so(client, db, of):
    answer = client.get(ASK, {"for": of})
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize(
    ("who", "mlflow", "flower"),
    [
        ("clara", 204, 204),
        ("adam", 204, 204),
        ("petra", 204, 403),
        ("ines", 403, 403),
        ("nobody", 403, 403),
    ],
)
def test_central_roles_come_in_and_flower_takes_two_of_them(request, who, mlflow, flower):
    client = signed_in(request.getfixturevalue(who))
    for of, status in (("mlflow", mlflow), ("flower", flower), ("other", 403), ("", 403)):
        answer = client.get(ASK, {"for": of})
        assert (answer.status_code, answer.content) == (status, b""), of
        assert "no-store" in answer["Cache-Control"]


def test_a_token_is_no_way_in(clara):
    from plants.services import access, tokens

    _, text = tokens.issue(access.scope_for(clara), clara, name="script")
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert client.get(ASK, {"for": "mlflow"}).status_code == 401


def test_it_costs_three_questions_to_the_database(clara):
    client = signed_in(clara)
    with CaptureQueriesContext(connection) as asked:
        client.get(ASK, {"for": "mlflow"})
    assert len(asked) <= 3  # session, person, roles
