"""The agent's commands: one line and exit code 2 for every refusal, and no secret printed."""

from __future__ import annotations

import pytest

from plants.agent.__main__ import main
from tests.plants.agent.portal_server import TOKEN, enrolled, serving

REPLY = {
    "plant": "graz",
    "credential": TOKEN,
    "portal_key": "ab" * 32,
    "broker": {"url": "unix:///x", "username": "u", "password": "broker-secret", "prefix": "p:"},
}


def said(capsys) -> str:
    out, err = capsys.readouterr()
    assert TOKEN not in out + err
    assert "broker-secret" not in out + err
    assert "Traceback" not in err
    return out + err


def refused(arguments: list[str], capsys) -> str:
    """The one line that a refusal is."""
    assert main(arguments) == 2
    text = said(capsys).strip()
    assert text
    assert "\n" not in text
    return text


def test_enrolling_keeps_the_credential_and_says_what_is_next(tmp_path, capsys):
    with serving(lambda heard: (201, REPLY)) as portal:
        home = str(tmp_path / "agent")
        assert main(["--home", home, "enrol", "--portal", portal.url, "--code", "c" * 32]) == 0
    assert "Enrolled for plant graz" in said(capsys)
    assert portal.heard[0].json == {"code": "c" * 32}
    assert "Authorization" not in portal.heard[0].headers


def test_a_code_is_sent_once_whatever_the_answer(tmp_path, capsys):
    for status in (410, 503):
        with serving(lambda heard, status=status: (status, {"detail": "Used."})) as portal:
            arguments = ["--home", str(tmp_path), "enrol", "--portal", portal.url, "--code", "c"]
            refused(arguments, capsys)
        assert len(portal.heard) == 1
    assert not list(tmp_path.iterdir()), "nothing was kept"


@pytest.mark.parametrize("address", ["nonsense", "http://[::1", "http://127.0.0.1:1", "ftp://x"])
def test_a_portal_that_cannot_be_reached_is_one_line(address, tmp_path, capsys):
    said_of_it = refused(
        ["--home", str(tmp_path), "enrol", "--portal", address, "--code", "c"], capsys
    )
    assert "portal" in said_of_it.lower()
    assert not list(tmp_path.iterdir()), "nothing was kept"


def test_a_reply_of_something_else_is_one_line(tmp_path, capsys):
    for reply in (b"<html>", {"plant": "graz"}):
        with serving(lambda heard, reply=reply: (200, reply)) as portal:
            refused(
                ["--home", str(tmp_path), "enrol", "--portal", portal.url, "--code", "c"], capsys
            )
        assert not list(tmp_path.iterdir()), "nothing was kept"


def test_a_home_that_is_a_file_is_one_line_and_costs_no_code(tmp_path, capsys):
    path = tmp_path / "home"
    path.write_text("x")
    with serving(lambda heard: (201, REPLY)) as portal:
        refused(["--home", str(path), "enrol", "--portal", portal.url, "--code", "c"], capsys)
    assert portal.heard == []


@pytest.mark.parametrize("command", [["rotate"], ["work", "--data", "."]])
def test_a_machine_that_is_not_enrolled_is_told_so(command, tmp_path, capsys):
    assert "not enrolled" in refused(["--home", str(tmp_path), *command], capsys)


def test_work_without_its_data_folder_is_refused(tmp_path, capsys):
    enrolled(tmp_path, "http://127.0.0.1:1")
    text = refused(["--home", str(tmp_path), "work", "--data", str(tmp_path / "no")], capsys)
    assert "There is no data folder" in text


def test_rotating_keeps_the_new_credential(tmp_path, capsys):
    with serving(lambda heard: (201, {**REPLY, "credential": f"{TOKEN}-2"})) as portal:
        home, _ = enrolled(tmp_path, portal.url)
        assert main(["--home", str(tmp_path), "rotate"]) == 0
    assert home.credential().token == f"{TOKEN}-2"
    assert portal.heard[0].headers["Authorization"] == f"Bearer {TOKEN}"
    said(capsys)


def test_a_rotation_that_fails_keeps_the_old_credential(tmp_path, capsys):
    with serving(lambda heard: (401, {"detail": "Not valid."})) as portal:
        home, kept = enrolled(tmp_path, portal.url)
        assert refused(["--home", str(tmp_path), "rotate"], capsys) == "Not valid."
    assert home.credential() == kept


def test_a_command_that_does_not_exist_is_a_usage_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--home", str(tmp_path), "dance"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
