"""How a line is set up, reported anew with each change; what was said before stays on record."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from plants.domain import line_setup
from plants.domain.seen_words import unseen
from plants.models import Line, LineSetup
from plants.services.checks import lock_plant
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.services import ledger

MAX_REASON = 2_000  # characters


@transaction.atomic
def report_setup(
    scope: PlantScope, line: Line, *, document: Mapping[str, object], reason: str
) -> LineSetup:
    """Say how a line is set up from now on; the same again changes nothing.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Conflict: the line or its plant is closed.
        Invalid: a fact breaks its rule, or nobody says why; `fields` names each.
    """
    scope.require(Role.ENGINEER, line.plant_id)
    lock_plant(line.plant_id)
    locked = Line.objects.select_for_update().get(pk=line.pk)
    if locked.closed_at:
        raise Conflict(
            f"The line {locked.name} is closed; its set-up stays as it is.", code="closed"
        )
    facts, why = _checked(document, reason)
    former = locked.setups.order_by("-number").first()
    before = former.document if former else {}
    changed = line_setup.changed(before, facts)
    if former and not changed:
        return former
    made = LineSetup(
        line=locked,
        number=former.number + 1 if former else 1,
        document=facts,
        changed=changed,
        reason=why,
        reported_by=scope.actor.name,
    )
    made.save(force_insert=True)
    ledger.record(
        scope,
        "setup.reported",
        f"line:{locked.plant_id}/{locked.code}",
        plant_code=locked.plant_id,
        details={"number": made.number, "changed": changed, "reason": why},
    )
    return made


def _checked(document: Mapping[str, object], reason: str) -> tuple[dict[str, str], str]:
    """Facts and reason as they are kept; all that is wrong with either is said at once."""
    found: dict[str, list[str]] = {}
    facts: dict[str, str] = {}
    try:
        facts = line_setup.check(document)
    except Invalid as refusal:
        found = refusal.fields
    found |= {name: [told] for name, text in facts.items() if (told := unseen(text))}
    why = reason.strip()
    if not why or len(why) > MAX_REASON or "\x00" in why:
        found["reason"] = [f"Say in 1 to {MAX_REASON} characters what changed and why."]
    if found:
        raise Invalid("The set-up has fields to correct.", code="bad-setup", fields=found)
    return facts, why
