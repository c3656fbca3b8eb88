"""Answers and signatures under a line's checklist: who may, what is written, what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.domain.checklist import State
from governance.domain.checklist_items import BY_SLUG
from governance.models import LineProof, SignOff
from governance.selectors.checklist import blockers, standing_of
from governance.services import checklists
from plants.services import lines, ownership
from plants.services.access import scope_for
from registry.domain.access import Role, portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry
from registry.models.base import Immutable
from tests.conftest import person
from tests.factories.reports import reports

pytestmark = pytest.mark.django_db

SEEN = "Looked at on both shifts; photographs are in the binder of the line."


@pytest.fixture
def line(graz):
    return reports(graz).line


@pytest.fixture
def quinn(graz):
    """Approver at Graz."""
    return scope_for(person("quinn", Role.APPROVER, graz))


@pytest.fixture
def answered(line, ines):
    """Every question has been answered by a person."""
    for item in BY_SLUG:
        checklists.attest(scope_for(ines), line, item=item, holds=True, statement=SEEN)
    return line


def written() -> tuple[int, int, int]:
    return LineProof.objects.count(), SignOff.objects.count(), LedgerEntry.objects.count()


def state(line, slug: str, now=None):
    found = standing_of(portal_scope(), line, now).standing.items
    return next(one for one in found if one.item.slug == slug)


# --- Answers -------------------------------------------------------------------------------------


def test_an_engineer_answers_and_the_word_counts_half(line, ines):
    before = written()
    proof = checklists.attest(
        scope_for(ines), line, item="camera.fixed", holds=True, statement=f"  {SEEN} "
    )
    assert (proof.kind, proof.given_by, proof.statement) == ("attested", "ines", SEEN)
    assert state(line, "camera.fixed").score == 0.5
    assert written() == (before[0] + 1, before[1], before[2] + 1)
    entry = LedgerEntry.objects.latest("sequence")
    assert (entry.verb, entry.subject) == ("proof.attested", "line:graz/line-1")
    assert entry.details == {"item": "camera.fixed", "answer": "yes"}


def test_a_no_is_an_answer_too(line, ines):
    checklists.attest(scope_for(ines), line, item="camera.fixed", holds=False, statement=SEEN)
    assert state(line, "camera.fixed").state is State.FAILS


@pytest.mark.parametrize(
    ("item", "statement", "field"),
    [
        ("camera.shaken", SEEN, "item"),
        ("camera.fixed", "Is fine. ", "statement"),
        ("camera.fixed", "x" * 2_001, "statement"),
        ("camera.fixed", f"{SEEN}\x00", "statement"),
    ],
)
def test_what_is_no_answer_is_refused_by_field(line, ines, item, statement, field):
    before = written()
    with pytest.raises(Invalid) as caught:
        checklists.attest(scope_for(ines), line, item=item, holds=True, statement=statement)
    assert list(caught.value.fields) == [field]
    assert written() == before


def test_only_engineers_of_the_plant_answer(line, otto, quinn, stan):
    before = written()
    for scope in (scope_for(otto), quinn):
        with pytest.raises(NotAllowed):
            checklists.attest(scope, line, item="camera.fixed", holds=True, statement=SEEN)
    with pytest.raises(NotFound):
        checklists.attest(scope_for(stan), line, item="camera.fixed", holds=True, statement=SEEN)
    assert written() == before


def test_a_closed_line_takes_no_answer_and_no_signature(answered, ines, quinn):
    lines.close_line(scope_for(ines), answered)
    before = written()
    with pytest.raises(Conflict, match="is closed"):
        checklists.attest(
            scope_for(ines), answered, item="camera.fixed", holds=True, statement=SEEN
        )
    with pytest.raises(Conflict, match="is closed"):
        checklists.sign_off(quinn, answered)
    assert written() == before


def test_neither_answers_nor_signatures_are_edited(answered, quinn):
    signed = checklists.sign_off(quinn, answered)
    proof = LineProof.objects.filter(line=answered)[0]
    proof.holds, signed.readiness = False, 1.0
    for row in (proof, signed):
        with pytest.raises(Immutable):
            row.save()
        with pytest.raises(Immutable):
            row.delete()


# --- Signatures ----------------------------------------------------------------------------------


def test_an_approver_signs_with_the_scores_of_the_moment(answered, quinn):
    signed = checklists.sign_off(quinn, answered, note="Walked the line with Ines.")
    found = standing_of(portal_scope(), answered)
    assert (signed.person, signed.readiness) == ("quinn", found.readiness)
    assert signed.scores["items"] == found.standing.scores
    assert found.is_signed
    entry = LedgerEntry.objects.latest("sequence")
    assert (entry.verb, entry.subject) == ("checklist.signed", "line:graz/line-1")


def test_a_question_without_an_answer_keeps_the_checklist_unsigned(line, quinn):
    before = written()
    with pytest.raises(Conflict) as caught:
        checklists.sign_off(quinn, line)
    assert caught.value.code == "unanswered"
    assert BY_SLUG["lighting.covered"].question in caught.value.message
    assert written() == before


def test_only_a_person_who_approves_signs(answered, ines, stan):
    before = written()
    for scope in (scope_for(ines), portal_scope()):
        with pytest.raises(NotAllowed):
            checklists.sign_off(scope, answered)
    with pytest.raises(NotFound):
        checklists.sign_off(scope_for(stan), answered)
    with pytest.raises(Invalid):
        checklists.sign_off(scope_for(person("rita", Role.APPROVER)), answered, note="x" * 2_001)
    assert written() == before


def test_a_signature_ends_when_a_score_falls_and_holds_while_none_does(answered, graz, quinn, ines):
    checklists.sign_off(quinn, answered)
    soon = timezone.now() + timedelta(days=1)
    assert standing_of(portal_scope(), answered, soon).is_signed
    later = standing_of(portal_scope(), answered, timezone.now() + timedelta(days=31))
    assert not later.is_signed
    assert "lighting.covered" in {one.item.slug for one in later.fallen}
    assert later.not_signed.startswith("quinn signed on ")


def test_a_signature_ends_after_a_year_whatever_the_scores_are(answered, quinn):
    signed = checklists.sign_off(quinn, answered)
    signed.scores["items"] = {}
    found = standing_of(portal_scope(), answered, timezone.now() + timedelta(days=366))
    assert not found.is_signed
    assert "more than 365 days ago" in found.not_signed


def test_a_signature_ends_when_the_owner_leaves(answered, graz, quinn, ines):
    checklists.sign_off(quinn, answered)
    berta = graz.people.get(code="berta-wolf")
    ownership.declare(
        scope_for(ines), answered, team="Night", owner=berta, rollback_authority=berta
    )
    found = standing_of(portal_scope(), answered)
    assert [one.item.slug for one in found.fallen] == ["ownership.owner"]
    assert blockers(portal_scope(), answered, min_readiness=0.0) == [found.not_signed]


# --- In the way of a release ---------------------------------------------------------------------


def test_a_release_is_told_of_unanswered_questions_of_readiness_and_of_the_signature(line):
    said = blockers(portal_scope(), line, min_readiness=0.5)
    assert len(said) == 3
    assert "of the checklist of Line 1 without an answer: lighting envelope (3)" in said[0]
    assert "0.5 is asked for" in said[1]
    assert said[2] == "Nobody has signed the checklist of Line 1."


def test_a_signed_line_that_is_ready_enough_stands_in_nobodys_way(answered, quinn):
    checklists.sign_off(quinn, answered)
    found = standing_of(portal_scope(), answered)
    assert blockers(portal_scope(), answered, min_readiness=found.readiness) == []
    (said,) = blockers(portal_scope(), answered, min_readiness=found.readiness + 0.1)
    assert "is asked for" in said
