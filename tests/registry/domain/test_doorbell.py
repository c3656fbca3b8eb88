from __future__ import annotations

import base64
import json

import pytest

from registry.domain import doorbell
from registry.domain.errors import Invalid


@pytest.mark.parametrize(
    "code",
    [
        "",
        "a*",
        "a?",
        "a[b]",
        "a b",
        "a:b",
        "graz\n",
        "Graz",
        "-graz",
        "graz\\",
        "!nobody",
        "é",
        "a" * 33,
    ],
)
def test_a_code_that_could_reach_beyond_its_prefix_is_refused(code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        doorbell.prefix_for(code)
    assert refusal.value.code == "invalid-plant-code"


def test_no_prefix_begins_another() -> None:
    prefixes = [doorbell.prefix_for(code) for code in ("graz", "graz2", "graz-2", "gra", "g")]
    assert not [
        (one, other)
        for one in prefixes
        for other in [*prefixes, doorbell.PORTAL_PREFIX]
        if one != other and other.startswith(one)
    ]


def test_a_ring_says_the_job_id_and_nothing_else() -> None:
    envelope = json.loads(doorbell.message("job-7", ring_id="ring-1"))
    args, kwargs, embedded = json.loads(base64.b64decode(envelope["body"]))
    assert args == ["job-7"]
    assert kwargs == {}
    assert set(embedded.values()) == {None}
    assert envelope["headers"]["task"] == doorbell.TASK
    assert envelope["headers"]["expires"] is None
    assert envelope["properties"]["delivery_tag"] == "ring-1"


@pytest.mark.parametrize("job_id", ["", "a b", "a'b", "../x", "a" * 65, '"', "é"])
def test_an_id_that_is_not_opaque_is_not_rung(job_id: str) -> None:
    with pytest.raises(Invalid):
        doorbell.message(job_id, ring_id="ring-1")
    with pytest.raises(Invalid):
        doorbell.message("job-7", ring_id=job_id)
