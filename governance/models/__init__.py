from __future__ import annotations

from governance.models.policies import GatePolicy
from governance.models.summaries import SummarySent

__all__ = ["GatePolicy", "SummarySent"]
