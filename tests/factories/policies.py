"""A gate policy whose sources are written out, as one is adopted, and where gates are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.domain.policies import STARTER

if TYPE_CHECKING:  # the world adopts this policy
    from tests.factories.world import Site

SOURCE = STARTER.replace("Write here", "Agreed with quality in October on")


def gates_of(site: Site) -> str:
    """Where a program reads the gates of a plant's version."""
    assert site.version is not None
    return f"/api/v1/versions/{site.version.pk}/gates/"
