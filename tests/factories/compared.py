"""Joint counts of two versions, as two classifiers with these reports could leave them."""

from __future__ import annotations

from registry.models import Evaluation, Pairing


def pairing(first: Evaluation, second: Evaluation, *, apart: int = 0) -> Pairing:
    """A pairing that fits both reports; `apart` more rows of each class are right in one only.

    As many rows as can be are right in both, as with versions that find the same parts hard.
    """
    names = first.report["classes"]
    counts = {}
    for place, name in enumerate(names):
        n = sum(first.report["confusion"][place])
        assert n == sum(second.report["confusion"][place]), "the same rows"
        one, other = (it.report["confusion"][place][place] for it in (first, second))
        both = max(min(one, other) - apart, one + other - n, 0)
        counts[name] = [both, one - both, other - both, n - one - other + both]
    return Pairing.objects.create(
        version=first.version,
        other=second.version,
        manifest=first.manifest,
        plant_code=first.plant_code,
        counts=counts,
        n=first.n,
    )
