"""Answers to the hardening checklist, and signatures under it: each stands as it was given."""

from __future__ import annotations

from django.db import transaction

from governance.domain.checklist_items import BY_SLUG
from governance.models import LineProof, SignOff
from governance.selectors.checklist import standing_of
from plants.models import Line
from plants.services.checks import lock_plant
from registry.domain.access import ActorKind, PlantScope, Role
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.domain.wording import counted, listed
from registry.services import ledger

# Shorter than this nobody can say what they saw.
MIN_STATEMENT, MAX_TEXT = 10, 2_000


@transaction.atomic
def attest(scope: PlantScope, line: Line, *, item: str, holds: bool, statement: str) -> LineProof:
    """Answer a question of a line's checklist with a person's word.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Conflict: the line or its plant is closed.
        Invalid: there is no such question, or too little is said of what was seen.
    """
    scope.require(Role.ENGINEER, line.plant_id)
    locked = _open(line)
    fields: dict[str, list[str]] = {}
    if item not in BY_SLUG:
        fields["item"] = [f"The checklist has no question {item[:60]}: choose one of its own."]
    said = statement.strip()
    if not MIN_STATEMENT <= len(said) <= MAX_TEXT or "\x00" in said:
        fields["statement"] = [f"Say in {MIN_STATEMENT} to {MAX_TEXT} characters what was seen."]
    if fields:
        raise Invalid("The answer has fields to correct.", code="bad-answer", fields=fields)
    proof = LineProof.objects.create(
        line=locked,
        item=item,
        kind="attested",
        holds=holds,
        statement=said,
        given_by=scope.actor.name,
    )
    ledger.record(
        scope,
        "proof.attested",
        _subject(locked),
        plant_code=locked.plant_id,
        details={"item": item, "answer": "yes" if holds else "no"},
    )
    return proof


@transaction.atomic
def sign_off(scope: PlantScope, line: Line, *, note: str = "") -> SignOff:
    """Sign that a line's checklist was gone through, with the scores of this moment.

    Raises:
        NotAllowed: the caller is no person, or no approver at the plant or centrally.
        Conflict: the line or its plant is closed, or a question has no answer.
        Invalid: the note is too long.
    """
    scope.require(Role.APPROVER, line.plant_id)
    if scope.actor.kind is not ActorKind.PERSON:
        raise NotAllowed("A person signs a checklist, no machine.", code="person-only")
    said = note.strip()
    if len(said) > MAX_TEXT or "\x00" in said:
        problem = f"Write at most {MAX_TEXT} characters."
        raise Invalid(problem, code="bad-note", fields={"note": [problem]})
    locked = _open(line)
    found = standing_of(scope, locked)
    if waiting := found.standing.unanswered:
        told = listed([f"“{one.item.question}”" for one in waiting], 5)
        raise Conflict(
            f"{counted(len(waiting), 'question')} of {locked.name} without an answer: {told}. "
            "Answer them, then sign.",
            code="unanswered",
        )
    sections = {one.slug: one.share for one in found.standing.sections}
    signed = SignOff.objects.create(
        line=locked,
        person=scope.actor.name,
        readiness=found.readiness,
        scores={"sections": sections, "items": found.standing.scores},
        note=said,
    )
    ledger.record(
        scope,
        "checklist.signed",
        _subject(locked),
        plant_code=locked.plant_id,
        details={"readiness": f"{found.readiness:.2f}", "person": signed.person},
    )
    return signed


def _open(line: Line) -> Line:
    plant = lock_plant(line.plant_id)
    locked = Line.objects.select_for_update().get(pk=line.pk)
    locked.plant = plant
    if locked.closed_at:
        raise Conflict(f"The line {locked.name} is closed; its checklist stays.", code="closed")
    return locked


def _subject(line: Line) -> str:
    return f"line:{line.plant_id}/{line.code}"
