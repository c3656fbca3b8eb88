from __future__ import annotations

from tests.factories.world import world, world_and_folders

__all__ = ["world", "world_and_folders"]
