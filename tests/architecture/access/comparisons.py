"""Two versions beside each other: their page, their facts, the second version's bytes."""

from __future__ import annotations

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                             method ano non vie ope eng app | sci man aud adm | age | elsewhere
registry:version-compare          GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:version-compare-order    POST   302 404 403 403 302 403 | 302 403 403 403 | 302 | 404
registry:version-compare-progress GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry-api:version-comparison   GET    401 422 422 422 422 422 | 422 422 422 422 | 422 | =
plants-api:against                GET    401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    order = "&".join(
        f"{name}={value}"
        for name, value in {
            "a": site.version.pk,
            "b": world.centre.version.pk,
            "plant": site.plant.code,
            "dataset": "surface",
        }.items()
    )
    comparing = site.jobs["comparing"].pk
    return {
        "registry:version-compare": Ask({}),
        "registry:version-compare-order": Ask({}, order, FORM),
        "registry:version-compare-progress": Ask({"pk": comparing}),
        "registry-api:version-comparison": Ask({}),
        "plants-api:against": Ask({"job_id": comparing}),
    }
