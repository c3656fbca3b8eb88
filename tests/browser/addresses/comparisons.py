from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from registry.models import Evaluation
from tests.factories import compared
from tests.factories import registry as rows
from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """The comparison with its proof, without one, of what is not comparable, and the choice."""
    pair = [
        Evaluation.objects.get(version=version, manifest=shown.manifest)
        for version in (shown.local, shown.baseline)
    ]
    compared.pairing(*pair, apart=2)
    apart = rows.version(shown.family, shown.recipe, "graz", "1.7.0", seed=18, parent=shown.local)
    beside = rows.version(
        shown.family, shown.recipe, "graz", "1.8.0", n=190, manifest=shown.manifest
    )
    page = reverse("registry:version-compare")
    asked = [
        {},
        {"a": shown.local.pk},
        {"a": shown.local.pk, "b": shown.baseline.pk},
        {"a": shown.local.pk, "b": shown.baseline.pk, "view": "share"},
        {"a": shown.local.pk, "b": beside.pk},
        {"a": shown.local.pk, "b": apart.pk},
    ]
    return {f"{page}?{urlencode(query)}": 200 for query in asked}
