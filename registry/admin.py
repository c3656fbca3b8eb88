from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from registry import models


class OnRecord(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows records; nothing on record is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


for model in (
    models.Artifact,
    models.ArtifactPurge,
    models.Baseline,
    models.DatasetManifest,
    models.Evaluation,
    models.Job,
    models.LedgerCheck,
    models.LedgerCheckpoint,
    models.LedgerEntry,
    models.ModelFamily,
    models.ModelVersion,
    models.Pairing,
    models.Recipe,
    models.RetentionRule,
    models.Submission,
):
    admin.site.register(model, OnRecord)
