"""What the centre's people do first, said to `manage.py shell` inside the portal's environment."""

from __future__ import annotations

SET_UP = """
import json
from plants.models import Plant, User
from plants.services import credentials, sites
from registry.domain.access import CENTRE, Role, portal_scope
from registry.services import families, recipes
from pathlib import Path

scope = portal_scope("set-up")
for code, name in ((CENTRE, "Central laboratory"), ("graz", "Graz")):
    sites.open_plant(scope, code=code, name=name)
for name, role, plant in (
    ("clara", Role.DATA_SCIENTIST, None),
    ("vera", Role.VIEWER, "graz"),
    ("petra", Role.MANAGER, None),
):
    user = User.objects.create_user(name, password="a-long-demo-password")
    sites.grant_role(scope, user, role, Plant.objects.get(pk=plant) if plant else None)
families.declare(scope, slug="torque", title="Torque", task_kind="table")
recipes.publish(scope, source=Path("registry/standard_recipes/table.yaml").read_text())
code = credentials.issue_code(scope, Plant.objects.get(pk="graz"))
print(json.dumps({"code": code}))
"""

ORDER = """
import json
from governance.management import runs
from registry.domain.access import portal_scope
from registry.domain.jobs import JobKind
from registry.models import ModelFamily, Recipe

job = runs.order(
    portal_scope("set-up"),
    JobKind.RETRAIN,
    "graz",
    ModelFamily.objects.get(),
    Recipe.objects.get(),
    "torque",
    overrides={"model.init": "scratch"},
)
(ended,) = runs.wait([job], seconds=150, say=lambda line: None)
why = "" if runs.has_result(ended) else runs.failure_of(ended)
print(json.dumps({"state": ended.state, "why": why}))
"""

RESTORED = """
import hashlib, json
from django.conf import settings
from registry.models import ModelVersion
from registry.services import artifacts, signing

version = ModelVersion.objects.select_related("artifact").get()
with artifacts.checked_path(version.artifact).open("rb") as file:
    digest = hashlib.file_digest(file, "sha256").hexdigest()
print(json.dumps({"same": digest == version.artifact.sha256, "key": signing.public_key()}))
"""
