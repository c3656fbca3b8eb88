"""What each stage of a release asks for: written in a policy, or as the platform has it."""

from __future__ import annotations

from typing import Any

import pytest

from governance.domain import policies
from governance.domain.policies import Evidence
from registry.domain.errors import Invalid
from tests.governance.domain.test_policies import HEAD, SOURCE, SUPPORT, written

PLAIN = HEAD + SUPPORT
# The digest of PLAIN as it was before these sections were known.
PLAIN_DIGEST = "3b555804f933c773e3cd38423e2882745b2597beedb2dfaff29245362000a097"


def with_section(name: str, **said: Any) -> str:
    parts = "".join(f"  {key}: {value}\n" for key, value in said.items())
    return f"{PLAIN}{name}:\n{parts}  source: {SOURCE}\n"


def refused(text: str) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        policies.parse(text)
    assert caught.value.code == "bad-policy"
    return dict(caught.value.fields)


# --- Gates by stage ------------------------------------------------------------------------------


def test_a_gate_is_asked_from_its_stage_on():
    text = HEAD + SUPPORT + written("latency", max_ms=80, **{"from": "canary"})
    document = policies.parse(text + written("freshness", max_days=90, **{"from": "active"}))

    def asked(mode: str | None) -> list[str]:
        return [gate["gate"] for gate in policies.for_mode(document, mode)["gates"]]

    assert asked("shadow") == ["support"]
    assert asked("canary") == ["support", "latency"]
    assert asked("active") == asked(None) == ["support", "latency", "freshness"]
    assert [one["stage"] for one in policies.told(document)] == ["shadow", "canary", "active"]


def test_a_gate_may_be_asked_more_strictly_from_a_later_stage_on():
    strict = written("support", min_rows=60, **{"from": "active"})
    document = policies.parse(PLAIN + strict)
    assert [one["min_rows"] for one in document["gates"]] == [30, 60]
    assert "gates.2" in refused(PLAIN + strict + strict)


@pytest.mark.parametrize("wrong", ["human_gate", "production", "1", "null"])
def test_only_stages_of_a_release_are_known(wrong):
    assert list(refused(HEAD + written("support", min_rows=30, **{"from": wrong}))) == [
        "gates.0.from"
    ]


def test_a_mode_that_is_no_stage_is_refused():
    with pytest.raises(Invalid, match="Choose one of shadow, canary, active"):
        policies.for_mode(policies.parse(PLAIN), "permissive")


# --- Where a policy is silent --------------------------------------------------------------------


def test_a_policy_without_the_sections_is_what_it_was():
    document = policies.parse(PLAIN)
    assert set(document) == {"apiVersion", "summary", "gates"}
    assert policies.digest(document) == PLAIN_DIGEST
    said_so = policies.parse(HEAD + SUPPORT.replace("gate: support", "gate: support, from: shadow"))
    assert said_so == document


def test_a_silent_policy_asks_what_the_platform_asks():
    document = policies.parse(PLAIN)
    for mode, seats in policies.DEFAULT_APPROVALS.items():
        assert policies.quorum_of(document, mode) == seats
    assert policies.decide_within_days(document) == policies.DEFAULT_DECIDE_WITHIN_DAYS
    assert policies.valid_days(document) == policies.DEFAULT_VALID_DAYS
    for mode, evidence in policies.DEFAULT_EVIDENCE.items():
        assert policies.evidence_for(document, mode) == evidence
    assert policies.evidence_for(document, "shadow") == Evidence(0, 0)


def test_what_a_section_leaves_out_is_as_the_platform_has_it():
    document = policies.parse(
        with_section("approvals", active="{quality: 2, process: 1}", valid_days=30)
    )
    assert policies.quorum_of(document, "active") == {"quality": 2, "process": 1}
    assert policies.quorum_of(document, "canary") == policies.DEFAULT_APPROVALS["canary"]
    assert (policies.valid_days(document), policies.decide_within_days(document)) == (30, 14)
    document = policies.parse(with_section("evidence", active="{min_rows: 1000}"))
    assert policies.evidence_for(document, "active") == Evidence(1000, 0.5)
    assert policies.evidence_for(document, "canary") == policies.DEFAULT_EVIDENCE["canary"]


