"""Why the services of the weekly summary leave no entry in the ledger."""

from __future__ import annotations

from typing import Any

RECIPES: dict[str, Any] = {}
NO_ENTRY = {
    "governance.services.summary.monday": "computes",
    "governance.services.summary.compose": "reads",
    "governance.services.summary.has_address": "checks",
    "governance.services.summary.set_wish": "a person's own wish about their own mail",
    "governance.services.summary.send_due": "a mail changes nothing; SummarySent says what went",
    "governance.services.summary.send": "a mail changes nothing; SummarySent says what went",
}
