"""Sets how long a family's records are kept: numbered, superseding, with a reason, never edited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from registry.domain import retention as rules
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.models import ModelFamily, RetentionRule
from registry.services import ledger

# Who makes the models does not decide how long the evidence about them lasts: it is quality that
# answers to customers and auditors for records, and the approver is quality's role.
SETTER = Role.APPROVER
MAX_REASON = 2_000


@transaction.atomic
def set_rule(
    scope: PlantScope,
    family: ModelFamily,
    *,
    classes: Sequence[str],
    reason: str,
    customer_years: int | None = None,
    life_ended_on: date | None = None,
    expects: int | None = None,
) -> RetentionRule:
    """Put a retention rule in force for a family; what is in force already is returned unchanged.

    Args:
        life_ended_on: the last day on which the product was made or serviced.
        expects: number of the rule that the caller believes to be in force, 0 for none; None
            supersedes whatever is in force.

    Raises:
        NotAllowed: the caller is no central approver.
        Invalid: a class, a figure or the reason breaks its rule; `fields` names each.
        Conflict: somebody set another rule meanwhile.
    """
    scope.require(SETTER)
    now = timezone.now()
    rule = rules.check(rules.Rule(tuple(classes), customer_years, life_ended_on), now.date())
    said = _reason(reason)
    # The family's row is the lock: two at once get two numbers, one after the other.
    ModelFamily.objects.select_for_update().get(pk=family.pk)
    current = RetentionRule.objects.in_force().filter(family=family).first()
    in_force = current.number if current else 0
    if current and _is_same(current, rule):
        return current
    if expects is not None and expects != in_force:
        raise Conflict(
            f"Retention rule {in_force} of {family.slug} is in force now: read it, then set yours "
            "again.",
            code="rule-moved-on",
        )
    if current:
        current.superseded_at = now
        current.save()
    return _record(scope, family, in_force + 1, rule, said)


def _is_same(row: RetentionRule, rule: rules.Rule) -> bool:
    asked = (list(rule.classes), rule.customer_years, rule.life_ended_on)
    return (row.classes, row.customer_years, row.life_ended_on) == asked


def _reason(text: str) -> str:
    said = text.strip()
    if not said or len(said) > MAX_REASON or "\x00" in said:
        problem = f"Say in 1 to {MAX_REASON} characters why, e.g. which contract states it."
        raise Invalid(problem, fields={"reason": [problem]})
    return said


def _record(
    scope: PlantScope, family: ModelFamily, number: int, rule: rules.Rule, reason: str
) -> RetentionRule:
    row = RetentionRule(
        family=family,
        number=number,
        classes=list(rule.classes),
        customer_years=rule.customer_years,
        life_ended_on=rule.life_ended_on,
        reason=reason,
        set_by=scope.actor.name,
    )
    row.full_clean()
    row.save(force_insert=True)
    ledger.record(
        scope,
        "retention.set",
        f"family:{family.slug}",
        details={
            "number": number,
            "classes": row.classes,
            "customer_years": rule.customer_years,
            "life_ended_on": rule.life_ended_on.isoformat() if rule.life_ended_on else None,
        },
    )
    return row
