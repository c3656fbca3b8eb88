"""Models trained elsewhere: declared, sent, given up. The plant's own agent may bring them too."""

from __future__ import annotations

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                              method ano non vie ope eng app | sci man aud adm | age | else
plants:upload-new                  GET    302 403 403 403 200 403 | 200 403 403 403 | 302 | =
plants:upload-new                  POST   302 403 403 403 422 403 | 422 403 403 403 | 302 | =
registry:submission-list           GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:submission-detail         GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:submission-progress       GET    302 404 286 286 286 286 | 286 286 286 286 | 302 | 404
registry:submission-withdraw       POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
registry-api:submissions           GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:submissions           POST   401 404 403 403 201 403 | 403 403 403 403 | 201 | =
registry-api:submission            GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:submission-announcement POST 401 404 403 403 200 403 | 403 403 403 403 | 200 | 404
registry-api:submission-file       GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:submission-file       PATCH  401 404 403 403 200 403 | 403 403 403 403 | 200 | 404
registry-api:submission-withdrawal POST   401 404 403 403 200 403 | 403 403 403 403 | 200 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    one = {"pk": site.submission.pk}
    declared = {
        "plant": world.graz.plant.code,
        "family": world.family.slug,
        "dataset": "surface",
        "classes": ["good", "scratch"],
        "code_commit": "0a1b",
        "training_notes": "Trained elsewhere on pictures of the line.",
    }
    return {
        "plants:upload-new": Ask({}, "plant=", FORM),
        "registry:submission-list": Ask({}),
        "registry:submission-detail": Ask(one),
        "registry:submission-progress": Ask(one),
        "registry:submission-withdraw": Ask(one, "", FORM),
        "registry-api:submissions": Ask({}, declared),
        "registry-api:submission": Ask(one),
        "registry-api:submission-announcement": Ask(one, {"name": "model.onnx", "size": 1_000}),
        "registry-api:submission-file": Ask(
            one, b"x", "application/offset+octet-stream", (("Upload-Offset", "0"),)
        ),
        "registry-api:submission-withdrawal": Ask(one, {}),
    }
