"""Codes and credentials: single use, hashed, one in force, ended with their offspring."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from plants.models import EnrolmentCode, PlantCredential
from plants.services import credentials
from plants.services.access import scope_for
from registry.domain.access import portal_scope
from registry.domain.errors import Conflict, Gone, NotAllowed, NotFound
from registry.models import LedgerEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def issued(graz) -> credentials.Issued:
    return credentials.enrol(credentials.issue_code(portal_scope(), graz))


def works(token: str) -> bool:
    try:
        credentials.authenticate(token)
    except NotAllowed:
        return False
    return True


def test_only_digests_are_kept(graz, issued):
    code = credentials.issue_code(portal_scope(), graz)
    kept = [*EnrolmentCode.objects.values_list(), *PlantCredential.objects.values_list()]
    for secret in (code, issued.token.rpartition("_")[2], issued.broker_password):
        assert secret not in str(kept)
        assert secret not in str(list(LedgerEntry.objects.values_list()))
        assert secret not in repr(PlantCredential.objects.get())


@pytest.mark.parametrize("who", ["ines", "adam"])
def test_an_engineer_of_the_plant_and_an_administrator_issue_codes(who, graz, request):
    code = credentials.issue_code(scope_for(request.getfixturevalue(who)), graz)
    assert credentials.enrol(code).credential.plant == graz


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("vera", NotAllowed), ("otto", NotAllowed), ("clara", NotAllowed), ("stan", NotFound)],
)
def test_nobody_else_does(who, refusal, graz, request):
    with pytest.raises(refusal):
        credentials.issue_code(scope_for(request.getfixturevalue(who)), graz)
    assert not EnrolmentCode.objects.exists()


def test_a_code_of_a_plant_that_was_closed_meanwhile_enrols_nothing(graz):
    code = credentials.issue_code(portal_scope(), graz)
    graz.closed_at = timezone.now()
    graz.save()
    with pytest.raises(Gone):
        credentials.enrol(code)
    with pytest.raises(Conflict, match="closed"):
        credentials.issue_code(portal_scope(), graz)
    assert not PlantCredential.objects.exists()


def test_an_expired_a_used_and_a_made_up_code_get_one_answer(graz):
    used, late = (credentials.issue_code(portal_scope(), graz) for _ in range(2))
    credentials.enrol(used)
    EnrolmentCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    said = set()
    for code in (used, late, "0" * 32, ""):
        with pytest.raises(Gone) as refusal:
            credentials.enrol(code)
        said.add((refusal.value.code, refusal.value.message))
    assert len(said) == 1
    assert PlantCredential.objects.count() == 1


def test_enrolling_again_ends_the_former_credential(graz, issued):
    again = credentials.enrol(credentials.issue_code(portal_scope(), graz))
    assert not works(issued.token)
    assert works(again.token)
    assert PlantCredential.objects.live().get() == again.credential


def test_a_rotation_that_nobody_used_ends_with_the_next_one(issued):
    lost = credentials.rotate(issued.credential)
    new = credentials.rotate(issued.credential)
    assert not works(lost.token)
    assert works(issued.token), "until the new one is used"
    assert works(new.token)
    assert not works(issued.token)


def test_revoking_ends_what_the_thief_asked_for_as_well(issued, adam):
    stolen = credentials.rotate(issued.credential)
    credentials.revoke(scope_for(adam), issued.credential)
    assert not works(issued.token)
    assert not works(stolen.token)
    assert not PlantCredential.objects.usable().exists()


def test_enrolling_anew_ends_what_the_thief_asked_for_as_well(graz, issued):
    stolen = credentials.rotate(issued.credential)
    new = credentials.enrol(credentials.issue_code(portal_scope(), graz))
    assert not works(stolen.token)
    assert works(new.token)


def test_revoking_the_waiting_one_leaves_the_one_in_force(issued, adam):
    waiting = credentials.rotate(issued.credential)
    credentials.revoke(scope_for(adam), waiting.credential)
    assert works(issued.token)
    assert not works(waiting.token)


def test_another_plant_s_credential_is_not_touched(graz, leipzig, issued, adam):
    other = credentials.enrol(credentials.issue_code(portal_scope(), leipzig))
    credentials.revoke(scope_for(adam), issued.credential)
    assert works(other.token)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: token.replace("lwp_", "xxx_"),
        lambda token: token.replace("_", "", 1),
        lambda token: "lwp_" + "0" * 32 + "_" + token.rpartition("_")[2],
        lambda token: "lwp_é_ü",
        lambda token: "\x00",
    ],
)
def test_a_token_that_is_not_quite_one_opens_nothing(change, issued):
    assert works(issued.token)
    assert not works(change(issued.token))


def test_a_use_is_noted_but_not_every_use(issued):
    credentials.authenticate(issued.token)
    first = PlantCredential.objects.get().last_used_at
    credentials.authenticate(issued.token)
    assert PlantCredential.objects.get().last_used_at == first
    PlantCredential.objects.update(last_used_at=first - timedelta(minutes=1))
    credentials.authenticate(issued.token)
    assert PlantCredential.objects.get().last_used_at > first - timedelta(minutes=1)
