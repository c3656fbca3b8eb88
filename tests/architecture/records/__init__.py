"""What further services record: every module here has RECIPES and NO_ENTRY."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

SUBJECTS: tuple[ModuleType, ...] = tuple(
    import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
)
