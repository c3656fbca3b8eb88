"""Time zones by name, each read once: `ZoneInfo` remembers eight of them, and a fleet has more."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo

zone = cache(ZoneInfo)
