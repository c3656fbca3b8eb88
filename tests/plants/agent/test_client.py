"""The agent's side of the line: what is retried, what never is, and what is not believed."""

from __future__ import annotations

import logging
import time

import pytest

from plants.agent import client
from plants.agent.client import Portal
from registry.domain.digests import sha256
from registry.domain.errors import Conflict, Gone, Invalid, NotAllowed, NotFound, Unavailable
from tests.plants.agent.portal_server import JOB, TOKEN, Cut, Heard, serving

DATA = bytes(range(256)) * 40


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(client, "PART_BYTES", 4096)


@pytest.fixture
def artifact(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(DATA)
    return path


def open_portal(url: str, *, patience: float = 10.0) -> Portal:
    return Portal(url, TOKEN, patience_seconds=patience)


class Receiver:
    """A portal's uploads: keeps bytes by offset, and fails as the test says."""

    def __init__(self, *faults: str) -> None:
        self.got = bytearray()
        self.faults = list(faults)

    def __call__(self, heard: Heard):
        if heard.method == "PATCH":
            return self._part(heard)
        return 200, self._standing()

    def _part(self, heard: Heard):
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "cut before":
            raise Cut
        if fault == "503":
            return 503, {}
        offset = int(heard.headers["Upload-Offset"])
        if offset != len(self.got):
            return 409, {"code": "wrong-offset", "detail": "Elsewhere."}
        self.got += heard.body
        if fault == "cut after":
            raise Cut
        return 200, self._standing()

    def _standing(self):
        offset = len(self.got)
        return {"upload": "u-1", "offset": offset, "complete": offset == len(DATA)}


@pytest.mark.parametrize(
    "faults",
    [
        (),
        ("cut before",),
        ("cut after",),
        ("", "cut after", "503", "cut before"),
        ("503", "503"),
    ],
    ids=lambda faults: ", ".join(faults) or "none",
)
def test_an_upload_goes_on_where_the_line_was_cut(faults, artifact, small_parts):
    receiver, shares = Receiver(*faults), []
    with serving(receiver) as portal:
        agent = open_portal(portal.url)
        digest = agent.upload(JOB, artifact, token=3, on_part=shares.append)
        agent.close()
    assert bytes(receiver.got) == DATA
    assert digest == sha256(DATA)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    announced = portal.heard[0].json
    assert announced == {"token": 3, "sha256": digest, "size": len(DATA)}
    assert all(one.headers["Authorization"] == f"Bearer {TOKEN}" for one in portal.heard)


def test_a_part_that_never_arrives_is_not_sent_for_ever(artifact):
    with serving(Receiver(*["cut before"] * 99)) as portal:
        agent = open_portal(portal.url, patience=1.2)
        with pytest.raises(Unavailable, match="No byte"):
            agent.upload(JOB, artifact, token=1, on_part=lambda share: None)
        agent.close()
    assert len(portal.heard) < 12, "with pauses in between"


@pytest.mark.parametrize(
    "standing",
    [
        {},
        {"upload": "u", "offset": -1, "complete": False},
        {"upload": "u", "offset": len(DATA) + 1, "complete": False},
        {"upload": "u", "offset": "0", "complete": False},
        {"upload": None, "offset": 0, "complete": False},
        {"upload": "u", "offset": True, "complete": False},
    ],
)
def test_a_standing_that_makes_no_sense_is_not_believed(standing, artifact):
    with serving(lambda heard: (200, standing)) as portal:
        agent = open_portal(portal.url, patience=0)
        with pytest.raises(Invalid, match="makes no sense"):
            agent.upload(JOB, artifact, token=1, on_part=lambda share: None)
        agent.close()
    assert len(portal.heard) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_portal_in_trouble_is_asked_again(status):
    answers = iter([(status, b"<html>"), (200, {"order": {}})])
    with serving(lambda heard: next(answers)) as portal:
        agent = open_portal(portal.url)
        assert agent.claim(JOB, worker="w", boot="b") == {"order": {}}
        agent.close()
    assert len(portal.heard) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, NotAllowed), (403, NotAllowed), (404, NotFound), (409, Conflict), (410, Gone)],
)
def test_a_refusal_is_not_asked_again(status, error):
    with serving(lambda heard: (status, {"code": "not-queued", "detail": "No."})) as portal:
        agent = open_portal(portal.url)
        with pytest.raises(error, match="No") as refusal:
            agent.claim(JOB, worker="w", boot="b")
        agent.close()
    assert refusal.value.code == "not-queued"
    assert len(portal.heard) == 1


@pytest.mark.parametrize(
    ("status", "value"),
    [
        (200, b"<html>Sign in to the guest network</html>"),
        (200, b"[1, 2]"),
        (200, b"[" * 100_000),
        (302, b""),
    ],
    ids=["a page", "a list", "an abyss", "a redirect"],
)
def test_something_else_that_answers_is_a_line_in_trouble(status, value):
    with serving(lambda heard: (status, value)) as portal:
        agent = open_portal(portal.url, patience=0)
        with pytest.raises(Unavailable, match="no portal") as refusal:
            agent.progress(JOB, {"token": 1})
        agent.close()
    assert refusal.value.code == "bad-reply"


@pytest.mark.parametrize(
    "problem", [b"", b"null", b'{"detail": 7, "code": [], "fields": 3}', b"\xff"]
)
def test_a_refusal_in_another_form_is_a_refusal(problem):
    with serving(lambda heard: (422, problem)) as portal:
        agent = open_portal(portal.url)
        with pytest.raises(Invalid):
            agent.send(JOB, "manifest", {})
        agent.close()
    assert len(portal.heard) == 1


def test_a_wish_to_cancel_is_a_plain_yes():
    answers = iter([{"cancel": True}, {"cancel": False}, {}, {"cancel": "no"}])
    with serving(lambda heard: (200, next(answers))) as portal:
        agent = open_portal(portal.url)
        assert [agent.progress(JOB, {}) for _ in range(4)] == [True, False, False, False]
        agent.close()


def test_a_parent_of_other_bytes_or_more_is_refused():
    answers = iter([(200, DATA), (200, DATA[:-1]), (200, DATA + b"x")])
    with serving(lambda heard: next(answers)) as portal:
        agent = open_portal(portal.url, patience=0)
        fetch = {"digest": sha256(DATA), "max_bytes": len(DATA)}
        assert agent.version(JOB, "against", **fetch) == DATA
        with pytest.raises(Invalid, match="not those ordered"):
            agent.version(JOB, "against", **fetch)
        with pytest.raises(Exception, match="more bytes than"):
            agent.version(JOB, "against", **fetch)
        agent.close()


def test_a_portal_that_is_not_there_is_one_sentence():
    begun = time.monotonic()
    agent = Portal("http://127.0.0.1:1", TOKEN, patience_seconds=0)
    with pytest.raises(Unavailable, match="does not answer"):
        agent.claim(JOB, worker="w", boot="b")
    agent.close()
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("url", ["http://[::1", "http://host:port", "http://\x00"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(Invalid, match="no address"):
        Portal(url)


def test_the_credential_stays_out_of_logs_and_errors(caplog):
    caplog.set_level(logging.DEBUG)
    with serving(lambda heard: (401, {"code": "credential-invalid", "detail": "No."})) as portal:
        agent = open_portal(portal.url)
        with pytest.raises(NotAllowed) as refusal:
            agent.claim(JOB, worker="w", boot="b")
        agent.close()
    assert "very-secret" not in caplog.text
    assert "very-secret" not in repr(refusal.value) + repr(agent.__dict__)
