"""Policy documents: one canonical form, and every wrong one is refused by the place it stands."""

from __future__ import annotations

from typing import Any

import pytest

from governance.domain import policies
from registry.domain.errors import Invalid, PlatformError, TooLarge
from registry.domain.recipe_yaml import MAX_BYTES

HEAD = "apiVersion: lineward.policy/v1\nsummary: What a version must show.\ngates:\n"
SOURCE = "The quality agreement of 2026."
SUPPORT = f"  - {{gate: support, min_rows: 30, source: {SOURCE}}}\n"

# One valid gate of each kind, and what it asks for in words.
IN_WORDS = {
    "support": ({"min_rows": 30}, "Every class has at least 30 rows in the hold-out."),
    "escapes": (
        {"max_rate": 0.1, "max_false_reject_rate": 0.05},
        (
            "At most 10 % of defects escape, as the upper end of the exact interval, while at "
            "most 5 % of good parts are rejected."
        ),
    ),
    "no-regression": (
        {"against": "champion", "margin": 0.02},
        "Balanced accuracy is not 2 points or more below the champion's on the same rows.",
    ),
    "no-class-regression": (
        {"against": "baseline", "margin": 0.125, "min_rows": 20},
        (
            "No class of at least 20 rows is found 12.5 points or more less often than by the "
            "baseline on the same rows."
        ),
    ),
    "calibration": (
        {"max_error": 0.1, "min_rows": 200},
        "Probabilities are off by at most 10 points on average, over at least 200 rows.",
    ),
    "latency": ({"max_ms": 80}, "The slowest twentieth of parts takes at most 80 ms."),
    "freshness": ({"max_days": 365}, "The data of the hold-out is at most 365 days old."),
    "transfer": (
        {"max_drop": 0.1, "min_plants": 2},
        (
            "At 2 or more other plants the version is not more than 10 points below its own "
            "plant's figure."
        ),
    ),
    "robustness": (
        {"under": "light@1", "lowest": 0.8, "highest": 1.25, "max_drop": 0.1, "min_rows": 60},
        (
            "With light (times the lamp's level) from 0.8 to 1.25, balanced accuracy is not 10 "
            "points or more below the undisturbed rows', on at least 60 of them."
        ),
    ),
    "leakage": (
        {"max_copies": 9, "max_across": 0, "max_giveaway": 0.3, "max_feature": 0.98},
        (
            "At most 9 pairs of rows are identical and at most 0 pairs that show the same have one "
            "in the hold-out; no group is on both sides. No file type or image size marks a class "
            "by more than 30 points over the others, nor does another single feature by more than "
            "98."
        ),
    ),
    "reproducibility": ({"min_runs": 3}, "The same job run 3 times gave the same file."),
}


def written(gate: str, **parameters: Any) -> str:
    """One gate as YAML text."""
    said = {"gate": gate, **parameters, "source": SOURCE}
    return "".join(
        f"{'  - ' if place == 0 else '    '}{name}: {value}\n"
        for place, (name, value) in enumerate(said.items())
    )


def refused(source: str) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        policies.parse(source)
    return caught.value


# --- What is read --------------------------------------------------------------------------------


def test_the_starter_is_a_policy():
    document = policies.parse(policies.STARTER)
    assert document["apiVersion"] == policies.API_VERSION
    assert [gate["gate"] for gate in document["gates"]] == [
        *("support", "escapes", "no-regression", "no-class-regression"),
        *("calibration", "latency", "freshness", "transfer", "leakage"),
    ]
    assert [gate["gate"] for gate in document["gates"] if gate["warns"]] == ["transfer"]


def test_the_starters_sources_are_still_to_be_written():
    document = policies.parse(policies.STARTER)
    assert [path for path, _ in policies.unfinished(document)] == [
        *(f"gates.{place}.source" for place in range(1, 8)),
        "approvals.source",
        "evidence.source",
    ]
    written_out = policies.parse(policies.STARTER.replace("Write here", "The agreement says"))
    assert policies.unfinished(written_out) == []
    policies.refuse(policies.unfinished(written_out))
    with pytest.raises(Invalid, match=r"gates\.1\.source still says .* \(9 problems in all\)"):
        policies.refuse(policies.unfinished(document))


