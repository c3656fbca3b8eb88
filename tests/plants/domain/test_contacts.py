"""Addresses are checked, and shown to those only who call."""

from __future__ import annotations

import pytest

from plants.domain.contacts import checked_address, may_see_addresses
from registry.domain.access import Actor, ActorKind, PlantScope, Role
from registry.domain.errors import Invalid


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("phone", "0316 5550101"),
        ("phone", "+0316 5550101"),
        ("phone", "+43"),
        ("phone", "+43 316 5550101 5550101 55"),
        ("sms", "+43 316 call me"),
        ("phone", "+٤٣٣١٦٥٥٥٠١٠١"),
        ("email", "anna"),
        ("email", "anna@"),
        ("email", "anna@host"),
        ("email", "anna@host..example"),
        ("email", "anna huber@graz.example"),
        ("email", "a@" + "b" * 260 + ".example"),
        ("email", "anna@graz.example\nBcc: all@graz.example"),
        ("fax", "+433165550101"),
    ],
)
def test_what_is_no_address_is_refused(kind, address):
    with pytest.raises(Invalid) as refusal:
        checked_address(kind, address)
    assert refusal.value.fields


@pytest.mark.parametrize("role", Role)
def test_who_sees_addresses(role):
    actor = Actor(ActorKind.PERSON, "p")
    here = PlantScope(actor, at={"graz": frozenset({role})})
    central = PlantScope(actor, central=frozenset({role}))
    assert may_see_addresses(here, "graz") == (
        role in {Role.OPERATOR, Role.ENGINEER, Role.ADMINISTRATOR}
    )
    assert not may_see_addresses(here, "leipzig")
    if role in {Role.DATA_SCIENTIST, Role.MANAGER, Role.AUDITOR, Role.VIEWER, Role.APPROVER}:
        assert not may_see_addresses(central, "graz")
    assert may_see_addresses(central, "graz") or role != Role.ADMINISTRATOR


def test_a_plants_agent_calls_nobody():
    agent = PlantScope(Actor(ActorKind.PLANT, "graz"), at={"graz": frozenset({Role.OPERATOR})})
    assert not may_see_addresses(agent, "graz")