def test_the_starter_says_what_the_platform_asks():
    document = policies.parse(policies.STARTER)
    for mode in policies.DEFAULT_APPROVALS:
        assert document["approvals"][mode] == policies.DEFAULT_APPROVALS[mode]
        silent = policies.evidence_for({}, mode)
        assert policies.evidence_for(document, mode) == silent
    assert policies.stages_told(document).stages == policies.stages_told({}).stages


def test_stages_are_said_in_words():
    told = policies.stages_told(
        policies.parse(with_section("approvals", active="{quality: 2, process: 1}"))
    )
    shadow, canary, active = told.stages
    assert (told.approvals_source, told.evidence_source) == (SOURCE, "")
    assert (told.decide_within_days, told.valid_days) == (14, 180)
    assert (shadow.title, shadow.agree) == ("Shadow", "1 of quality")
    assert shadow.evidence == "Nothing beyond the gates"
    assert canary.evidence == "100 rows judged at the plant since shadow began"
    assert active.agree == "2 of quality and 1 of process"
    assert active.evidence == (
        "300 rows judged at the plant since canary began and the line's readiness at 0.5 or more"
    )


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "said", "paths"),
    [
        ("approvals", {"active": "{}"}, ["approvals.active"]),
        ("approvals", {"shadow": "{quality: 0}"}, ["approvals.shadow"]),
        ("approvals", {"shadow": "{quality: 6}"}, ["approvals.shadow.quality"]),
        ("approvals", {"shadow": "{quality: -1}"}, ["approvals.shadow.quality"]),
        ("approvals", {"shadow": "{quality: 1.5}"}, ["approvals.shadow.quality"]),
        ("approvals", {"shadow": "{boss: 1}"}, ["approvals.shadow.boss"]),
        ("approvals", {"human_gate": "{quality: 1}"}, ["approvals.human_gate"]),
        ("approvals", {"shadow": "{quality: 2}"}, ["approvals.canary.quality"]),
        ("approvals", {"active": "{quality: 1}"}, ["approvals.active.process"]),
        ("approvals", {"decide_within_days": 0}, ["approvals.decide_within_days"]),
        ("approvals", {"decide_within_days": 366}, ["approvals.decide_within_days"]),
        ("approvals", {"valid_days": 3661}, ["approvals.valid_days"]),
        ("evidence", {"shadow": "{min_rows: 1}"}, ["evidence.shadow"]),
        ("evidence", {"canary": "{}"}, ["evidence.canary"]),
        ("evidence", {"canary": "{min_rows: -1}"}, ["evidence.canary.min_rows"]),
        ("evidence", {"active": "{min_readiness: 1.01}"}, ["evidence.active.min_readiness"]),
        ("evidence", {"active": "{days: 3}"}, ["evidence.active.days"]),
    ],
)
def test_a_wrong_section_is_refused_by_its_place(section, said, paths):
    assert policies.parse(with_section(section))
    found = refused(with_section(section, **said))
    assert paths[0] in found


@pytest.mark.parametrize("section", ["approvals", "evidence"])
def test_a_section_names_its_source(section):
    assert list(refused(f"{PLAIN}{section}: {{}}\n")) == [f"{section}.source"]


def test_the_digest_changes_with_a_section():
    plain = policies.parse(PLAIN)
    asked = policies.parse(with_section("approvals", active="{quality: 2, process: 1}"))
    assert policies.digest(asked) != policies.digest(plain)


def test_refusals_say_what_would_do():
    found = refused(with_section("approvals", shadow="{quality: 2}"))
    (said,) = found["approvals.canary.quality"]
    assert said == "approvals.canary.quality is 1; it must be at least the 2 of shadow."