def test_every_kind_of_gate_has_a_name_for_people():
    assert policies.TITLES.keys() == policies.PARAMETERS.keys()
    assert len(set(policies.TITLES.values())) == len(policies.TITLES)


def test_whether_a_gate_warns_is_always_said_in_the_canonical_form():
    document = policies.parse(HEAD + SUPPORT + written("latency", max_ms=80, warns="true"))
    assert [gate["warns"] for gate in document["gates"]] == [False, True]


def test_every_kind_of_gate_is_read_and_said_in_words():
    text = HEAD + "".join(written(gate, **asked) for gate, (asked, _) in IN_WORDS.items())
    document = policies.parse(text)
    assert {gate["gate"] for gate in document["gates"]} == set(policies.PARAMETERS)
    assert [policies.rule(gate) for gate in document["gates"]] == [
        words for _, words in IN_WORDS.values()
    ]


def test_words_in_a_source_are_never_filled_in():
    gate = {"gate": "latency", "max_ms": 80, "source": "{max_ms} {0} %s", "warns": False}
    assert policies.rule(gate) == "The slowest twentieth of parts takes at most 80 ms."


def test_the_digest_is_the_content_not_the_spelling():
    plain = policies.parse(HEAD + SUPPORT)
    spelt = policies.parse(
        f"# a comment\ngates:\n  - source: {SOURCE}\n    warns: false\n    min_rows: 30\n"
        "    gate: support # another\nsummary: 'What a version must show.'\n"
        "apiVersion: lineward.policy/v1\n"
    )
    assert policies.digest(plain) == policies.digest(spelt)
    assert len(policies.digest(plain)) == 64


@pytest.mark.parametrize(
    "change",
    [
        ("min_rows: 30", "min_rows: 31"),
        ("agreement of 2026", "agreement of 2025"),
        ("What a version", "What the version"),
        ("source:", "warns: true, source:"),
    ],
)
def test_the_digest_changes_with_any_content(change):
    text = HEAD + SUPPORT
    other = text.replace(*change)
    assert other != text
    assert policies.digest(policies.parse(other)) != policies.digest(policies.parse(text))


def test_the_same_gate_may_be_asked_against_both_references():
    text = HEAD + "".join(
        written("no-regression", against=one, margin=0.02) for one in ("champion", "baseline")
    )
    assert len(policies.parse(text)["gates"]) == 2


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (HEAD + written("support", min_rows=30, note="x"), ["gates.0.note"]),
        (HEAD + written("support", min_rows=30, max_ms=80), ["gates.0.max_ms"]),
        (HEAD + "  - {gate: support, min_rows: 30}\n", ["gates.0.source"]),
        (HEAD + written("support"), ["gates.0.min_rows"]),
        (HEAD + written("escapes", max_rate=0.1), ["gates.0.max_false_reject_rate"]),
        (HEAD + f"  - {{source: {SOURCE}}}\n", ["gates.0.gate"]),
        (HEAD + written("smell", min_rows=30), ["gates.0.gate"]),
        (HEAD + written("[support]", min_rows=30), ["gates.0.gate"]),
        (HEAD + "  - support\n", ["gates.0"]),
        (HEAD + "  []\n", ["gates"]),
        (HEAD.replace("gates:", "gates: support"), ["gates"]),
        (HEAD.replace("gates:\n", ""), ["gates"]),
        (HEAD + SUPPORT + "note: x\n", ["note"]),
        (HEAD.replace("/v1", "/v2") + SUPPORT, ["apiVersion"]),
        (HEAD.replace("What a version must show.", "Short.") + SUPPORT, ["summary"]),
        (HEAD.replace("What", "W" * 1000) + SUPPORT, ["summary"]),
        (HEAD + SUPPORT.replace(SOURCE, "somebody"), ["gates.0.source"]),
        (HEAD + SUPPORT.replace(SOURCE, "x" * 401), ["gates.0.source"]),
        (HEAD + SUPPORT.replace(SOURCE, "12345678901"), ["gates.0.source"]),
        (HEAD + SUPPORT + written("support", min_rows=20), ["gates.1"]),
        (HEAD + SUPPORT * 3, ["gates.1", "gates.2"]),
        (HEAD + SUPPORT * 41, ["gates"]),
    ],
)
def test_a_wrong_document_is_refused_by_its_places(text, paths):
    error = refused(text)
    assert isinstance(error, Invalid)
    assert (error.code, sorted(error.fields)) == ("bad-policy", paths)
    assert all(paths[0].rpartition(".")[2] in one for one in error.fields[paths[0]])
    assert error.message.startswith("The policy is not valid: ")


