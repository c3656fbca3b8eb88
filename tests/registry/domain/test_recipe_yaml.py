"""Recipe text: plain YAML is read, every trick and every surprise is refused by line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.errors import Invalid, PlatformError, TooLarge
from registry.domain.recipe_yaml import MAX_BYTES, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", 1),
        ("a: -7", -7),
        ("a: 0", 0),
        ("a: 9007199254740992", 2**53),
        ("a: -9007199254740992", -(2**53)),
        ("a: 0.5", 0.5),
        ("a: -0.25", -0.25),
        ("a: 1.5e+3", 1500.0),
        ("a: 1.0.0", "1.0.0"),
        ("a: resize@1", "resize@1"),
        ("a: true", True),
        ("a: false", False),
        ("a: null", None),
        ('a: "no"', "no"),
        ("a: 'on'", "on"),
        ('a: "1e3"', "1e3"),
        ('a: "2024-01-01"', "2024-01-01"),
        ('a: ""', ""),
        ("a: |\n  two\n  lines\n", "two\nlines\n"),
        ("a: >-\n  one\n  line\n", "one line"),
        ("a: plain words over\n  two lines", "plain words over two lines"),
        ("a: [1, [2, x], {b: 3}]", [1, [2, "x"], {"b": 3}]),
        ("a: {b: {c: d}}", {"b": {"c": "d"}}),
        ("a: []", []),
        ("a: {}", {}),
        ("a: Grün", "Grün"),
        ("a: 3 plants", "3 plants"),
        ("a: 1 # one", 1),
        ("---\na: 1\n...\n", 1),
    ],
)
def test_plain_values_keep_their_type(text: str, value: Any) -> None:
    read = parse_yaml(text)["a"]
    assert read == value
    assert type(read) is type(value)


def test_bytes_and_text_are_read_alike() -> None:
    assert parse_yaml("a: Grün".encode()) == parse_yaml("a: Grün")
    assert parse_yaml(b"\xef\xbb\xbfa: 1") == {"a": 1}  # a byte-order mark


SURPRISES = [
    *("no", "No", "NO", "yes", "on", "Off", "y", "N", "True", "TRUE", "False"),
    *("1e3", "1.0e3", "1E-3", "1.", ".5", "+5", "-.5", "1_000", "017", "-017", "0o17", "0x1F"),
    *("0b101", "1:30", "190:20:30", "1:30.5"),
    *("2024-01-01", "2024-01-01 10:00:00", "2001-12-14t21:59:43.10-05:00"),
    *("~", "", "Null", "NULL", ".inf", "-.INF", ".nan", ".NaN", "=", "<<"),
    *("9007199254740993", "-9007199254740993", "9" * 400, "1.0e+999"),
]


@pytest.mark.parametrize("text", SURPRISES)
def test_a_surprise_is_refused_with_its_place_and_can_be_quoted(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_yaml(f"name: x\ntrain:\n  seed: {text}\n")
    assert caught.value.code == "bad-yaml"
    assert caught.value.message.startswith("Line 3, column ")
    assert caught.value.fields == {"document": [caught.value.message]}
    assert parse_yaml(f'a: "{text}"') == {"a": text}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "name: no",
            'take no for true or false, some for text; write "no" in quotes for the text, or true',
        ),
        (
            "a: 1e3",
            'the number 1e3; write plain decimal digits such as 1000 or 0.5, or "1e3" in quotes',
        ),
        ("a: 2024-01-01", 'takes 2024-01-01 for a date; write "2024-01-01" in quotes'),
        ("a: .inf", "not a finite number"),
        ("a: 1.0e+999", "too large for a number"),
        ("a: 99999999999999999999", "more digits than JSON can carry"),
        ("a:\nb: 1", "the value is empty; write it, or null, or leave the key out"),
        ("a: =", "a meaning of its own"),
        ("a: &x 1", "the anchor &x; write values out"),
        ("a: &x [1]\nb: *x", "the anchor &x"),
        ("a: *x", "the alias *x; write the value out"),
        ("<<: {a: 1}", "the merge key <<; write the values out"),
        ("a: !!python/object/apply:os.system [id]", "the tag tag:yaml.org,2002:python/object/"),
        ("a: !!str 1", "the tag tag:yaml.org,2002:str; only plain values are read"),
        ("a: !own 1", "the tag !own"),
        ("!!map {a: 1}", "the tag"),
        ("a: 1\nb: 2\na: 3", "Line 3, column 1: the key 'a' stands twice"),
        ('a: {b: 1, "b": 2}', "the key 'b' stands twice"),
        ("1: a", "the key 1 is not text"),
        ("null: a", "the key null is not text"),
        ("true: a", "the key true is not text"),
        ("yes: a", "some YAML readers take yes"),
        ("? [a]\n: b", "a list or mapping stands as a key"),
        ("a: {{ x }}", "{{ }} is never filled in"),
        ("a: 1\n---\nb: 2", "Line 2, column 1: a second document begins"),
        ("%YAML 1.1\n---\na: 1", "a % directive"),
        ("%TAG ! tag:x,2000:\n---\na: 1", "a % directive"),
        ("a: 'x", "Line 1, column 6: this is not YAML (while scanning a quoted scalar"),
        ("a: b: c", "this is not YAML (mapping values are not allowed here)"),
        ("\ta: 1", "cannot start any token"),
        ("a: \x00", "Character 4 (U+0000) is not allowed in YAML"),
        (b"a: \xff", "Byte 4 is not UTF-8: save it as UTF-8 text"),
        ("a: 1".encode("utf-16"), "Byte 1 is not UTF-8"),
        ("a: \ud800", "Byte 4 is not UTF-8"),
        ('a: "\\ud800"', "half a character"),
        ('a: "\\UFFFFFFFF"', "a character that does not exist"),
        ('a: "\\U00110000"', "a character that does not exist"),
        ("", "must be a mapping"),
        ("# only a comment", "must be a mapping"),
        ("- a\n- b", "must be a mapping"),
        ("just text", "must be a mapping"),
        ("[" * 100_000, "nested deeper than 12 levels"),
        ("a: " + "{b: " * 50, "nested deeper than 12 levels"),
        ("\n".join(f"k{number}: 1" for number in range(9000)), "more than 5000 values"),
    ],
)
def test_tricks_are_refused_in_words(text: str | bytes, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_yaml(text)
    assert words in caught.value.message


def test_a_billion_laughs_ends_at_the_first_anchor() -> None:
    rows = ["a: &a [lol, lol]"]
    rows += [
        f"{now}: &{now} [*{before}, *{before}]"
        for before, now in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(Invalid, match="Line 1, column 4: the anchor &a"):
        parse_yaml("\n".join(rows))


@pytest.mark.parametrize("text", ["a: " + "x" * 10_000_000, b"\xff" * (MAX_BYTES + 1)])
def test_a_huge_file_is_refused_before_it_is_read(text: str | bytes) -> None:
    with pytest.raises(TooLarge, match="at most 262144 are read"):
        parse_yaml(text)


def test_the_largest_file_is_still_read() -> None:
    text = "a: " + "x" * (MAX_BYTES - 3)
    assert len(parse_yaml(text)["a"]) == MAX_BYTES - 3


def test_sentences_stay_short_whatever_the_input() -> None:
    for text in (
        "a: &" + "x" * 100_000 + " 1",
        "a: !" + "x" * 100_000 + " 1",
        "a: " + "0" * 100_000,
    ):
        with pytest.raises(Invalid) as caught:
            parse_yaml(text)
        assert len(caught.value.message) < 300


def read(text: str | bytes) -> object:
    """The document, or the sentence that refused it; any other error fails the test."""
    try:
        return parse_yaml(text)
    except PlatformError as refusal:
        return refusal.message


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_any_text_is_read_or_refused_in_words(text: str | bytes) -> None:
    assert isinstance(read(text), dict | str)


_PIECES = [*"ab01:.-[]{},&*!|>'\"%@#?~ \n=<", "no", "\\u", "---\n", "a: ", "- "]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_any_yaml_like_text_is_read_or_refused_in_words(text: str) -> None:
    assert isinstance(read(text), dict | str)
