from __future__ import annotations

import json

import onnx.defs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Invalid
from registry.domain.onnx_contract import (
    ALLOWED_OPERATORS,
    CONTROL_FLOW,
    OPERATOR_ADVICE,
    Signature,
)

_TABLE = Signature("table", ("ok", "fault"), ("x",), ("shift",))


def test_a_signature_reads_back_as_it_was_written() -> None:
    assert Signature.from_json(_TABLE.as_json()) == _TABLE
    assert Signature.from_json(_TABLE.as_json().encode()) == _TABLE


@given(st.lists(st.text("abcäß☃ -", min_size=1).filter(str.strip), min_size=2, unique=True))
def test_any_readable_class_names_travel_unchanged(classes: list[str]) -> None:
    short = tuple(name[:80] for name in classes)
    if len(set(short)) == len(short) and all(name.strip() for name in short):
        signature = Signature("images", short)
        assert Signature.from_json(signature.as_json()) == signature


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"kind": "video"}, "images or table"),
        ({"kind": None}, "kind is missing"),
        ({"kind": ["images"]}, "kind is missing"),
        ({"classes": ["ok"]}, "at least two"),
        ({"classes": "ok"}, "not a list"),
        ({"classes": ["ok", 1]}, "not a list"),
        ({"classes": ["ok", "ok"]}, "twice"),
        ({"classes": ["ok", " "]}, "printable"),
        ({"classes": ["ok", "bad\n"]}, "printable"),
        ({"classes": ["ok", "b" * 81]}, "1 to 80"),
        ({"classes": [str(n) for n in range(1001)]}, "at most 1000"),
        ({"numeric": [], "categorical": []}, "at least one"),
        ({"numeric": ["x"], "categorical": ["x"]}, "twice"),
        ({"kind": "images"}, "belong to a table"),
        ({"threshold": 0.5}, "threshold is not known"),
    ],
)
def test_a_signature_of_another_shape_is_refused_with_its_reason(
    change: dict[str, object], phrase: str
) -> None:
    document = _TABLE.as_document()
    assert Signature.from_document(document) == _TABLE
    with pytest.raises(Invalid, match=phrase) as caught:
        Signature.from_json(json.dumps(document | change))
    assert caught.value.code == "signature-invalid"
    assert caught.value.message.startswith("In the signature, ")


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "x" * 600_000])
def test_text_that_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Signature.from_json(text)


def test_inputs_and_outputs_follow_from_the_signature() -> None:
    images = Signature("images", ("a", "b", "c"))
    assert [(spec.name, spec.element, spec.shape) for spec in images.inputs] == [
        ("pixels", "uint8", (None, None, None, 3))
    ]
    assert [spec.shape for spec in images.outputs] == [(None, 3), (None, None)]
    assert [(spec.name, spec.shape) for spec in _TABLE.inputs] == [
        ("numeric", (None, 1)), ("categorical", (None, 1)),
    ]  # fmt: skip
    numbers = Signature("table", ("a", "b"), ("x", "y"))
    assert [(spec.name, spec.shape) for spec in numbers.inputs] == [("numeric", (None, 2))]


def test_every_allowed_operator_exists_and_none_of_them_repeats_or_branches() -> None:
    known = {(schema.domain, schema.name) for schema in onnx.defs.get_all_schemas()}
    allowed = {(domain, name) for domain, names in ALLOWED_OPERATORS.items() for name in names}
    assert allowed <= known
    names = {name for _, name in allowed}
    assert not names & CONTROL_FLOW
    assert not names & set(OPERATOR_ADVICE)
