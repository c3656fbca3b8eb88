"""Every module here that has a TABLE speaks for the URLs of one subject."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

SUBJECTS: tuple[ModuleType, ...] = tuple(
    import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
    if found.name != "asking"
)
TABLE = "\n".join(subject.TABLE.strip() for subject in SUBJECTS)


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {url: ask for subject in SUBJECTS for url, ask in subject.asks(world, site).items()}
