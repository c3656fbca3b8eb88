"""Version numbers: strict, ordered, and raised by what changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Invalid
from registry.domain.lineage import Part, SemVer, next_version


@pytest.mark.parametrize("text", ["0.0.0", "1.0.0", "1.10.0", "999999.999999.999999"])
def test_three_numbers_are_read_and_written_back(text: str) -> None:
    assert str(SemVer.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.0", "not of the form X.Y.Z"),
        ("", "not of the form"),
        ("1.0.0.0", "not of the form"),
        ("1.0.0\n", "not of the form"),
        ("-1.0.0", "not of the form"),
        ("1.0.1000000", "at most six digits"),
        ("\u0661.0.0", "not of the form"),
        ("v1.0.0", "starts with v: write the numbers alone, such as '1.0.0'"),
        ("1.0.0-rc1", "has a suffix"),
        ("1.0.0+build", "has a suffix"),
        ("01.0.0", "leading zero"),
        ("1.00.0", "leading zero"),
        (1.0, "is not text"),
        (None, "is not text"),
        ("9" * 10_000, "not of the form"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text: object, words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        SemVer.parse(text)
    assert caught.value.code == "bad-version"
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    ("part", "bumped"), [("major", "2.0.0"), ("minor", "1.5.0"), ("patch", "1.4.3")]
)
def test_a_bump_restarts_the_lower_parts(part: Part, bumped: str) -> None:
    assert str(SemVer.parse("1.4.2").bump(part)) == bumped


@pytest.mark.parametrize(
    ("classes", "recipe", "expected"),
    [
        (True, True, "2.0.0"),
        (True, False, "2.0.0"),
        (False, True, "1.5.0"),
        (False, False, "1.4.3"),
    ],
)
def test_the_next_version_follows_from_what_changed(
    classes: bool, recipe: bool, expected: str
) -> None:
    assert (
        next_version("1.4.2", classes_changed=classes, recipe_or_parent_changed=recipe) == expected
    )
    assert next_version(None, classes_changed=classes, recipe_or_parent_changed=recipe) == "1.0.0"


def test_a_malformed_previous_version_is_refused() -> None:
    with pytest.raises(Invalid):
        next_version("latest", classes_changed=False, recipe_or_parent_changed=False)


_NUMBERS = st.integers(0, 999_998)


@given(_NUMBERS, _NUMBERS, _NUMBERS, st.sampled_from(["major", "minor", "patch"]))
def test_a_bump_is_always_greater_and_reads_back(
    major: int, minor: int, patch: int, part: Part
) -> None:
    before = SemVer(major, minor, patch)
    after = before.bump(part)
    assert after > before
    assert SemVer.parse(str(after)) == after
