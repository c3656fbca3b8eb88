"""Clocks of retention: edges of the calendar, and that the longest of several wins."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import retention
from registry.domain.errors import Invalid
from registry.domain.retention import BY_NAME, Rule, Use, keep_until, later

ENDED = date(2026, 5, 3)
RETIRED = Use(retired_on=date(2026, 2, 1))
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("ended", "until"),
    [
        (date(2026, 1, 1), date(2027, 12, 31)),
        (date(2026, 12, 31), date(2027, 12, 31)),
        (date(2027, 1, 1), date(2028, 12, 31)),
        (date(2028, 2, 29), date(2029, 12, 31)),
    ],
)
def test_the_calendar_year_after_the_products_life_is_a_whole_one(ended, until):
    assert keep_until(Rule(("iatf",), life_ended_on=ended), RETIRED).day == until


def test_the_products_life_went_on_where_a_version_served_after_its_end():
    use = Use(last_used_on=date(2028, 1, 5), retired_on=date(2028, 2, 1))
    assert keep_until(Rule(("iatf",), life_ended_on=ENDED), use).day == date(2029, 12, 31)


@pytest.mark.parametrize(
    ("name", "until", "words"),
    [
        ("ai_act_logs", date(2026, 8, 1), "6 months from 1 February 2026, when it was retired"),
        ("ai_act_documents", date(2036, 2, 1), "10 years from 1 February 2026"),
        ("customer", date(2041, 2, 1), "15 years from 1 February 2026"),
    ],
)
def test_the_other_periods_count_from_when_a_version_was_last_of_use(name, until, words):
    rule = Rule((name,), customer_years=15 if name == "customer" else None)
    found = keep_until(rule, RETIRED)
    assert found.day == until
    assert words in found.because
    assert BY_NAME[name].source in found.because
    assert keep_until(rule, Use()).day is None, "nothing counts before it is retired"
    later_use = Use(last_used_on=date(2026, 3, 1), retired_on=date(2026, 2, 1))
    moved = keep_until(rule, later_use)
    assert moved.day is not None
    assert moved.day > until
    assert "last in use" in moved.because


@pytest.mark.parametrize("name", BY_NAME)
def test_a_clock_without_an_end_outlasts_every_other(name):
    """The end of the product's life is not declared; the other clock has run out long ago."""
    rule = Rule(tuple({"iatf", name}), customer_years=1)
    found = keep_until(rule, Use(retired_on=date(1999, 1, 1)))
    assert found.day is None
    assert "not declared" in found.because


def test_what_is_in_use_has_no_end_and_neither_has_what_no_rule_speaks_of():
    in_use = Use(is_in_use=True, retired_on=date(1999, 1, 1))
    rule = Rule(("iatf", "ai_act_logs"), life_ended_on=date(1999, 1, 1))
    assert keep_until(rule, in_use) == retention.Until(None, "it is in use")
    assert keep_until(None, RETIRED).day is None
    assert keep_until(Rule(()), RETIRED).day is None


def test_a_rule_counts_only_when_others_could_have_objected():
    rule = Rule(("ai_act_logs",), set_on=date(2030, 1, 1))
    found = keep_until(rule, RETIRED)
    assert found.day == date(2030, 1, 31)
    assert found.because.startswith("6 months from 1 February 2026")
    assert found.because.endswith("; its rule, set on 1 January 2030, counts after 30 days")


@given(
    names=st.sets(st.sampled_from(sorted(BY_NAME)), min_size=1),
    ended=st.none() | DAYS,
    used=st.none() | DAYS,
    retired=st.none() | DAYS,
    set_on=DAYS,
    years=st.integers(1, 50),
)
def test_of_several_classes_none_ends_later_than_the_whole(
    names, ended, used, retired, set_on, years
):
    use = Use(last_used_on=used, retired_on=retired)
    whole = keep_until(Rule(tuple(names), years, ended, set_on), use)
    single = [keep_until(Rule((name,), years, ended), use) for name in names]
    if any(one.day is None for one in single):
        assert whole.day is None
    else:
        objection = set_on + timedelta(days=retention.OBJECTION_DAYS)
        assert whole.day == max(objection, *(one.day for one in single if one.day))


@given(day=DAYS, years=st.integers(0, 60), months=st.integers(0, 30))
def test_a_later_day_is_never_too_early(day, years, months):
    found = later(day, years=years, months=months)
    passed = (found.year - day.year) * 12 + found.month - day.month
    assert passed - (found.day < day.day) >= years * 12 + months
    assert later(found - timedelta(days=1), years=0) < found


# --- What people read ----------------------------------------------------------------------------


def test_the_sentence_says_every_period_and_what_it_comes_to():
    rule = Rule(("iatf", "ai_act_logs", "customer"), 15, ENDED)
    assert retention.sentence("castings", rule) == (
        "Records of castings are kept until 31 December 2027, one calendar year after the "
        "product's life ended on 3 May 2026, and at least 6 months and 15 years after a version "
        "was last in use, whichever is longest."
    )
    only = retention.sentence("castings", Rule(("customer",), 1))
    assert only == "Records of castings are kept 1 year after a version was last in use."


# --- What may be set -----------------------------------------------------------------------------


def test_classes_are_put_in_order():
    rule = retention.check(Rule(("customer", "iatf"), 3), ENDED)
    assert rule.classes == ("iatf", "customer")


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Rule(()), "classes"),
        (Rule(("for-ever",)), "classes"),
        (Rule(("iatf", "iatf")), "classes"),
        (Rule(("customer",)), "customer_years"),
        (Rule(("customer",), 0), "customer_years"),
        (Rule(("customer",), 51), "customer_years"),
        (Rule(("iatf",), 5), "customer_years"),
        (Rule(("ai_act_logs",), None, ENDED), "life_ended_on"),
        (Rule(("iatf",), None, ENDED + timedelta(days=1)), "life_ended_on"),
        (Rule(("iatf",), None, date(1969, 12, 31)), "life_ended_on"),
    ],
)
def test_a_rule_that_says_too_little_or_too_much_is_refused(rule, field):
    with pytest.raises(Invalid) as refusal:
        retention.check(rule, ENDED)
    assert list(refusal.value.fields) == [field]


def test_every_class_says_what_it_asks_for_and_where_that_is_written():
    for one in retention.CLASSES:
        assert one.asks.endswith(".")
        assert one.source
