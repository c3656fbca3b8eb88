"""What the service of lines' looks records."""

from __future__ import annotations

from plants.services import envelopes
from tests.factories.envelopes import line

RECIPES = {
    "plants.services.envelopes.report_envelope": (
        # The same again is no second fact.
        lambda w: [
            envelopes.report_envelope(w.graz.scope, "graz", "line-1", line()) for _ in range(2)
        ],
        ["envelope.reported"],
    ),
}

NO_ENTRY: dict[str, str] = {}
