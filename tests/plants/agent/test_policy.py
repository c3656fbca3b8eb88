"""A plant's policy: what it says holds, and what it does not say clearly runs nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from plants.agent.policy import Policy, read
from registry.domain.errors import PlatformError

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ORDER = {"kind": "retrain", "recipe": {"name": "surface"}, "requested_by": "ines"}


@pytest.fixture
def policy_file(tmp_path):
    return tmp_path / "policy.yaml"


def test_no_file_is_no_limit(policy_file):
    policy = read(policy_file)
    assert policy == Policy()
    assert policy.objection(ORDER, NOON) is None
    assert policy.lets_out(10**12)


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("kinds: [retrain]", None),
        ("kinds: [evaluate]", "policy-kind"),
        ("kinds: []", "policy-kind"),
        ("recipes: [surface]", None),
        ("recipes: [other]", "policy-recipe"),
        ("requesters: [clara, ines]", None),
        ("requesters: [clara]", "policy-requester"),
        ("hours: [8, 16]", None),
        ("hours: [22, 6]", "policy-hours"),
        ("hours: [0, 24]", None),
        ("hours: [13, 12]", "policy-hours"),
        ("{}", None),
    ],
)
def test_a_policy_takes_or_refuses_an_order(text, objection, policy_file):
    policy_file.write_text(text)
    assert read(policy_file).objection(ORDER, NOON) == objection


def test_a_night_shift_wraps_midnight(policy_file):
    policy_file.write_text("hours: [22, 6]")
    policy = read(policy_file)
    allowed = [
        hour for hour in range(24) if policy.objection(ORDER, NOON.replace(hour=hour)) is None
    ]
    assert allowed == [0, 1, 2, 3, 4, 5, 22, 23]


def test_a_file_larger_than_the_limit_stays(policy_file):
    policy_file.write_text("max_artifact_mb: 1.5")
    policy = read(policy_file)
    assert policy.lets_out(1_572_864)
    assert not policy.lets_out(1_572_865)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- kinds",
        "kind: [retrain]",
        "kinds: retrain",
        "hours: [8]",
        "hours: [8, 8]",
        "hours: [8, 25]",
        "hours: ['8', '16']",
        "max_artifact_mb: 0",
        "max_artifact_mb: .nan",
        "kinds: &a [*a]",
        "kinds: [retrain]\nkinds: [evaluate]",
        "kinds: !!python/object/apply:os.system [id]",
        "\x00",
    ],
)
def test_a_policy_that_is_not_clear_is_refused(text, policy_file):
    policy_file.write_text(text)
    with pytest.raises(PlatformError):
        read(policy_file)


def test_a_policy_that_is_there_but_cannot_be_read_is_refused(policy_file):
    policy_file.symlink_to("/nowhere/policy.yaml")
    with pytest.raises(PlatformError, match="cannot be read"):
        read(policy_file)
    policy_file.unlink()
    policy_file.mkdir()
    with pytest.raises(PlatformError, match="cannot be read"):
        read(policy_file)
