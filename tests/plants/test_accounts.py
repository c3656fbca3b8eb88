"""Accounts are made and closed by administrators, and somebody is always left to administer."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from plants.models import Membership, User
from plants.services import accounts, sites
from plants.services.access import scope_for
from registry.domain.access import Role, portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.models import LedgerEntry

pytestmark = pytest.mark.django_db
PORTAL = "https://portal.example"


@pytest.fixture
def nina(adam) -> User:
    return accounts.create(
        scope_for(adam), username="nina", name="Nina van Berg", email="nina@plant.example"
    )


def test_a_new_account_has_a_name_and_no_password(nina):
    nina.refresh_from_db()
    assert (nina.first_name, nina.last_name, str(nina)) == ("Nina van", "Berg", "Nina van Berg")
    assert not nina.has_usable_password()
    assert not nina.memberships.exists()
    assert LedgerEntry.objects.get(verb="account.created").subject == "user:nina"


@pytest.mark.parametrize("who", ["ines", "vera", "clara", "petra", "nobody"])
def test_only_a_central_administrator_keeps_accounts(who, request, otto):
    scope = scope_for(request.getfixturevalue(who))
    people = User.objects.count()
    for act in (
        lambda: accounts.create(scope, username="new-one", name="New"),
        lambda: accounts.invite(scope, otto, PORTAL),
        lambda: accounts.deactivate(scope, otto),
        lambda: accounts.reactivate(scope, otto),
        lambda: accounts.change(scope, otto, name="X", time_zone="UTC"),
    ):
        with pytest.raises(NotAllowed):
            act()
    otto.refresh_from_db()
    assert (User.objects.count(), otto.is_active, otto.first_name) == (people, True, "")
    assert not LedgerEntry.objects.filter(verb__startswith="account.").exists()


def test_an_administrator_of_one_plant_keeps_no_accounts(otto, graz):
    sites.grant_role(portal_scope(), otto, Role.ADMINISTRATOR, graz)
    with pytest.raises(NotAllowed):
        accounts.create(scope_for(otto), username="new-one", name="New")


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("username", {"username": "no spaces"}),
        ("username", {"username": ""}),
        ("username", {"username": "a/b"}),
        ("username", {"username": "x" * 151}),
        ("name", {"name": "y" * 200}),
        ("email", {"email": "nobody"}),
        ("time_zone", {"time_zone": "Mars/Base"}),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(adam, field, facts):
    good = {"username": "nina", "name": "Nina", "email": "", "time_zone": "UTC"}
    with pytest.raises(Invalid) as refusal:
        accounts.create(scope_for(adam), **(good | facts))
    assert field in refusal.value.fields
    assert not User.objects.filter(username="nina").exists()


def test_a_closed_account_keeps_its_name(adam, nina):
    accounts.deactivate(scope_for(adam), nina)
    with pytest.raises(Conflict, match="keeps its name"):
        accounts.create(scope_for(adam), username="Nina", name="Other")


def test_the_link_sets_a_password_once(adam, nina, client, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        link = accounts.invite(scope_for(adam), nina, PORTAL)
    assert link.startswith(f"{PORTAL}/accounts/password/reset/key/")
    assert [sent.to for sent in mail.outbox] == [["nina@plant.example"]]
    assert link in mail.outbox[0].body
    form = client.get(link.removeprefix(PORTAL), follow=True)
    assert form.status_code == 200
    action = form.request["PATH_INFO"]
    words = {"password1": "a-long-demo-password", "password2": "a-long-demo-password"}
    assert client.post(action, words).status_code == 302
    nina.refresh_from_db()
    assert nina.check_password("a-long-demo-password")
    again = Client().get(link.removeprefix(PORTAL), follow=True)
    assert "password1" not in again.content.decode()


def test_no_link_opens_a_closed_account(adam, nina):
    accounts.deactivate(scope_for(adam), nina)
    with pytest.raises(Conflict, match="closed"):
        accounts.invite(scope_for(adam), nina, PORTAL)


def test_closing_ends_every_session_for_good(adam, otto, client):
    client.force_login(otto)
    assert client.get("/plants/").status_code == 200
    accounts.deactivate(scope_for(adam), otto)
    assert client.get("/plants/").status_code == 302
    accounts.reactivate(scope_for(adam), otto)
    assert client.get("/plants/").status_code == 302
    assert otto.memberships.exists()


def test_nobody_closes_the_own_account(adam):
    with pytest.raises(Conflict, match="your own"):
        accounts.deactivate(scope_for(adam), adam)
    adam.refresh_from_db()
    assert adam.is_active


def test_the_last_administrator_stays(adam, otto):
    role = adam.memberships.get()
    with pytest.raises(Conflict, match="your own"):
        sites.withdraw_role(scope_for(adam), role)
    for act in (
        lambda: sites.withdraw_role(portal_scope(), role),
        lambda: accounts.deactivate(portal_scope(), adam),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            act()
    assert Membership.objects.filter(pk=role.pk).exists()
    sites.grant_role(scope_for(adam), otto, Role.ADMINISTRATOR)
    sites.withdraw_role(scope_for(otto), role)
    assert not adam.memberships.exists()


def test_a_closed_administrator_does_not_count(adam, otto):
    sites.grant_role(scope_for(adam), otto, Role.ADMINISTRATOR)
    accounts.deactivate(scope_for(adam), otto)
    with pytest.raises(Conflict, match="last administrator"):
        accounts.deactivate(portal_scope(), adam)


def test_a_person_changes_the_own_name_and_zone(otto):
    accounts.change(scope_for(otto), otto, name="Otto Huber", time_zone="Europe/Vienna")
    otto.refresh_from_db()
    assert (str(otto), otto.time_zone) == ("Otto Huber", "Europe/Vienna")
    with pytest.raises(Invalid):
        accounts.change(scope_for(otto), otto, name="Otto", time_zone="Nowhere")
