"""The paired statistics agree with what was published, and refuse counts that contradict."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import metrics, paired
from registry.domain.errors import Invalid
from registry.domain.paired import Cells
from registry.domain.paired_readings import (
    per_class,
    read_paired,
    read_unpaired,
    statement,
)

COUNTS = st.integers(0, 60)
CELLS = st.builds(Cells, COUNTS, COUNTS, COUNTS, COUNTS)


@pytest.mark.parametrize(
    ("cells", "exact", "midp"),
    [
        # Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91: airway
        # hyper-responsiveness (Bentur et al. 2009), complete response (Cavo et al. 2012)
        (Cells(1, 1, 7, 12), 0.070, 0.039),
        (Cells(59, 6, 16, 80), 0.052, 0.035),
        # Agresti, Categorical Data Analysis, 2nd edition, table 10.1: approval of the prime
        # minister, z² = 17.36 on one degree of freedom, p < 0.0001
        (Cells(794, 150, 86, 570), 0.000, 0.000),
    ],
)
def test_mcnemar_gives_the_published_p(cells, exact, midp):
    assert round(paired.mcnemar(cells.only_first, cells.only_second), 3) == exact
    assert round(paired.mcnemar_midp(cells.only_first, cells.only_second), 3) == midp


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 2635-2650, method 10
        (Cells(20, 12, 2, 16), 0.0562, 0.3292),
        (Cells(36, 12, 2, 0), 0.0569, 0.3404),
        # Altman, Machin, Bryant and Gardner, Statistics with Confidence, 2nd edition 2000, p. 52
        (Cells(14, 5, 0, 22), 0.0115, 0.2265),
        # Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33, 2850-2875
        (Cells(1, 1, 7, 12), -0.5069, -0.0256),
        (Cells(59, 6, 16, 80), -0.1186, -0.0046),
    ],
)
def test_the_paired_interval_is_the_published_one(cells, low, high):
    found = paired.paired_interval(cells)
    assert found == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_unpaired_interval_is_the_published_one(counts, low, high):
    found = paired.unpaired_interval(*counts)
    assert found == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_the_binomial_test_in_whole_numbers(one, other):
    trials, fewer = one + other, min(one, other)
    tail = sum(comb(trials, k) for k in range(fewer + 1))
    exact = min(Fraction(1), Fraction(2 * tail, 2**trials))
    assert paired.mcnemar(one, other) == pytest.approx(float(exact), rel=1e-9)
    weight = Fraction(comb(trials, fewer), 2**trials)
    midp = Fraction(1) if one == other else Fraction(2 * tail, 2**trials) - weight
    assert paired.mcnemar_midp(one, other) == pytest.approx(float(midp), rel=1e-8)


def test_a_hundred_million_rows_are_no_trouble():
    assert 0 < paired.mcnemar(50_000_000, 49_990_000) < 1
    assert paired.mcnemar(90_000_000, 10_000_000) == 0.0


@given(CELLS)
def test_the_other_order_gives_the_mirrored_answer(cells):
    if not cells.n:
        return
    low, high = paired.paired_interval(cells)
    assert paired.paired_interval(cells.swapped()) == (
        pytest.approx(-high, abs=1e-9),
        pytest.approx(-low, abs=1e-9),
    )
    assert -1 <= low <= cells.gain / cells.n <= high <= 1
    mirrored = {"better": "worse", "worse": "better"}
    verdict = read_paired(cells).verdict
    assert read_paired(cells.swapped()).verdict == mirrored.get(verdict, verdict)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(p_values):
    adjusted = paired.holm(p_values)
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    assert all(after <= 1 for after in adjusted)
    order = np.argsort(p_values, kind="stable")
    assert all(np.diff(np.array(adjusted)[order]) >= 0)


def test_chance_calls_a_difference_real_in_at_most_one_of_twenty():
    random = np.random.default_rng(17)
    draws = random.multinomial(240, [0.7, 0.07, 0.07, 0.16], size=4000)
    false = sum(read_paired(Cells(*map(int, one))).is_real for one in draws)
    assert false / len(draws) < 0.05


def test_the_paired_interval_covers_the_truth():
    random = np.random.default_rng(18)
    shares = [0.7, 0.12, 0.06, 0.12]
    inside = 0
    draws = random.multinomial(150, shares, size=3000)
    for one in draws:
        low, high = paired.paired_interval(Cells(*map(int, one)))
        inside += low <= shares[1] - shares[2] <= high
    assert 0.94 < inside / len(draws) < 0.985


@pytest.mark.parametrize(
    ("reading", "sentence"),
    [
        (
            read_paired(Cells(180, 24, 10, 26)),
            (
                "1.1.0 is right on 14 more of 240 rows than 1.0.0 "
                "(+5.8 points, 95 % +1.0 to +10.7, McNemar p = 0.024): real."
            ),
        ),
        (
            read_paired(Cells(180, 10, 24, 26)),
            (
                "1.1.0 is right on 14 fewer of 240 rows than 1.0.0 "
                "(\u22125.8 points, 95 % \u221210.7 to \u22121.0, McNemar p = 0.024): real."
            ),
        ),
        (
            read_paired(Cells(200, 8, 8, 24)),
            (
                "1.1.0 and 1.0.0 are right equally often on 240 rows "
                "(0.0 points, 95 % \u22123.5 to +3.5, McNemar p = 1.0): "
                "cannot be told apart from chance."
            ),
        ),
        (
            read_paired(Cells(200, 0, 0, 40)),
            "1.1.0 and 1.0.0 are right on exactly the same rows (240 rows): no difference.",
        ),
        (
            read_paired(Cells(8, 2, 1, 1)),
            "Too few rows to say (n = 12): 1.1.0 is right on 1 more of them than 1.0.0.",
        ),
        (read_paired(Cells(0, 0, 0, 0)), "Too few rows to say (n = 0)."),
        (
            read_unpaired(56, 70, 48, 80),
            (
                "1.1.0 is right more often than 1.0.0 "
                "(+20.0 points, 95 % +5.2 to +33.4; unpaired, conservative): real."
            ),
        ),
        (
            read_unpaired(50, 80, 48, 80),
            (
                "1.1.0 is right on 2 more of 80 rows than 1.0.0 "
                "(+2.5 points, 95 % \u221212.4 to +17.2; unpaired, conservative): "
                "cannot be told apart from chance."
            ),
        ),
    ],
)
def test_the_sentence_says_how_much_and_whether_it_is_real(reading, sentence):
    assert statement("1.1.0", "1.0.0", reading) == sentence


def test_several_classes_are_asked_together():
    found = per_class(
        {
            "good": Cells(40, 9, 1, 10),
            "scratch": Cells(40, 8, 1, 10),
            "dent": Cells(20, 1, 0, 9),
            "never": Cells(0, 0, 0, 0),
        }
    )
    alone = paired.mcnemar(9, 1)
    assert alone < 0.05 < found["good"].p == pytest.approx(3 * alone)
    assert {name: one.verdict for name, one in found.items()} == {
        "good": "cannot be told apart",
        "scratch": "cannot be told apart",
        "dent": "cannot be told apart",
        "never": "too few to say",
    }


def reports():
    """Two classifiers on the same 90 rows, and what both got right per class."""
    random = np.random.default_rng(5)
    labels = random.integers(0, 3, 90)
    names = ["good", "scratch", "dent"]
    found, right = [], []
    for skill in (0.9, 0.7):
        said = np.where(random.random(90) < skill, labels, (labels + 1) % 3)
        found.append(metrics.evaluate(np.eye(3)[said], labels, names))
        right.append(said == labels)
    counts = {
        name: [
            int((one & other & (labels == place)).sum())
            for one, other in (
                (right[0], right[1]),
                (right[0], ~right[1]),
                (~right[0], right[1]),
                (~right[0], ~right[1]),
            )
        ]
        for place, name in enumerate(names)
    }
    return counts, *found


def test_joint_counts_that_fit_both_matrices_are_taken():
    counts, report, other = reports()
    found = paired.check_counts(counts, report, other)
    assert paired.total(list(found.values())).n == 90
    assert {
        name: [one.both, one.only_first, one.only_second, one.neither]
        for name, one in found.items()
    } == counts


def spoiled(counts):
    """Each a claim that cannot be true, and where it is found out."""
    good = counts["good"]
    return {
        "a class is missing": {name: one for name, one in counts.items() if name != "dent"},
        "a class too many": {**counts, "hole": [0, 0, 0, 0]},
        "one row too many": {**counts, "good": [good[0], good[1], good[2], good[3] + 1]},
        "a right answer moved": {
            **counts,
            "good": [good[0] - 1, good[1] + 1, good[2] + 1, good[3] - 1][::-1],
        },
        "the two exchanged": {
            name: [one[0], one[2], one[1], one[3]] for name, one in counts.items()
        },
        "a negative count": {**counts, "good": [good[0] + 1, good[1] - 99, good[2], good[3] + 98]},
        "three counts": {**counts, "good": good[:3]},
        "text": {**counts, "good": "1234"},
        "a half": {**counts, "good": [*good[:3], 0.5]},
        "truth for one": {**counts, "good": [True, *good[1:]]},
        "no object": [1, 2],
        "nothing": None,
    }


@pytest.mark.parametrize("name", spoiled(reports()[0]))
def test_joint_counts_that_contradict_are_refused(name):
    counts, report, other = reports()
    with pytest.raises(Invalid) as refused:
        paired.check_counts(spoiled(counts)[name], report, other)
    assert refused.value.code == "bad-pairing"
    assert all(place.startswith("paired.counts") for place in refused.value.fields)


def test_reports_about_other_classes_are_refused():
    counts, report, other = reports()
    with pytest.raises(Invalid, match="other classes"):
        paired.check_counts(counts, report, {**other, "classes": ["good", "scratch", "pit"]})


def test_the_second_report_may_number_the_classes_otherwise():
    counts, report, other = reports()
    turned = [2, 0, 1]
    renumbered = {
        "classes": [other["classes"][one] for one in turned],
        "confusion": [[other["confusion"][row][one] for one in turned] for row in turned],
    }
    assert paired.check_counts(counts, report, renumbered)["dent"].n == counts_of(counts["dent"])
    with pytest.raises(Invalid, match="confusion counts give"):
        paired.check_counts(counts, report, {**other, "classes": renumbered["classes"]})


def counts_of(cells):
    return sum(cells)
