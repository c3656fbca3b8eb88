"""Which bytes may go: nothing with a running clock, nothing in use, no parent of what is kept."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.purging import HOLDS, Stored, judge, reasons
from registry.domain.retention import BY_NAME, Rule, Until, Use, keep_until

TODAY = date(2030, 6, 1)
OVER = Until(date(2029, 12, 31), "the product's life ended on 3 May 2028")
ENDLESS = Until(None, "no retention rule is set")
LATER = Until(date(2030, 6, 1), "15 years from 1 June 2015")


def one(name: str, until: Until = OVER, stage: str = "retired", **facts) -> Stored:
    return Stored(name, facts.pop("artifact", f"bytes-{name}"), stage, until, **facts)


def said(*stored: Stored, purged: tuple[str, ...] = ()) -> dict[str, str | None]:
    return {found.artifact[6:]: found.holds for found in judge(stored, TODAY, purged)}


def test_retired_bytes_may_go_the_day_after_their_longest_clock():
    (found,) = judge([one("a")], TODAY)
    assert found.may_go
    assert (found.kept_until, found.because) == (OVER.day, OVER.because)
    assert said(one("a", LATER)) == {"a": "clock"}


def test_each_hold_keeps_and_says_so():
    cases = {
        "it is approved, not retired": one("a", stage="approved"),
        "a release of it is open": one("b", needs=["a release of it is open"]),
        "no retention rule is set": one("c", ENDLESS),
        "kept until 1 June 2030: 15 years from 1 June 2015": one("d", LATER),
    }
    for because, stored in cases.items():
        (found,) = judge([stored], TODAY)
        assert (found.may_go, found.because, found.kept_until) == (False, because, None)


def test_bytes_that_a_kept_version_shares_are_kept():
    shared = [one("a", artifact="bytes-x"), one("b", stage="candidate", artifact="bytes-x")]
    (found,) = judge(shared, TODAY)
    assert (found.holds, found.versions) == ("stage", ("a", "b"))
    assert said(*shared[:1]) == {"x": None}


def test_a_kept_child_keeps_its_parents_up_to_the_first():
    line = [one("a"), one("b", parent="a"), one("c", ENDLESS, parent="b")]
    assert said(*line) == {"a": "child", "b": "child", "c": "running"}
    assert said(line[0], line[1], one("c", parent="b")) == dict.fromkeys("abc")
    # What was purged before keeps nothing any more.
    assert said(*line[:2], one("c", parent="b"), purged=("bytes-c",)) == {"a": None, "b": None}


def test_the_reasons_are_counted_with_an_example_of_each():
    found = judge([one("a", ENDLESS), one("b", ENDLESS), one("c"), one("d", LATER)], TODAY)
    assert [(reason.hold, reason.count) for reason in reasons(found)] == [
        ("running", 2),
        ("clock", 1),
    ]
    assert reasons(found)[0].example == "no retention rule is set"


# --- Over combinations ---------------------------------------------------------------------------
DAYS = st.none() | st.dates(date(2010, 1, 1), date(2035, 1, 1))
RULES = st.none() | st.builds(
    Rule,
    classes=st.sets(st.sampled_from(sorted(BY_NAME))).map(tuple),
    customer_years=st.integers(1, 5),
    life_ended_on=DAYS,
    set_on=DAYS,
)
USES = st.builds(Use, is_in_use=st.booleans(), last_used_on=DAYS, retired_on=DAYS)


@st.composite
def fleets(draw: st.DrawFn) -> list[tuple[Stored, Rule | None, Use]]:
    """Versions of several families, each made from an earlier one or none, some sharing bytes."""
    found: list[tuple[Stored, Rule | None, Use]] = []
    for number in range(draw(st.integers(1, 8))):
        rule, use = draw(RULES), draw(USES)
        stored = Stored(
            version=str(number),
            artifact=f"bytes-{draw(st.integers(0, 7))}",
            stage=draw(st.sampled_from(["retired", "retired", "retired", "approved", "draft"])),
            until=keep_until(rule, use),
            parent=draw(st.sampled_from(["", *(one.version for one, _, _ in found)])),
            needs=draw(st.sampled_from([(), (), ("a job that has not ended needs it",)])),
        )
        found.append((stored, rule, use))
    return found


@settings(max_examples=60, deadline=None)
@given(fleet=fleets(), today=st.dates(date(2015, 1, 1), date(2050, 1, 1)))
def test_nothing_with_a_running_clock_is_ever_purged(fleet, today):
    """And nothing in use, not retired, needed, shared with such, or the parent of what is kept."""
    rows = [stored for stored, _, _ in fleet]
    found = {one.artifact: one for one in judge(rows, today)}
    assert set(found) == {one.artifact for one in rows}
    for stored, rule, use in fleet:
        verdict = found[stored.artifact]
        if not verdict.may_go:
            assert verdict.holds in HOLDS
            assert verdict.because
            continue
        assert rule is not None
        assert not use.is_in_use
        assert stored.stage == "retired"
        assert not stored.needs
        for name in rule.classes:
            clock = keep_until(Rule((name,), rule.customer_years, rule.life_ended_on), use)
            assert clock.day is not None
            assert clock.day < today
        children = [child for child in rows if child.parent == stored.version]
        assert all(found[child.artifact].may_go for child in children)


@settings(max_examples=60, deadline=None)
@given(fleet=fleets(), today=st.dates(date(2015, 1, 1), date(2050, 1, 1)))
def test_nothing_is_kept_without_a_hold_of_its_own_or_below_it(fleet, today):
    rows = [stored for stored, _, _ in fleet]
    found = {one.artifact: one for one in judge(rows, today)}
    for verdict in found.values():
        if verdict.holds == "child":
            below = [one for one in rows if one.parent in verdict.versions]
            assert any(not found[one.artifact].may_go for one in below)
