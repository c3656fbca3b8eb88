"""Roles become a scope in one place and one query; what is withdrawn stops counting at once."""

from __future__ import annotations

import pytest

from plants.models import Membership
from plants.services import access, credentials
from registry.domain.access import CENTRE, ActorKind, Role, portal_scope

pytestmark = pytest.mark.django_db


def test_a_person_s_scope_is_their_memberships(ines, leipzig, django_assert_num_queries):
    Membership.objects.create(user=ines, plant=leipzig, role=Role.VIEWER, granted_by="test")
    with django_assert_num_queries(1):
        scope = access.scope_for(ines)
    assert scope.plant_codes == {"graz", "leipzig"}
    assert scope.may(Role.ENGINEER, "graz")
    assert not scope.may(Role.ENGINEER, "leipzig")
    assert not scope.sees_everything
    assert str(scope.actor) == "person:ines"


def test_a_central_role_sees_every_plant_and_does_what_the_role_does(clara, graz):
    scope = access.scope_for(clara)
    assert scope.sees_everything
    assert scope.may(Role.DATA_SCIENTIST, "graz")
    assert not scope.may(Role.ENGINEER, "graz")
    assert not scope.may(Role.ADMINISTRATOR)


def test_two_roles_at_one_plant_add_up(vera, graz):
    Membership.objects.create(user=vera, plant=graz, role=Role.APPROVER, granted_by="test")
    scope = access.scope_for(vera)
    assert scope.may(Role.APPROVER, "graz")
    assert not scope.may(Role.OPERATOR, "graz")


def test_nobody_s_scope_is_empty(nobody, graz):
    scope = access.scope_for(nobody)
    assert not scope.sees("graz")
    assert not scope.sees(None)


def test_a_withdrawn_role_and_a_closed_account_count_no_more(ines):
    assert access.scope_for(ines).sees("graz")
    ines.is_active = False
    assert not access.scope_for(ines).sees("graz")
    ines.is_active = True
    Membership.objects.all().delete()
    assert not access.scope_for(ines).sees("graz")


def test_being_staff_or_superuser_is_no_role(nobody, graz):
    nobody.is_staff = nobody.is_superuser = True
    nobody.save()
    assert not access.scope_for(nobody).sees("graz")


@pytest.mark.parametrize("code", ["graz", CENTRE])
def test_a_plant_s_agent_works_for_its_plant_and_sees_no_other(code, graz, centre):
    plant = {"graz": graz, CENTRE: centre}[code]
    issued = credentials.enrol(credentials.issue_code(portal_scope(), plant))
    scope = access.scope_of(issued.credential)
    assert (scope.actor.kind, scope.actor.name) == (ActorKind.PLANT, code)
    assert scope.plant_codes == {code}
    assert scope.may(Role.OPERATOR, code)
    assert not scope.may(Role.ENGINEER, code)
    assert not scope.sees_everything
