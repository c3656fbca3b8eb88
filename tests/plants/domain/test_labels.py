from __future__ import annotations

import pytest

from plants.domain.dataset_contract import parse
from plants.domain.labels import Labelled, assign
from registry.domain.errors import Invalid


def _assign(texts: list[str], contract: str = "") -> Labelled:
    declared = parse(f"name: parts\nkind: images\nlabels: a.csv\n{contract}")
    return assign(texts, range(2, len(texts) + 2), declared)


def test_labels_are_the_classes_in_alphabetical_order_unless_declared():
    texts = ["ok", "dent", "ok", "dent", "ok", "dent"]
    assert _assign(texts).classes == ("dent", "ok")
    declared = _assign(texts, "classes: [ok, dent]\n")
    assert declared.classes == ("ok", "dent")
    assert declared.codes.tolist() == [0, 1, 0, 1, 0, 1]


def test_numbers_work_as_labels_however_they_were_written():
    labelled = _assign(["0", "1.0", "0.0", "1", "0", "1.00"], "classes: {0: ok, 1: defect}\n")
    assert labelled.classes == ("ok", "defect")
    assert labelled.codes.tolist() == [0, 1, 0, 1, 0, 1]


def test_truth_works_as_a_label_in_any_case():
    texts = ["True", "false", "TRUE", "False", "true", "false"]
    assert _assign(texts, "classes: [false, true]\n").codes.tolist() == [1, 0, 1, 0, 1, 0]


def test_ignored_labels_leave_their_rows_out_by_value_or_by_class():
    texts = ["0", "0.3333", "1", "0", "1", "1", "0", "9"]
    labelled = _assign(texts, "classes: {0: ok, 1: bad, 9: odd}\nignore: [0.3333, odd]\n")
    assert labelled.kept.tolist() == [0, 2, 3, 4, 5, 6]
    assert labelled.used == {"0.3333", "odd"}
    assert labelled.warnings == ()


def test_an_undeclared_label_is_refused_with_its_line_and_the_allowed_ones():
    texts = ["ok", "dent", "ok", "dant", "ok", "dent", "dent"]
    with pytest.raises(Invalid) as refusal:
        _assign(texts, "classes: [ok, dent]\n")
    assert str(refusal.value) == (
        "The label 'dant' on line 5 is not one of 'ok', 'dent' (1 rows have such labels): "
        "did you mean 'dent'?"
    )
    assert refusal.value.code == "label-unknown"


@pytest.mark.parametrize("blank", ["", "  ", "NaN", "#N/A"])
def test_rows_without_a_label_are_refused_or_left_out_on_request(blank: str):
    texts = ["a", "b", blank, "a", "b", "a", "b"]
    with pytest.raises(Invalid, match="1 rows have no label, the first on line 4"):
        _assign(texts)
    assert _assign(texts, 'ignore: [""]\n').kept.tolist() == [0, 1, 3, 4, 5, 6]


def test_none_and_dash_are_labels_a_plant_may_use():
    assert _assign(["none", "-", "none", "-", "none", "-"]).classes == ("-", "none")


def test_a_class_of_too_few_rows_is_refused_with_the_way_out():
    with pytest.raises(Invalid, match=r"'rare' has 2 rows but 3.*`ignore: \[rare\]`") as refusal:
        _assign(["a"] * 5 + ["b"] * 5 + ["rare"] * 2)
    assert refusal.value.code == "class-too-small"


@pytest.mark.parametrize(
    ("texts", "contract", "sentence"),
    [
        (["a"] * 9, "", "at least two classes"),
        (["a"] * 9, "ignore: [a]\n", "No row is left"),
        ([str(number / 7) for number in range(999)], "", "999 different values"),
        (["a", "b\x07"] * 5, "", "printable"),
        (["a", "b" * 90] * 5, "", "80 printable"),
    ],
)
def test_labels_that_cannot_be_classes_are_refused(texts, contract, sentence):
    with pytest.raises(Invalid, match=sentence):
        _assign(texts, contract)


def test_a_declared_class_without_rows_is_left_out_with_a_warning():
    labelled = _assign(["a", "b"] * 4, "classes: [a, b, c]\n")
    assert labelled.classes == ("a", "b")
    assert labelled.warnings == ("No row carries the declared 'c', so the model will not know it.",)
