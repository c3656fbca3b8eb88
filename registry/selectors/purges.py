"""Whether a version's bytes are still here, for the pages that offer them."""

from __future__ import annotations

from registry.domain.access import PlantScope
from registry.models import ArtifactPurge, ModelVersion


def purge_of(scope: PlantScope, version: ModelVersion) -> ArtifactPurge | None:
    """When and why the version's bytes were removed; None while they are stored."""
    rows = ArtifactPurge.objects.visible_to(scope).standing()
    return rows.filter(artifact=version.artifact_id).first()
