from __future__ import annotations

from tests.emptying import records_can_be_emptied

__all__ = ["records_can_be_emptied"]
