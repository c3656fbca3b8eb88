"""Robustness: which range holds and which level breaks, from joint counts on equal rows."""

from __future__ import annotations

from typing import Any

import pytest

from governance.domain import policies
from governance.domain.robustness import in_words
from registry.domain.errors import Invalid
from tests.governance.domain.gate_cast import LIGHT, MINUS, SOURCE, facts, report, said, told, tried


def light(slices: Any, **changes: Any) -> tuple[str, str]:
    return told(facts(report(), slices=slices), "robustness", **LIGHT | changes)


def test_a_fall_that_is_ruled_out_at_every_level_passes():
    outcome, reason = light(tried(bright=2))
    assert outcome == "pass"
    assert reason == (
        f"Light: holds from 0.8 to 1.25 times the lamp's level; lowest {MINUS}1.0 points at 1.25 "
        f"({MINUS}4.1 to +1.7) (n = 200)."
    )
    found = said(facts(report(), slices=tried(bright=2)), "robustness", **LIGHT)
    assert (found.value, found.n) == (pytest.approx(-0.01), 200)


def test_what_breaks_is_named_with_the_range_that_holds():
    outcome, reason = light(tried(dim=62))
    assert outcome == "fail"
    assert reason.startswith(
        f"Light: holds from 1 to 1.25 times the lamp's level; {MINUS}31.0 points at 0.8 ("
    )
    outcome, reason = light(tried(dark=100, dim=60), lowest=0.5)
    assert outcome == "fail"
    assert f"{MINUS}50.0 points at 0.5" in reason
    assert reason.index("at 0.5") < reason.index("at 0.8"), "the largest fall first"


def test_levels_outside_the_range_are_in_nobodys_way():
    assert light(tried(dark=100, glaring=100))[0] == "pass"
    assert light(tried(glaring=100), highest=2)[0] == "fail"


def test_a_fall_that_is_neither_shown_nor_ruled_out_is_too_little_to_say():
    outcome, reason = light(tried(rows=30, dim=1, bright=1), min_rows=20)
    assert outcome == "insufficient"
    assert reason.startswith("Light: shown to hold at no level; ")
    assert reason.endswith("Too few rows to rule a fall out: hold out more of them.")


def test_few_rows_are_asked_for_more():
    assert light(tried(rows=60)) == (
        "insufficient",
        "Tried on 60 rows; 100 are asked for: hold out more of them.",
    )


def test_what_nobody_tried_has_a_way_out():
    again = "to the recipe's stress and order an evaluation by it."
    assert light(None) == (
        "insufficient",
        f"It was not tried under light: add light@1 {again}",
    )
    assert light(tried(), lowest=0.6, highest=1.6) == (
        "insufficient",
        f"Light was not tried at 0.6 and 1.6: add it to light@1 {again}",
    )
    blur = {**LIGHT, "under": "blur@1", "lowest": 0, "highest": 0.01}
    assert told(facts(report(), slices=tried()), "robustness", **blur)[0] == "insufficient"


def test_one_sided_perturbations_hold_up_to_a_level():
    noise = {**LIGHT, "under": "noise@1", "lowest": 0, "highest": 8}
    known = facts(report(), slices=tried())
    assert told(known, "robustness", **noise)[1].startswith("Noise: holds up to 8 grey levels; ")


def test_without_a_policy_it_is_said_where_no_fall_shows():
    light, noise = in_words(tried(glaring=70, grain=60))
    assert light.startswith(
        f"Light: no fall shows from 0.5 to 1.25 times the lamp's level; {MINUS}35.0 points at 2 ("
    )
    assert noise.startswith(f"Noise: falls from the first level on; {MINUS}30.0 points at 8 (")
    assert in_words(tried())[0] == "Light: no fall shows from 0.5 to 2 times the lamp's level."


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"under": "fog@1"}, "under"),
        ({"lowest": 1.1}, "highest"),
        ({"highest": 0.9}, "highest"),
        ({"highest": 17}, "highest"),
        ({"lowest": -1}, "lowest"),
        ({"min_rows": 401}, "min_rows"),
        ({"under": "blur@1", "lowest": 0.01, "highest": 0.02}, "highest"),
    ],
)
def test_a_range_that_no_level_can_meet_is_refused(changes: dict[str, Any], at: str):
    gate = {"gate": "robustness", **LIGHT, **changes, "source": SOURCE}
    lines = "".join(f"    {name}: {value}\n" for name, value in gate.items())
    head = "apiVersion: lineward.policy/v1\nsummary: What a version must show.\ngates:\n  -\n"
    with pytest.raises(Invalid) as caught:
        policies.parse(head + lines)
    assert list(caught.value.fields) == [f"gates.0.{at}"]


def test_a_policy_asks_once_for_each_perturbation():
    def written(*under: str) -> str:
        gates = "".join(
            f"  - {{gate: robustness, under: {one}, lowest: 0, highest: 2, max_drop: 0.1, "
            f"min_rows: 60, source: {SOURCE}}}\n"
            for one in under
        )
        head = "apiVersion: lineward.policy/v1\nsummary: What a version must show.\ngates:\n"
        return head + gates

    assert len(policies.parse(written("light@1", "noise@1"))["gates"]) == 2
    with pytest.raises(Invalid, match="a second time"):
        policies.parse(written("light@1", "light@1"))
