"""The way back: backwards only, and never to what a rollback took away."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from plants.domain.rollback_path import Decided, ways_back


def release(number: int, version: int | None = None) -> Decided:
    return Decided(UUID(int=number), UUID(int=version or number))


def restored(number: int, of: Decided) -> Decided:
    return Decided(UUID(int=number), of.version, back_to=of.id)


def fallback(number: int) -> Decided:
    return Decided(UUID(int=number), None)


A, B, C = release(1), release(2), release(3)


def test_where_nothing_came_before_there_is_no_way_back():
    assert ways_back([]) == []
    assert ways_back([A]) == []
    assert ways_back([fallback(9)]) == []


def test_the_newest_before_comes_first():
    assert ways_back([A, B, C]) == [B, A]


def test_the_same_version_released_twice_is_no_way_back():
    assert ways_back([A, release(2, version=1)]) == []
    assert ways_back([B, A, release(3, version=1)]) == [B]


def test_what_a_fallback_took_the_place_of_does_not_return_by_a_rollback():
    assert ways_back([A, B, fallback(9)]) == [A]
    assert ways_back([A, B, fallback(8), fallback(9)]) == [A]
    assert ways_back([A, B, release(4, version=2), fallback(9)]) == [A]
    assert ways_back([A, fallback(9)]) == []


def test_going_back_again_goes_further_back():
    assert ways_back([A, B, C, restored(9, B)]) == [A]
    assert ways_back([A, B, C, restored(8, B), restored(9, A)]) == []


def test_what_was_left_out_on_the_way_is_gone_too():
    assert ways_back([A, B, C, restored(8, A), release(4)]) == [A]


def test_a_release_makes_a_version_good_again():
    again = release(9, version=2)
    assert ways_back([A, B, fallback(8), again, C]) == [again, A]


@given(st.lists(st.sampled_from(["release", "fallback", "back"]), max_size=14), st.data())
def test_no_rollback_meets_a_version_twice_without_a_release_between(steps, data):
    """Whoever only rolls back ends, after fewer steps than there were releases."""
    history: list[Decided] = []
    for number, step in enumerate(steps, 1):
        ways = ways_back(history)
        if step == "release":
            history.append(release(number, version=data.draw(st.integers(101, 104))))
        elif step == "fallback":
            history.append(fallback(number))
        elif ways:
            history.append(restored(number, ways[0]))
    seen = {history[-1].version} if history else set()
    for number in range(100, 120):
        ways = ways_back(history)
        assert not {one.version for one in ways} & {history[-1].version if history else None}
        assert all(one.back_to is None and one.version for one in ways)
        if not ways:
            break
        history.append(restored(number, ways[0]))
        assert history[-1].version not in seen
        seen.add(history[-1].version)
    assert ways_back(history) == []
