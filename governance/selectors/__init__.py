from __future__ import annotations

from governance.selectors.matrix import HEADER, Cell, Matrix, Row, export
from governance.selectors.needs import Need
from governance.selectors.overview import Overview, asked_for, overview

__all__ = [
    "HEADER",
    "Cell",
    "Matrix",
    "Need",
    "Overview",
    "Row",
    "asked_for",
    "export",
    "overview",
]