@pytest.mark.parametrize("wrong", ["1", "1.5", "-0.1", '"0.1"', "true", "null", "[0.1]"])
@pytest.mark.parametrize(
    ("gate", "name"),
    [
        ("escapes", "max_rate"),
        ("escapes", "max_false_reject_rate"),
        ("no-regression", "margin"),
        ("no-class-regression", "margin"),
        ("calibration", "max_error"),
        ("transfer", "max_drop"),
        ("leakage", "max_giveaway"),
        ("leakage", "max_feature"),
    ],
)
def test_a_share_is_a_number_from_0_to_below_1(gate, name, wrong):
    asked, _ = IN_WORDS[gate]
    assert policies.parse(HEAD + written(gate, **asked))
    error = refused(HEAD + written(gate, **{**asked, name: wrong}))
    assert list(error.fields) == [f"gates.0.{name}"]


@pytest.mark.parametrize(
    ("gate", "name", "wrong"),
    [
        ("support", "min_rows", "0"),
        ("support", "min_rows", "1000001"),
        ("support", "min_rows", "30.5"),
        ("support", "warns", "1"),
        ("support", "warns", '"yes"'),
        ("no-regression", "against", "competitor"),
        ("latency", "max_ms", "0"),
        ("latency", "max_ms", "60001"),
        ("freshness", "max_days", "0"),
        ("freshness", "max_days", "3661"),
        ("transfer", "min_plants", "0"),
        ("transfer", "min_plants", "1001"),
        ("leakage", "max_copies", "-1"),
        ("leakage", "max_across", "0.5"),
        ("reproducibility", "min_runs", "1"),
        ("reproducibility", "min_runs", "11"),
    ],
)
def test_other_values_have_bounds_too(gate, name, wrong):
    asked, _ = IN_WORDS[gate]
    error = refused(HEAD + written(gate, **{**asked, name: wrong}))
    assert list(error.fields) == [f"gates.0.{name}"]


@pytest.mark.parametrize(
    "text", ["{{ source }} of it", "${SOURCE} of it", "<% source %>", "#{x} y z w"]
)
def test_a_policy_is_never_filled_in(text):
    error = refused(HEAD + SUPPORT.replace(SOURCE, f'"{text}"'))
    assert list(error.fields) == ["gates.0.source"]


@pytest.mark.parametrize("escape", ["\\u202e", "\\u2066", "\\x07", "\\0"])
def test_hidden_characters_are_refused(escape):
    error = refused(HEAD + SUPPORT.replace(SOURCE, f'"The quality {escape}agreement"'))
    assert "gates.0.source" in error.fields or error.code == "bad-yaml"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + SUPPORT.replace("- {", "- &one {") + "  - *one\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        HEAD + "  - <<: {gate: support}\n",
        HEAD + SUPPORT.replace("30", ".nan"),
        HEAD + SUPPORT.replace("30", "!!int 30"),
        HEAD + SUPPORT.replace("min_rows: 30", "min_rows: 30, min_rows: 31"),
        HEAD + SUPPORT.replace("30", "yes"),
        HEAD + "  " + "[" * 100 + "]" * 100,
        HEAD + SUPPORT + "---\n" + HEAD + SUPPORT,
        HEAD + SUPPORT.replace(SOURCE, "a\x00b"),
        "gates: [",
        "[]",
        "",
    ],
)
def test_what_two_readers_could_take_for_two_things_is_refused(text):
    error = refused(text)
    assert error.code == "bad-yaml"
    assert "document" in error.fields


def test_a_huge_text_is_not_read():
    text = HEAD + SUPPORT
    assert isinstance(refused(text + "#" * MAX_BYTES), TooLarge)
    assert policies.parse(text + "#" * (MAX_BYTES - len(text))) == policies.parse(text)
