"""How a request about one plant is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Ask:
    """How to speak to a URL about one plant."""

    keys: dict[str, Any]
    body: Any = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
