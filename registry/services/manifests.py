"""Records the manifests that plants report; equal content is one manifest."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from registry.domain import manifests as rules
from registry.domain.access import PlantScope, Role
from registry.domain.digests import digest_of
from registry.models import DatasetManifest
from registry.services import ledger


@transaction.atomic
def record(
    scope: PlantScope, *, plant_code: str, dataset: str, document: dict[str, Any]
) -> DatasetManifest:
    """Keep a manifest as the plant described it.

    Raises:
        Invalid: it is not a `lineward.manifest/v1` document, or says more than it may.
    """
    scope.require(Role.OPERATOR, plant_code)
    rules.validate(document)
    digest = digest_of(document)
    manifest, is_new = DatasetManifest.objects.get_or_create(
        plant_code=plant_code,
        digest=digest,
        defaults={"dataset": dataset, "rows": document["rows"], "document": document},
    )
    if is_new:
        ledger.record(
            scope,
            "manifest.reported",
            f"manifest:{manifest.pk}",
            plant_code=plant_code,
            details={"dataset": dataset, "digest": digest},
        )
    return manifest
