from __future__ import annotations

from dataclasses import replace

import pytest

from plants.domain import queue_access
from plants.domain.queue_access import Seen
from registry.domain.errors import Invalid

DIGEST = "ab" * 32
EXACT = Seen(
    flags=frozenset({"on", "sanitize-payload"}),
    passwords=frozenset({DIGEST}),
    commands=frozenset(word for word in queue_access.rules_for("graz", DIGEST) if word[0] in "+-"),
    keys=frozenset({"~plant:graz:*"}),
    channels=frozenset(),
)


def test_a_plant_starts_from_nothing_and_gets_one_prefix_and_no_channel() -> None:
    rules = queue_access.rules_for("graz", DIGEST)
    assert rules[0] == "reset"
    assert [rule for rule in rules if rule.startswith(("~", "&", "%", "("))] == ["~plant:graz:*"]
    assert "resetchannels" in rules
    assert rules.index("-@all") < min(rules.index(r) for r in rules if r.startswith("+"))
    assert not [rule for rule in rules if rule.startswith("+@")]


def test_commands_a_server_does_not_know_are_left_out() -> None:
    assert "+client|setinfo" not in queue_access.rules_for("graz", DIGEST)
    known = queue_access.rules_for("graz", DIGEST, known=["client|setinfo", "flushall"])
    assert known[-1] == "+client|setinfo"
    assert "+flushall" not in known


@pytest.mark.parametrize("digest", ["", "secret", "AB" * 32, "ab" * 31, "ab" * 32 + " +@all"])
def test_only_a_digest_is_taken_as_a_password(digest: str) -> None:
    with pytest.raises(Invalid):
        queue_access.rules_for("graz", digest)
    with pytest.raises(Invalid):
        queue_access.portal_rules(digest)


def test_rules_that_agree_have_no_differences() -> None:
    assert queue_access.differences("graz", DIGEST, EXACT) == ()


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        (None, "missing"),
        (replace(EXACT, flags=frozenset({"off"})), "switched off"),
        (replace(EXACT, flags=EXACT.flags | {"nopass"}), "nopass"),
        (replace(EXACT, passwords=frozenset({DIGEST, "cd" * 32})), "another password"),
        (replace(EXACT, keys=EXACT.keys | {"~*"}), "~*"),
        (replace(EXACT, channels=frozenset({"&*"})), "&*"),
        (replace(EXACT, selectors=1), "1 further"),
        (replace(EXACT, commands=EXACT.commands | {"+scan"}), "+scan too much"),
        (replace(EXACT, commands=EXACT.commands - {"+brpop"}), "+brpop too little"),
    ],
)
def test_every_difference_is_named(seen: Seen | None, named: str) -> None:
    found = queue_access.differences("graz", DIGEST, seen)
    assert len(found) == 1
    assert "plant-graz" in found[0]
    assert named in found[0]


def test_the_portal_user_reaches_plants_and_its_own_keys_only() -> None:
    rules = queue_access.portal_rules(DIGEST)
    assert [rule for rule in rules if rule.startswith("~")] == ["~plant:*", "~portal:*"]
    assert "-@dangerous" in rules
    assert "+config" not in rules


def test_probes_aim_at_the_other_plant() -> None:
    aimed = [probe.against("plant:steyr:") for probe in queue_access.PROBES]
    assert ("LRANGE", "plant:steyr:jobs", "0", "-1") in aimed
    assert not [word for command in aimed for word in command if "{other}" in word]
    # A start-up check runs the harmless ones: none of them may write.
    harmless = {probe.command[0] for probe in queue_access.PROBES if probe.harmless}
    assert not harmless & {"LPUSH", "DEL", "FLUSHALL", "BRPOP", "SHUTDOWN", "MONITOR", "PUBLISH"}
