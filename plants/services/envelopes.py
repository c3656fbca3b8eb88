"""Keeps what a plant's worker tells of its lines' recent images."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from plants.domain import envelope as rules
from plants.models import Line, LineEnvelope
from registry.domain.access import PlantScope, Role
from registry.domain.digests import digest_of
from registry.domain.errors import Conflict, NotFound
from registry.services import ledger


@transaction.atomic
def report_envelope(
    scope: PlantScope, plant_code: str, line_code: str, document: dict[str, Any]
) -> LineEnvelope:
    """Keep the envelope of a line; the newest one's words again change nothing.

    Raises:
        Invalid: it is no envelope, or says more than it may.
        NotFound: the plant has no such line.
        Conflict: the line is closed.
    """
    scope.require(Role.OPERATOR, plant_code)
    rules.check_line(document)
    # The lock makes two workers that report at once do so one after the other.
    line = Line.objects.select_for_update().filter(plant=plant_code, code=line_code).first()
    if line is None:
        raise NotFound(
            f"{plant_code} has no line {line_code}: open it on the plant's page, or name the "
            "folder as the line's code is.",
            code="line-unknown",
        )
    if line.closed_at:
        raise Conflict(
            f"Line {line_code} is closed: take the folder of its images away.", code="line-closed"
        )
    newest = line.envelopes.order_by("-measured_at", "-pk").first()
    if newest and digest_of(newest.document) == digest_of(document):
        return newest
    kept = LineEnvelope.objects.create(line=line, document=document, images=document["images"])
    ledger.record(
        scope,
        "envelope.reported",
        f"line:{plant_code}/{line_code}",
        plant_code=plant_code,
        details={
            "line": line_code,
            "images": kept.images,
            "days": document["days"],
            "digest": digest_of(document),
        },
    )
    return kept
