"""The agent's folder: private files, all or nothing, and secrets that show up nowhere."""

from __future__ import annotations

import json
import os
import stat

import pytest

from plants.agent.home import Home
from registry.domain.errors import Invalid, NotFound
from tests.plants.agent.portal_server import TOKEN, enrolled


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_but_the_agent_s_user_reads_what_it_keeps(tmp_path):
    home, _ = enrolled(tmp_path / "agent", "https://portal")
    secret = home.manifest_secret()
    assert mode(home.folder) == 0o700
    assert mode(home.credential_file) == 0o600
    assert mode(home.folder / "manifest.key") == 0o600
    assert len(secret) == 32
    assert home.manifest_secret() == secret
    assert sorted(path.name for path in home.folder.iterdir()) == [
        "credential.json",
        "manifest.key",
    ]


def test_a_credential_comes_back_as_it_was_kept_and_shows_no_secret(tmp_path):
    home, kept = enrolled(tmp_path, "https://portal/")
    assert home.credential() == kept
    assert kept.portal == "https://portal"
    assert repr(kept) == str(kept) == "Credential(plant='graz', portal='https://portal')"
    assert TOKEN not in f"{kept!r}"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        None,
        {"plant": "graz"},
        {"plant": "graz", "credential": "x", "portal_key": "y", "broker": None},
        {
            "plant": 1,
            "credential": "x",
            "portal_key": "y",
            "broker": dict.fromkeys(("url", "username", "password", "prefix"), "z"),
        },
    ],
    ids=["empty", "a list", "nothing", "half", "no broker", "another type"],
)
def test_a_reply_that_is_no_credential_replaces_none(answer, tmp_path):
    home, kept = enrolled(tmp_path, "https://portal")
    with pytest.raises(Invalid, match="Lineward portal"):
        home.keep_credential("https://portal", answer)
    assert home.credential() == kept
    assert [path.name for path in tmp_path.iterdir()] == ["credential.json"]


def test_a_machine_without_a_credential_is_told_the_way(tmp_path):
    with pytest.raises(NotFound, match="enrol") as refusal:
        Home(tmp_path).credential()
    assert refusal.value.code == "not-enrolled"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({"token": "x", "more": 1})])
def test_a_damaged_credential_is_named_and_not_shown(content, tmp_path):
    home = Home(tmp_path)
    home.credential_file.write_text(content)
    with pytest.raises(Invalid, match="damaged"):
        home.credential()


def test_only_the_newest_job_folders_stay(tmp_path):
    home = Home(tmp_path / "agent")
    for number in range(5):
        folder = home.job_folder(f"job-{number}")
        folder.mkdir(parents=True)
        os.utime(folder, (number, number))
    home.drop_old_jobs(keep=2)
    assert sorted(path.name for path in (home.folder / "jobs").iterdir()) == ["job-3", "job-4"]
