from __future__ import annotations

from governance.models.summaries import SummarySent

__all__ = ["SummarySent"]
