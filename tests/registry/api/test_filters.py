"""A list's questions: an id is asked for as an id, and what is none is refused by its word."""

from __future__ import annotations

import uuid

import pytest

IDS = [("evaluations", "version"), ("evaluations", "manifest"), ("versions", "recipe")]
NO_IDS = [
    "",
    "x",
    "0",
    "3f0c9a526a574c619d3e2f6f2f8e7a10",  # without its hyphens
    "{3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a10}",
    "urn:uuid:3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a10",
    "3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a1\u0661",  # a digit, but not one of these
    "3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a10\n",
    "3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a1\x00",
]


@pytest.mark.parametrize(("rows", "word"), IDS)
@pytest.mark.parametrize("value", NO_IDS)
def test_what_is_no_id_is_refused_by_its_word(client, clara, rows, word, value):
    client.force_login(clara)
    answer = client.get(f"/api/v1/{rows}/", {word: value})
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [word]


@pytest.mark.parametrize(("rows", "word"), IDS)
def test_an_id_that_nothing_has_leaves_no_rows(client, clara, rows, word):
    client.force_login(clara)
    for value in (str(uuid.uuid4()), str(uuid.uuid4()).upper()):
        answer = client.get(f"/api/v1/{rows}/", {word: value})
        assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_an_empty_word_of_another_question_asks_nothing(client, clara):
    client.force_login(clara)
    assert client.get("/api/v1/jobs/", {"plant": ""}).status_code == 200
