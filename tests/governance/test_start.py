"""Any part of the framework may be asked for first: checks run in no fixed order."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

NAMES = sorted(name for name in settings.REST_FRAMEWORK if name.isupper())
FIRST = """
import django
django.setup()
from rest_framework.settings import api_settings
api_settings.{name}
import rest_framework.views
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.endswith(("CLASS", "CLASSES", "HANDLER"))]
)
def test_a_process_may_load_any_class_of_the_api_first(name):
    done = subprocess.run(
        [sys.executable, "-c", FIRST.format(name=name)],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
