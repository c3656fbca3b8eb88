from __future__ import annotations

from governance.selectors.matrix import HEADER, Cell, Matrix, Row, export
from governance.selectors.needs import Need
from governance.selectors.overview import Overview, matrix, overview

__all__ = ["HEADER", "Cell", "Matrix", "Need", "Overview", "Row", "export", "matrix", "overview"]
