"""Plants, their credentials, their orders and the protocol of their workers."""

from __future__ import annotations

from registry.domain.digests import sha256
from tests.architecture.access.asking import FORM, Ask
from tests.factories.agent import manifest
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants:plant-list          GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:plant-detail        GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:plant-issue-code    POST   302 404 403 403 200 403 | 403 403 403 200 | 302 | 404
plants:credential-revoke   POST   302 404 403 403 302 403 | 403 403 403 302 | 302 | 404
plants:job-new             GET    302 403 403 403 200 403 | 200 403 403 403 | 302 | =
plants:job-new             POST   302 403 403 403 422 403 | 422 403 403 403 | 302 | =
plants-api:rotation        POST   401 403 403 403 403 403 | 403 403 403 403 | 201 | =
plants-api:heartbeat       POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | =
plants-api:claim           POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:progress        POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:manifest        POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:job-uploads     POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:parent          GET    401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:result          POST   401 403 403 403 403 403 | 403 403 403 403 | 422 | agent
plants-api:failure         POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:refusal         POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:stopped         POST   401 403 403 403 403 403 | 403 403 403 403 | 409 | agent
plants-api:upload          GET    401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:upload          PATCH  401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:plants          GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
plants-api:plants          POST   401 403 403 403 403 403 | 403 403 403 201 | 403 | =
plants-api:plant           GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:codes           POST   401 404 403 403 201 403 | 403 403 403 201 | 403 | 404
plants-api:plant-jobs      POST   401 404 403 403 201 403 | 201 403 403 403 | 403 | 404
plants-api:credentials     GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:revocation      POST   401 404 403 403 204 403 | 403 403 403 204 | 403 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    held = site.jobs["held"]
    job = {"job_id": held.pk}
    code = {"code": site.plant.code}
    credential = {**code, "pk": site.credential.pk}
    beat = {"worker": "w", "boot": "0a0b0c0d", "agent_version": "1", "datasets": []}
    at_work = {"state": "running", "progress": {"phase": "training", "fraction": 0.5}}
    order = {
        "kind": "retrain",
        "family": world.family.slug,
        "dataset": "surface",
        "recipe": str(world.recipe.pk),
    }
    return {
        "plants-api:rotation": Ask({}, {}),
        "plants-api:heartbeat": Ask({}, {**beat, "operations": []}),
        "plants-api:claim": Ask(
            {"job_id": site.jobs["queued"].pk}, {"worker": "w", "boot": "0" * 8}
        ),
        "plants-api:progress": Ask(job, {"token": 1, **at_work}),
        "plants-api:manifest": Ask(job, {"token": 1, "manifest": manifest()}),
        "plants-api:job-uploads": Ask(job, {"token": 1, "sha256": sha256(b"x"), "size": 1}),
        "plants-api:parent": Ask({"job_id": site.jobs["scoring"].pk}),
        "plants-api:result": Ask(job, {"token": 1, "report": {}, "timings": {}}),
        "plants-api:failure": Ask(job, {"token": 1, "code": "internal", "log_reference": "x"}),
        "plants-api:refusal": Ask(job, {"token": 1, "code": "policy-kind"}),
        "plants-api:stopped": Ask(job, {"token": 1}),
        "plants-api:upload": Ask(
            {"upload_id": site.upload.pk},
            b"x",
            "application/offset+octet-stream",
            (("Upload-Offset", "0"),),
        ),
        "plants-api:plants": Ask({}, {"code": "nova", "name": "Nova"}),
        "plants-api:plant": Ask(code),
        "plants-api:codes": Ask(code, {}),
        "plants-api:plant-jobs": Ask(code, order),
        "plants-api:credentials": Ask(code),
        "plants-api:revocation": Ask(credential, {}),
        "plants:plant-list": Ask({}),
        "plants:plant-detail": Ask(code),
        "plants:plant-issue-code": Ask(code, "", FORM),
        "plants:credential-revoke": Ask(credential, "", FORM),
        "plants:job-new": Ask({}, f"plant={site.plant.code}", FORM),
    }
