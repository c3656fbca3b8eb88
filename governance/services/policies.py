"""Adopts gate policies: validated, numbered, superseding the one before, never changed again."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from governance.domain import policies as rules
from governance.models import GatePolicy
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.models import ModelFamily
from registry.services import ledger

MAX_REASON = 2_000


@transaction.atomic
def adopt(
    scope: PlantScope,
    family: ModelFamily,
    *,
    source: str,
    reason: str,
    expects: int | None = None,
) -> GatePolicy:
    """Put a policy in force for a family; what is in force already is returned unchanged.

    Args:
        expects: number of the policy that the caller believes to be in force, 0 for none; None
            adopts whatever is in force.

    Raises:
        NotAllowed: the caller is no central data scientist.
        Invalid: the YAML breaks a rule, a source is not written yet, or no reason is given;
            `fields` names each place.
        Conflict: somebody adopted another policy meanwhile.
    """
    scope.require(Role.DATA_SCIENTIST)
    document = rules.parse(source)
    rules.refuse(rules.unfinished(document))
    said = _reason(reason)
    # The family's row is the lock: two adoptions at once get two numbers, one after the other.
    ModelFamily.objects.select_for_update().get(pk=family.pk)
    current = GatePolicy.objects.filter(family=family, superseded_at__isnull=True).first()
    digest = rules.digest(document)
    if current and current.digest == digest:
        return current
    in_force = current.number if current else 0
    if expects is not None and expects != in_force:
        raise Conflict(
            f"Policy {in_force} of {family.slug} is in force now: read it, then adopt yours again.",
            code="policy-moved-on",
        )
    if current:
        current.superseded_at = timezone.now()
        current.save()
    return _record(scope, family, in_force + 1, document, source, said)


def _reason(text: str) -> str:
    said = text.strip()
    if not said or len(said) > MAX_REASON or "\x00" in said:
        problem = f"Say in 1 to {MAX_REASON} characters why the policy is adopted."
        raise Invalid(problem, fields={"reason": [problem]})
    return said


def _record(
    scope: PlantScope,
    family: ModelFamily,
    number: int,
    document: dict[str, object],
    source: str,
    reason: str,
) -> GatePolicy:
    policy = GatePolicy(
        family=family,
        number=number,
        document=document,
        digest=rules.digest(document),
        source=source,
        reason=reason,
        adopted_by=scope.actor.name,
    )
    policy.full_clean()
    policy.save(force_insert=True)
    ledger.record(
        scope,
        "policy.adopted",
        f"policy:{family.slug}/{number}",
        details={"digest": policy.digest, "number": number},
    )
    return policy
