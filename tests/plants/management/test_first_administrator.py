"""The first administrator: made once, by a link and never by a password in a command."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command

from plants.models import Membership, User
from plants.services.access import scope_for
from registry.domain.access import Role
from registry.models import LedgerEntry
from registry.services import ledger


def made(*arguments: str) -> str:
    out = io.StringIO()
    call_command("first_administrator", *arguments, stdout=out)
    return out.getvalue()


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        made(*arguments)
    return str(refused.value)


@pytest.mark.django_db
def test_the_link_sets_the_password_and_the_administrator_gets_in(client, settings):
    settings.PORTAL_URL = "http://testserver"
    said = made("root", "--name", "Rosa Ott")
    user = User.objects.get()
    assert (user.get_full_name(), user.has_usable_password()) == ("Rosa Ott", False)
    assert Role.ADMINISTRATOR in scope_for(user).central
    link = re.search(r"http://testserver(\S+)", said)
    assert link is not None
    page = client.get(link[1], follow=True)
    word = "correct-horse-battery"
    client.post(page.request["PATH_INFO"], {"password1": word, "password2": word})
    client.post("/accounts/login/", {"login": "root", "password": word})
    assert client.get("/").wsgi_request.user == user
    assert not user.is_superuser, "the role is all it takes"


@pytest.mark.django_db
def test_a_second_one_is_refused_and_nothing_is_written(adam):
    Membership.objects.filter(user=adam).update(granted_by="test")
    before = (User.objects.count(), LedgerEntry.objects.count())
    assert "adam is an administrator already" in refusal("root")
    assert "adam is an administrator already" in refusal("adam")
    assert (User.objects.count(), LedgerEntry.objects.count()) == before


@pytest.mark.django_db
def test_a_link_that_was_never_used_is_replaced_for_the_same_name_only():
    first, second = made("root"), made("root")
    assert first.splitlines()[0] == second.splitlines()[0]
    assert User.objects.count() == 1
    assert "root was made the first administrator" in refusal("intruder")
    assert User.objects.count() == 1
    assert ledger.verify().is_intact


@pytest.mark.django_db
def test_an_operator_is_not_in_the_way_and_keeps_its_name(otto):
    assert "otto is taken" in refusal("otto")
    assert "root" in made("root")


@pytest.mark.django_db
def test_a_name_that_breaks_the_rules_is_one_line():
    assert "\n" not in refusal("a b c")
    assert not User.objects.exists()
