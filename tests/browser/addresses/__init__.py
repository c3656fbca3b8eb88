"""Every page the browser looks at; each module here knows those of one subject."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from tests.factories.plants import Fleet

SUBJECTS = tuple(
    import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
)


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    return {path: code for one in SUBJECTS for path, code in one.addresses(shown).items()}
