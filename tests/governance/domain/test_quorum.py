"""Persons are counted, not votes: one seat each, the latest word, none who made or asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from governance.domain.quorum import SEATS, Vote, count

THREE = {"quality": 1, "process": 1, "data_science": 1}
PEOPLE = ("ada", "ben", "cid", "dee")
VOTES = st.lists(
    st.builds(
        Vote,
        person=st.sampled_from(PEOPLE),
        seat=st.sampled_from(SEATS),
        verdict=st.sampled_from(("approve", "decline")),
        is_fresh=st.booleans(),
    ),
    max_size=12,
)


def approving(*pairs: tuple[str, str]) -> list[Vote]:
    return [Vote(person, seat, "approve") for person, seat in pairs]


def test_three_people_in_three_seats_are_a_quorum():
    votes = approving(("ada", "quality"), ("ben", "process"), ("cid", "data_science"))
    found = count(THREE, votes, ())
    assert found.is_met
    assert [seat.approved_by for seat in found.seats] == [("ada",), ("ben",), ("cid",)]


def test_who_made_or_asked_is_not_counted_even_where_a_word_is_on_record():
    votes = approving(("ada", "quality"), ("ben", "process"), ("cid", "data_science"))
    found = count(THREE, votes, {"ben"})
    assert not found.is_met
    assert [seat.missing for seat in found.seats] == [0, 1, 0]


def test_one_person_fills_one_seat_however_often_they_agree():
    votes = approving(("ada", "quality"), ("ada", "quality"), ("ada", "quality"))
    assert [seat.missing for seat in count({"quality": 2}, votes, ()).seats] == [1]


def test_a_stale_word_is_named_and_fills_nothing():
    found = count({"quality": 1}, [Vote("ada", "quality", "approve", is_fresh=False)], ())
    assert (found.is_met, found.stale) == (False, ("ada",))


def test_one_who_declines_is_enough_until_they_think_better_of_it():
    votes = approving(("ada", "quality"), ("ben", "quality"))
    against = [*votes, Vote("ben", "quality", "decline")]
    assert not count({"quality": 1}, against, ()).is_met
    assert count({"quality": 1}, [*against, *approving(("ben", "quality"))], ()).is_met


@given(VOTES, st.sets(st.sampled_from(PEOPLE)), st.integers(1, 3))
def test_no_votes_make_a_quorum_of_fewer_people_than_are_asked(votes, excluded, asked):
    found = count({"quality": asked, "process": 1}, votes, excluded)
    seated = [person for seat in found.seats for person in seat.approved_by]
    assert len(seated) == len(set(seated)), "nobody sits twice"
    assert not excluded & set(seated)
    if found.is_met:
        assert len(seated) >= asked + 1
        assert {vote.person for vote in votes if vote.verdict == "approve"} >= set(seated)
