"""Plotly's script out of the installed package, served as a static file of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

_FOLDER = "vendor"
_FILE = "plotly.min.js"


@cache
def _package_data() -> Path | None:
    """Where the file lies; looked up, because importing Plotly takes longer than the portal."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "package_data"
    return folder if (folder / _FILE).is_file() else None


class PlotlyFinder(BaseFinder):
    """Knows one file, `vendor/plotly.min.js`, and none of the rest of the package."""

    def find(self, path: str, find_all: bool = False, **others: Any) -> Any:
        folder = _package_data()
        if folder is None or path != f"{_FOLDER}/{_FILE}":
            return [] if find_all else None
        found = str(folder / _FILE)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        folder = _package_data()
        if folder is not None:
            storage = FileSystemStorage(location=folder)
            storage.prefix = _FOLDER  # type: ignore[attr-defined]
            yield _FILE, storage
