"""A gate policy whose sources are written out, as one is adopted."""

from __future__ import annotations

from governance.domain.policies import STARTER

SOURCE = STARTER.replace("Write here", "Agreed with quality in October on")
