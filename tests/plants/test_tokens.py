"""A person's token opens the API as that person, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from plants.models import PersonalToken
from plants.services import access, tokens
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry

FAMILY = {"slug": "seams", "title": "Seams", "task_kind": "images"}


def given(user, **wish) -> tuple[PersonalToken, str]:
    return tokens.issue(access.scope_for(user), user, **{"name": "script", **wish})


def bearing(text: str) -> Client:
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {text}"})


def post(client: Client, url: str = "/api/v1/families/", body=FAMILY):
    return client.post(url, body, content_type="application/json")


def test_a_token_is_its_person_to_the_api(clara):
    _, text = given(clara)
    assert bearing(text).get("/api/v1/families/").status_code == 200
    assert post(bearing(text)).status_code == 201
    assert LedgerEntry.objects.latest("sequence").actor == "person:clara"


def test_only_its_digest_is_kept(clara):
    token, text = given(clara)
    secret = text.rpartition("_")[2]
    stored = " ".join(str(value) for value in PersonalToken.objects.values().get().values())
    assert secret not in stored
    assert secret not in str(list(LedgerEntry.objects.values()))
    assert str(token) == "script of clara"


def test_a_token_that_only_reads_sees_what_its_person_sees_and_changes_nothing(clara):
    _, text = given(clara, reads_only=True)
    assert bearing(text).get("/api/v1/plants/").status_code == 200
    refused = post(bearing(text))
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    scope = access.scope_by(tokens.authenticate(text))
    assert scope.sees_everything
    assert not any(scope.may(role) for role in access.scope_for(clara).central)


def test_a_token_loses_what_its_person_loses(ines):
    _, text = given(ines)
    assert bearing(text).get("/api/v1/plants/graz/").status_code == 200
    ines.memberships.all().delete()
    assert bearing(text).get("/api/v1/plants/graz/").status_code == 404
    ines.is_active = False
    ines.save()
    assert bearing(text).get("/api/v1/plants/").status_code == 401


def test_a_token_opens_no_page_and_issues_no_token(adam):
    _, text = given(adam)
    for path in ("/", "/account/tokens/", "/plants/", "/admin/"):
        assert bearing(text).get(path).status_code == 302, path
    assert (
        Client(headers={"Authorization": f"Bearer {text}"})
        .post("/account/tokens/", {"name": "more", "days": 7})
        .status_code
        == 302
    )
    assert PersonalToken.objects.count() == 1


@pytest.mark.parametrize("change", ["revoked", "expired", "other secret", "no secret", "no token"])
def test_what_is_not_in_force_is_refused_with_one_answer(clara, change):
    token, text = given(clara)
    if change == "revoked":
        tokens.revoke(access.scope_for(clara), token)
    if change == "expired":
        PersonalToken.objects.update(expires_at=timezone.now())
    wrong = {
        "other secret": text[:-1] + ("a" if text[-1] != "a" else "b"),
        "no secret": text.rpartition("_")[0],
        "no token": "lwu_",
    }
    answer = bearing(wrong.get(change, text)).get("/api/v1/families/")
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication-failed")
    assert "token is not valid" in answer.json()["detail"]
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_revoking_is_for_its_person_and_administrators(clara, adam, stan):
    token, _ = given(clara)
    with pytest.raises(NotFound):
        tokens.find(access.scope_for(stan), token.pk)
    with pytest.raises(NotFound):
        tokens.revoke(access.scope_for(stan), token)
    token.refresh_from_db()
    assert token.revoked_at is None
    scope = access.scope_for(adam)
    tokens.revoke(scope, tokens.find(scope, token.pk))
    token.refresh_from_db()
    assert token.revoked_by == "adam"


def test_nobody_issues_in_another_name(clara, adam):
    with pytest.raises(NotAllowed, match="for themselves"):
        tokens.issue(access.scope_for(adam), clara, name="x")
    assert not PersonalToken.objects.exists()


@pytest.mark.parametrize("wish", [{"name": " "}, {"name": "a\nb"}, {"days": 366}, {"days": 0}])
def test_a_token_has_a_name_and_an_end(clara, wish):
    with pytest.raises(Invalid):
        given(clara, **wish)
    assert not PersonalToken.objects.exists()


def test_nobody_hoards(clara):
    for _ in range(tokens.MAX_LIVE):
        given(clara)
    with pytest.raises(Conflict, match="revoke one"):
        given(clara)
    PersonalToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    given(clara)


def test_use_is_noted(clara):
    token, text = given(clara)
    bearing(text).get("/api/v1/families/")
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_the_page_shows_a_new_token_once_and_never_again(client, clara):
    client.force_login(clara, backend="django.contrib.auth.backends.ModelBackend")
    shown = client.post("/account/tokens/", {"name": "nightly", "days": 30, "reads_only": "on"})
    token = PersonalToken.objects.get()
    assert f"lwu_{token.pk.hex}_" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert token.reads_only
    again = client.get("/account/tokens/").content.decode()
    assert "nightly" in again
    assert f"lwu_{token.pk.hex}_" not in again
    client.post(f"/account/tokens/{token.pk}/revocation/")
    assert "revoked" in client.get("/account/tokens/").content.decode()


def test_the_page_says_what_is_wrong(client, clara):
    client.force_login(clara, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/account/tokens/", {"name": "", "days": 30})
    assert answer.status_code == 422
    assert not PersonalToken.objects.exists()
