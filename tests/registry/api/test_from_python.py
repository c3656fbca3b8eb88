"""The lines that pages show, executed as they stand against a live portal."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from plants.models import User
from plants.services import access, tokens
from registry.domain import loading
from registry.models import Baseline
from registry.services import artifacts
from tests.conftest import person
from tests.factories.agent import report, small_model
from tests.registry import rows

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def version(live_server, settings, monkeypatch):
    """A version on record with real bytes, and a token of Clara's in the environment."""
    settings.PORTAL_URL = live_server.url
    artifact = rows.an_artifact(small_model())
    made = rows.a_version(rows.a_family(), origin="centre", artifact=artifact, metrics=report())
    Baseline.objects.create(family=made.family, version=made, release_notes="", published_by="x")
    clara = person("clara", "data_scientist")
    _, text = tokens.issue(access.scope_for(clara), clara, name="notebook", reads_only=True)
    monkeypatch.setenv("LINEWARD_TOKEN", text)
    return made


def executed(lines: str, names: dict) -> dict:
    try:
        exec(compile(lines, "shown on the page", "exec"), names)  # noqa: S102 - our own lines
    finally:
        names["portal"].close()
    return names


def shown_on(page: str) -> str:
    client = Client()
    clara = User.objects.get(username="clara")
    client.force_login(clara, backend="django.contrib.auth.backends.ModelBackend")
    found = re.search(r'data-copy="(import hashlib[^"]*)"', client.get(page).content.decode())
    assert found, page
    return html.unescape(found[1])


def test_the_lines_on_both_pages_load_the_bytes_on_record(version):
    for page in (version.get_absolute_url(), "/registry/"):
        names = executed(shown_on(page), {})
        assert hashlib.sha256(names["model"]).hexdigest() == version.artifact_id
        pixels = np.zeros((1, 4, 4, 3), dtype=np.uint8)
        probabilities, _ = names["session"].run(None, {"pixels": pixels})
        assert probabilities.shape == (1, 2)


def test_there_are_five_of_them_and_their_imports():
    lines = [line for line in loading.snippet("http://x", "seams").splitlines() if line]
    assert len(lines) == 6
    assert lines[0].startswith("import ")


def test_other_bytes_are_refused(version, live_server, monkeypatch):
    def other(artifact) -> Path:
        path = artifacts.content_path(artifact.sha256)
        path.chmod(0o644)
        path.write_bytes(b"other bytes")
        return path

    monkeypatch.setattr(artifacts, "checked_path", other)  # a portal that checks nothing
    names: dict = {}
    with pytest.raises(SystemExit, match="not the registered bytes"):
        executed(loading.snippet(live_server.url, version.family.slug), names)
    assert "session" not in names
