"""How ready a line is: what answers are worth, how they decay, and which section decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.domain import checklist
from governance.domain.checklist import Answer, State, score
from governance.domain.checklist_items import BY_SLUG, ITEMS
from registry.domain.wording import counted

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PACE, FIXED = "conveyor.pace", "camera.fixed"  # 90 days measured, 180 days attested


def said(item: str, kind: str = "measured", *, days: float = 0, holds: bool = True, **more):
    at = NOW - timedelta(days=days)
    return Answer(item, kind, holds, "As seen.", more.pop("by", "ines"), at, **more)


def one(item: str, *answers: Answer):
    standing = score(answers, NOW)
    return next(found for found in standing.items if found.item.slug == item)


def proved() -> list[Answer]:
    return [said(item) for item in BY_SLUG]


# --- The questions -------------------------------------------------------------------------------


def test_seven_dimensions_stand_in_their_order_with_two_to_five_questions():
    assert [one.title for one in ITEMS] == [
        *("Lighting envelope", "Part variance", "Conveyor dynamics", "Camera stability"),
        *("Drift monitoring", "Rollback path", "Ownership"),
    ]
    assert all(2 <= len(one.items) <= 5 for one in ITEMS)


@pytest.mark.parametrize("slug", BY_SLUG)
def test_every_question_says_what_passes_what_shows_it_and_where_its_age_comes_from(slug):
    item = BY_SLUG[slug]
    assert item.question.endswith("?")
    for text in (item.condition, item.evidence, item.reason):
        assert text.endswith(".")
    assert item.days >= 1
    assert bool(item.measured_by) != bool(item.until), "either measured, or what is missing"
    assert slug.startswith(next(one.slug for one in ITEMS if item in one.items))
    assert counted(item.days, "day") in item.decay


# --- What answers are worth ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "worth", "state"),
    [
        (0, 1, State.PROVED),
        (90, 1, State.PROVED),
        (90.01, 0.5, State.AGEING),
        (180, 0.5, State.AGEING),
        (180.01, 0, State.DECAYED),
    ],
)
def test_a_measurement_counts_in_full_then_half_then_not_at_all(days, worth, state):
    found = one(PACE, said(PACE, days=days))
    assert (found.score, found.state) == (worth, state)


@pytest.mark.parametrize(
    ("days", "worth", "state"),
    [(0, 0.5, State.ATTESTED), (180, 0.5, State.ATTESTED), (180.01, 0, State.DECAYED)],
)
def test_a_word_counts_half_then_not_at_all(days, worth, state):
    found = one(FIXED, said(FIXED, "attested", days=days))
    assert (found.score, found.state) == (worth, state)


def test_of_a_proof_that_ages_and_a_word_the_fall_is_told_of_both():
    found = one(PACE, said(PACE, days=100), said(PACE, "attested", days=1))
    assert found.score == 0.5
    assert found.falls_at == NOW - timedelta(days=1) + timedelta(days=90), "the word lasts longer"
    assert found.falls_to == 0
    assert found.words == "attested 1 day ago, decays on 17 February 2027"


def test_a_word_keeps_half_of_what_a_decayed_proof_was_worth():
    found = one(PACE, said(PACE, days=80), said(PACE, "attested", days=1))
    assert (found.score, found.falls_to) == (1, 0.5)
    assert found.words == "proved 80 days ago, decays on 30 November"


def test_a_newer_measured_no_beats_an_older_word():
    found = one(PACE, said(PACE, "attested", days=2), said(PACE, days=1, holds=False))
    assert (found.score, found.state) == (0, State.FAILS)
    assert found.words == "does not hold, measured 1 day ago"


def test_a_newer_word_beats_an_older_measured_no_with_half():
    assert one(PACE, said(PACE, "attested", days=1), said(PACE, days=2, holds=False)).score == 0.5


def test_a_newer_word_of_no_beats_an_older_proof():
    found = one(PACE, said(PACE, days=2), said(PACE, "attested", days=1, holds=False))
    assert (found.score, found.words) == (0, "does not hold, ines said 1 day ago")


def test_only_the_newest_of_a_kind_counts():
    answers = [said(PACE, days=9, holds=False), said(PACE, days=2), said(PACE, days=400)]
    assert one(PACE, *answers).score == 1


def test_a_no_does_not_get_better_with_age_and_remains_an_answer():
    found = one(PACE, said(PACE, days=900, holds=False))
    assert (found.score, found.is_answered) == (0, True)


def test_what_the_records_say_now_has_no_age_and_does_not_decay():
    found = one("ownership.owner", said("ownership.owner", is_live=True))
    assert (found.score, found.falls_at) == (1, None)
    assert found.words == "proved now, by the portal's own records"


def test_the_records_do_not_overrule_a_person_who_says_that_it_is_not_so():
    item = "ownership.owner"
    no = said(item, "attested", days=3, holds=False)
    assert one(item, no, said(item, is_live=True)).state is State.FAILS
    yes = said(item, "attested", days=1)
    assert one(item, yes, said(item, is_live=True)).score == 1
    missing = said(item, is_live=True, holds=False)
    assert one(item, yes, missing).state is State.FAILS, "but a record that is missing is missing"


def test_a_decayed_answer_is_none_and_says_when_it_was_given():
    found = one(FIXED, said(FIXED, "attested", days=200))
    assert not found.is_answered
    assert found.words == "attested 200 days ago, which is too long ago to count"


# --- Sections and the line -----------------------------------------------------------------------


def test_a_line_where_everything_is_proved_is_ready():
    standing = score(proved(), NOW)
    assert (standing.readiness, standing.unanswered) == (1, [])
    told = checklist.sentence("Line 2", standing)
    assert told == f"Line 2 is ready: all {len(BY_SLUG)} conditions are proved and fresh."


def test_a_section_is_the_sum_of_its_questions_and_the_line_its_weakest_section():
    answers = [one for one in proved() if not one.item.startswith("rollback.")]
    words = [said(one, "attested") for one in ("rollback.target", "rollback.practised")]
    standing = score([*answers, *words, said("rollback.minutes", "attested")], NOW)
    rollback = standing.weakest
    assert (rollback.slug, rollback.told, standing.readiness) == ("rollback", "1.5 of 4", 0.375)
    assert [one.item.slug for one in standing.unanswered] == ["rollback.by_hand"]
    assert checklist.sentence("Line 2", standing) == (
        "Line 2 is 0.38 ready: nobody has proved the rollback path. 1 question has no answer."
    )


def test_what_is_proved_in_part_is_called_the_weakest():
    standing = score([one for one in proved() if one.item != FIXED], NOW)
    assert checklist.sentence("Line 2", standing) == (
        "Line 2 is 0.75 ready: camera stability is the weakest, with 3 of 4 points. "
        "1 question has no answer."
    )


def test_without_any_answer_nothing_is_ready_and_everything_is_asked():
    standing = score([], NOW)
    assert (standing.readiness, len(standing.unanswered)) == (0, len(BY_SLUG))
    assert standing.next_to_decay is None


def test_what_decays_next_is_the_answer_that_ends_first():
    standing = score([said(FIXED, "attested", days=170), said("drift.worker"), said(PACE)], NOW)
    assert standing.next_to_decay.item.slug == "drift.worker"
    assert standing.next_to_decay.falls_at == NOW + timedelta(days=1)


def test_days_are_said_on_the_clocks_of_the_plant():
    late = NOW.replace(hour=23, minute=30).astimezone(ZoneInfo("Europe/Vienna"))
    found = score([said(PACE)], late).items
    pace = next(one for one in found if one.item.slug == PACE)
    assert pace.words == "proved today, decays on 18 February 2027"


def test_what_is_worth_less_than_when_it_was_signed_is_told():
    signed = score([said(PACE), said(FIXED, "attested")], NOW).scores
    later = NOW + timedelta(days=91)
    answers = [said(PACE), said(FIXED, "attested")]
    assert checklist.fallen(signed, score(answers, NOW)) == []
    assert [one.item.slug for one in checklist.fallen(signed, score(answers, later))] == [PACE]


ANSWERS = st.builds(
    said,
    st.sampled_from([PACE, FIXED, "drift.worker"]),
    st.sampled_from(["measured", "attested"]),
    days=st.integers(0, 500),
    holds=st.booleans(),
)


@given(st.lists(ANSWERS, max_size=6), st.integers(0, 600))
def test_time_alone_never_makes_a_line_readier(answers, days):
    before = score(answers, NOW).scores
    after = score(answers, NOW + timedelta(days=days)).scores
    assert all(after[item] <= before[item] for item in before)


@given(st.lists(ANSWERS, max_size=6))
def test_a_score_falls_where_it_was_said_to_fall_and_not_before(answers):
    for found in score(answers, NOW).items:
        if found.falls_at:
            slug, instant = found.item.slug, timedelta(microseconds=1)
            assert score(answers, found.falls_at).scores[slug] == found.score
            assert score(answers, found.falls_at + instant).scores[slug] == found.falls_to
