"""Gates on a version's own hold-out: counts by published methods, said in a sentence."""

from __future__ import annotations

import math
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.domain import gates
from governance.domain.gates import (
    Facts,
)
from registry.domain.intervals import clopper_pearson
from tests.governance.domain.gate_cast import (
    SOURCE,
    TODAY,
    facts,
    report,
    said,
    told,
)

# --- Support, calibration, latency, freshness ----------------------------------------------------


def test_support_is_counted_in_each_class():
    known = facts(report())
    assert told(known, "support", min_rows=33) == ("pass", "The rarest class has 33 rows.")
    assert told(known, "support", min_rows=34) == (
        "insufficient",
        "pit (33) has fewer than 34 rows: label more of them.",
    )
    assert told(known, "support", min_rows=50) == (
        "insufficient",
        "pit (33) and scratch (45) have fewer than 50 rows: label more of them.",
    )
    found = said(known, "support", min_rows=33)
    assert (found.value, found.n, found.source, found.warns) == (33, 178, SOURCE, False)
    assert found.rule == "Every class has at least 33 rows in the hold-out."


def test_calibration_asks_for_rows_before_it_judges():
    known = facts(report(ece=0.04))
    assert told(known, "calibration", max_error=0.04, min_rows=178) == (
        "pass",
        "Probabilities are off by 4 points over 178 rows.",
    )
    assert said(known, "calibration", max_error=0.039, min_rows=178).outcome == "fail"
    assert told(known, "calibration", max_error=0.5, min_rows=179) == (
        "insufficient",
        "178 rows are too few to see it; at least 179 are asked for.",
    )
    assert said(facts(report(ece=None)), "calibration", max_error=0.5, min_rows=1).outcome == (
        "insufficient"
    )


def test_latency_is_the_measured_one():
    assert told(facts(report(p95=80.0)), "latency", max_ms=80) == (
        "pass",
        "It takes 80 ms, timed on 60 parts on the plant's worker.",
    )
    assert said(facts(report(p95=80.1)), "latency", max_ms=80).outcome == "fail"
    assert told(facts(report(p95=None)), "latency", max_ms=80) == (
        "insufficient",
        "No part was timed.",
    )


def test_freshness_counts_days_from_the_newest_row():
    def aged(days: int) -> Facts:
        return facts(report(), newest_day=TODAY - timedelta(days=days))

    assert told(aged(30), "freshness", max_days=30) == ("pass", "The newest row is 30 days old.")
    assert told(aged(31), "freshness", max_days=30) == ("fail", "The newest row is 31 days old.")
    assert told(aged(1), "freshness", max_days=30)[1] == "The newest row is 1 day old."
    assert told(facts(report()), "freshness", max_days=30) == (
        "insufficient",
        "The day of the data is not known: give the data set times.",
    )


def test_a_plant_that_is_a_day_ahead_has_data_of_today():
    ahead = facts(report(), newest_day=TODAY + timedelta(days=1))
    assert told(ahead, "freshness", max_days=1) == ("pass", "The newest row is 0 days old.")


# --- Escapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 5
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0579, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
        # none of 29: the upper end is one less the 29th root of 0.025
        (0, 29, 0.0, 0.1194),
    ],
)
def test_escapes_pass_from_the_published_upper_end_on(count, n, low, high):
    known = facts(report(escapes=(count, n)))
    found = said(known, "escapes", max_rate=high + 0.00006, max_false_reject_rate=0.05)
    assert (found.outcome, found.n) == ("pass", n)
    assert found.value == pytest.approx(high, abs=0.00006)
    assert found.reason == (
        f"{count} of {n} defects escape, {clopper_pearson(count, n)[0] * 100:.3g} to "
        f"{clopper_pearson(count, n)[1] * 100:.3g} %."
    )
    assert clopper_pearson(count, n)[0] == pytest.approx(low, abs=0.00006)
    below = said(known, "escapes", max_rate=high - 0.00006, max_false_reject_rate=0.05)
    assert below.outcome == "insufficient"


def test_too_many_escapes_fail_and_too_few_defects_say_how_many_would_do():
    assert told(
        facts(report(escapes=(0, 29))), "escapes", max_rate=0.1, max_false_reject_rate=0.05
    ) == (
        "insufficient",
        "0 of 29 defects escape, 0 to 11.9 %: about 40 defects would prove it, if the rate stays.",
    )
    assert told(
        facts(report(escapes=(4, 30))), "escapes", max_rate=0.1, max_false_reject_rate=0.05
    ) == (
        "fail",
        "4 of 30 defects escape, 3.76 to 30.7 %; the rate itself is too high.",
    )
    at_bound = told(
        facts(report(escapes=(3, 30))), "escapes", max_rate=0.1, max_false_reject_rate=0.05
    )
    assert at_bound[0] == "insufficient"
    assert at_bound[1].endswith("the rate stands at its bound, so more defects would not prove it.")


def test_escapes_at_a_laxer_threshold_prove_nothing():
    known = facts(report(escapes=(0, 500, 0.1)))
    assert said(known, "escapes", max_rate=0.1, max_false_reject_rate=0.1).outcome == "pass"
    assert told(known, "escapes", max_rate=0.1, max_false_reject_rate=0.05) == (
        "insufficient",
        "The threshold was set for 10 % of good parts.",
    )


def test_without_an_operating_point_the_way_out_is_named():
    outcome, reason = told(facts(report()), "escapes", max_rate=0.1, max_false_reject_rate=0.05)
    assert outcome == "insufficient"
    assert "name the class of good parts in the family" in reason


@pytest.mark.parametrize("bound", [0.01, 0.02, 0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 0.75])
def test_so_many_defects_as_are_named_prove_it(bound, share):
    rate = bound * share
    named = int(re.search(r"about (\d+) defects", gates._more_defects(rate, bound)).group(1))
    assert clopper_pearson(round(rate * named), named)[1] <= bound
    # Nor is it far too many: at 15 % and one step of ten less, the rate would not be proven.
    fewer = math.floor(named * 0.85) - 10
    escaped = math.ceil(rate * fewer - 1e-9)
    assert fewer <= 0 or clopper_pearson(escaped, fewer)[1] > bound


@given(st.integers(1, 400), st.sampled_from([0.01, 0.03, 0.05, 0.1, 0.25]), st.data())
def test_never_fewer_defects_are_asked_for_than_were_seen(n, bound, data):
    count = data.draw(st.integers(0, math.floor(n * bound)))
    found = said(
        facts(report(escapes=(count, n))), "escapes", max_rate=bound, max_false_reject_rate=0.05
    )
    named = re.search(r"about (\d+) defects", found.reason)
    if named and int(named.group(1)) < 20_000:
        assert found.outcome == "insufficient"
        assert int(named.group(1)) > n
