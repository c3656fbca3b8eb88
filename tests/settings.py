"""The portal's settings with what tests change: hashing speed, folders, the bridge."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("LINEWARD_HOME", tempfile.mkdtemp(prefix="lineward-tests-"))
os.environ.setdefault("LINEWARD_SECRET_KEY", "only-for-tests")
os.environ.setdefault("LINEWARD_DEVELOPER", "1")

from governance.settings import *  # noqa: F403
from governance.settings import DATABASES, LINEWARD_HOME

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MODEL_BRIDGE = "registry.bridge.memory.MemoryBridge"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A doorbell that nobody answers: each test that needs a broker starts its own.
CELERY_BROKER_URL = os.environ.get("LINEWARD_TEST_REDIS_URL", "redis://127.0.0.1:1/0")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: the live server and the workers of a test have their own connections.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(LINEWARD_HOME) / "test.sqlite3")}
LOGGING["root"]["level"] = "WARNING"  # noqa: F405
