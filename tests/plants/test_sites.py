"""Plants are opened once, closed for good and never deleted; roles are granted and withdrawn."""

from __future__ import annotations

import pytest

from plants.models import Membership, Plant, PlantCredential
from plants.services import credentials, sites
from plants.services.access import scope_for
from registry.domain.access import Role, portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry

pytestmark = pytest.mark.django_db


def test_an_administrator_opens_a_plant(adam):
    plant = sites.open_plant(scope_for(adam), code="nova-2", name="Nova", time_zone="Europe/Rome")
    assert Plant.objects.get() == plant
    entry = LedgerEntry.objects.get()
    assert (entry.verb, entry.plant_code, entry.actor) == ("plant.opened", "nova-2", "person:adam")


@pytest.mark.parametrize("who", ["ines", "clara", "petra", "nobody"])
def test_nobody_else_opens_one(who, request):
    before = set(Plant.objects.all()) | {request.getfixturevalue("graz")}
    with pytest.raises(NotAllowed):
        sites.open_plant(scope_for(request.getfixturevalue(who)), code="nova", name="Nova")
    assert set(Plant.objects.all()) == before


@pytest.mark.parametrize(
    "wrong",
    [
        *({"code": code} for code in ("", "ab", "Nova", "1nova", "nova-", "no:va", "n" * 33)),
        *({"code": code} for code in ("no va", "nova\n", "no*va", "növa", "../x")),
        *({"time_zone": zone} for zone in ("", "Mars/Base", "europe/vienna ", "../etc/passwd")),
        {"name": ""},
        {"name": "n" * 121},
    ],
    ids=str,
)
def test_a_code_name_or_zone_that_breaks_its_rule_is_named(wrong, adam):
    facts = {"code": "nova", "name": "Nova", "time_zone": "UTC"} | wrong
    with pytest.raises(Invalid) as refusal:
        sites.open_plant(scope_for(adam), **facts)
    assert set(refusal.value.fields) == set(wrong)
    assert not Plant.objects.exists()


def test_a_closed_plant_keeps_its_code_and_its_rows_and_loses_its_credentials(graz, adam):
    issued = credentials.enrol(credentials.issue_code(portal_scope(), graz))
    credentials.rotate(issued.credential)
    sites.close_plant(scope_for(adam), graz)
    sites.close_plant(scope_for(adam), graz)
    assert not PlantCredential.objects.usable().exists()
    assert PlantCredential.objects.count() == 2
    with pytest.raises(Conflict, match="closed plant keeps"):
        sites.open_plant(scope_for(adam), code="graz", name="Graz again")
    verbs = list(LedgerEntry.objects.order_by("sequence").values_list("verb", flat=True))
    assert verbs[-2:] == ["credential.revoked", "plant.closed"]
    assert verbs.count("plant.closed") == 1


def test_an_administrator_of_one_plant_grants_there_and_nowhere_else(graz, leipzig, otto, nobody):
    sites.grant_role(portal_scope(), otto, Role.ADMINISTRATOR, graz)
    scope = scope_for(otto)
    sites.grant_role(scope, nobody, Role.VIEWER, graz)
    sites.grant_role(scope, nobody, Role.VIEWER, graz)
    for plant, refusal in ((leipzig, NotFound), (None, NotAllowed)):
        with pytest.raises(refusal):
            sites.grant_role(scope, nobody, Role.VIEWER, plant)
    assert Membership.objects.get(user=nobody).plant == graz
    assert LedgerEntry.objects.filter(verb="role.granted", subject="user:nobody").count() == 1


def test_a_withdrawn_role_is_gone_and_on_record_once(otto, adam, vera):
    membership = otto.memberships.get()
    with pytest.raises(NotAllowed):
        sites.withdraw_role(scope_for(vera), membership)
    assert otto.memberships.exists()
    sites.withdraw_role(scope_for(adam), membership)
    sites.withdraw_role(scope_for(adam), membership)
    assert not otto.memberships.exists()
    entry = LedgerEntry.objects.get(verb="role.withdrawn")
    assert (entry.plant_code, entry.details) == ("graz", {"role": "operator"})
