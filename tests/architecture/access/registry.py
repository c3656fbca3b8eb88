"""Families, recipes, manifests, versions, evaluations, jobs, the ledger."""

from __future__ import annotations

from tests.architecture.access.asking import FORM, Ask
from tests.factories.agent import RECIPE
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
registry:family-list       GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:family-detail     GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
registry:version-list      GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:version-detail    GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:version-publish   POST   302 404 403 403 403 403 | 409 403 403 403 | 302 | 404
registry:manifest-detail   GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:recipe-list       GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:recipe-new        GET    302 403 403 403 403 403 | 200 403 403 403 | 302 | =
registry:recipe-new        POST   302 403 403 403 403 403 | 422 403 403 403 | 302 | =
registry:recipe-detail     GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
registry:job-list          GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:job-detail        GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:job-progress      GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:job-cancel        POST   302 404 403 403 302 403 | 302 403 403 403 | 302 | 404
registry:job-retry         POST   302 404 403 403 302 403 | 302 403 403 403 | 302 | 404
registry-api:families      GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:families      POST   401 403 403 403 403 403 | 201 403 403 403 | 403 | =
registry-api:family        GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:recipes       GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:recipes       POST   401 403 403 403 403 403 | 201 403 403 403 | 403 | =
registry-api:recipe-schema GET    401 403 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:recipe        GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:manifests     GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:manifest      GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:versions      GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:version       GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:artifact      GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:stage         POST   401 404 403 403 200 403 | 200 403 403 403 | 403 | 404
registry-api:baseline      POST   401 404 403 403 403 403 | 409 403 403 403 | 403 | 404
registry-api:evaluations   GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:evaluation    GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:jobs          GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:job           GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:cancellation  POST   401 404 403 403 200 403 | 200 403 403 403 | 403 | 404
registry-api:retry         POST   401 404 403 403 201 403 | 201 403 403 403 | 403 | 404
registry-api:ledger        GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    held, done = site.jobs["held"], site.jobs["done"]
    version = {"pk": site.version.pk}
    return {
        "registry-api:families": Ask({}, {"slug": "nova", "title": "New", "task_kind": "images"}),
        "registry-api:family": Ask({"slug": world.family.slug}),
        "registry-api:recipes": Ask({}, {"yaml": RECIPE.replace("small", "other")}),
        "registry-api:recipe-schema": Ask({}),
        "registry-api:recipe": Ask({"pk": world.recipe.pk}),
        "registry-api:manifests": Ask({}),
        "registry-api:manifest": Ask({"pk": done.manifest_id}),
        "registry-api:versions": Ask({}),
        "registry-api:version": Ask(version),
        "registry-api:artifact": Ask(version),
        "registry-api:stage": Ask(version, {"to": "candidate"}),
        "registry-api:baseline": Ask(version, {"release_notes": "A word."}),
        "registry-api:evaluations": Ask({}),
        "registry-api:evaluation": Ask({"pk": site.evaluation.pk}),
        "registry-api:jobs": Ask({}),
        "registry-api:job": Ask({"pk": done.pk}),
        "registry-api:cancellation": Ask({"pk": held.pk}, {}),
        "registry-api:retry": Ask({"pk": site.jobs["failed"].pk}, {}),
        "registry-api:ledger": Ask({}),
        "registry:family-list": Ask({}),
        "registry:family-detail": Ask({"slug": world.family.slug}),
        "registry:version-list": Ask({}),
        "registry:version-detail": Ask(version),
        "registry:version-publish": Ask(version, "release_notes=Word", FORM),
        "registry:manifest-detail": Ask({"pk": done.manifest_id}),
        "registry:recipe-list": Ask({}),
        "registry:recipe-new": Ask({}, "source=x", FORM),
        "registry:recipe-detail": Ask({"pk": world.recipe.pk}),
        "registry:job-list": Ask({}),
        "registry:job-detail": Ask({"pk": done.pk}),
        "registry:job-progress": Ask({"pk": held.pk}),
        "registry:job-cancel": Ask({"pk": held.pk}, "", FORM),
        "registry:job-retry": Ask({"pk": site.jobs["failed"].pk}, "", FORM),
    }
