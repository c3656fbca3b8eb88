from __future__ import annotations

import pytest

from registry.domain import submissions as rules
from registry.domain.errors import Invalid
from registry.domain.onnx_contract import Signature

FREE = rules.FamilyRules("surface", "images", (), True, {})
TABLE = rules.FamilyRules("torque", "table", ("ok", "nok"), False, {})
WITH_COLUMNS = rules.FamilyRules("torque", "table", ("ok", "nok"), False, {"numeric": ["x", "y"]})
PARENT = {"kind": "table", "classes": ["ok", "nok"], "numeric": ["z"], "categorical": ["tool"]}


def test_stated_classes_come_before_the_parents_and_those_before_the_familys():
    stated = rules.Stated("images", ("a", "b"))
    parent = {"kind": "images", "classes": ["c", "d"]}
    family = rules.FamilyRules("surface", "images", ("e", "f"), True, {})
    nothing = rules.Stated("images")
    assert rules.signature_of(stated, family, parent)["classes"] == ["a", "b"]
    assert rules.signature_of(nothing, family, parent)["classes"] == ["c", "d"]
    assert rules.signature_of(nothing, family, None)["classes"] == ["e", "f"]
    with pytest.raises(Invalid, match="none are stated"):
        rules.signature_of(nothing, FREE, None)


def test_columns_come_from_words_family_or_parent_and_else_from_the_file():
    nothing = rules.Stated("table")
    said = rules.Stated("table", (), ("a",), ("b",))
    assert rules.signature_of(said, WITH_COLUMNS, PARENT)["numeric"] == ["a"]
    assert rules.signature_of(nothing, WITH_COLUMNS, PARENT)["numeric"] == ["x", "y"]
    assert rules.signature_of(nothing, TABLE, PARENT)["categorical"] == ["tool"]
    unknown = rules.signature_of(nothing, TABLE, None)
    assert unknown == {"kind": "table", "classes": ["ok", "nok"]}
    assert rules.expected(unknown) is None
    known = rules.signature_of(nothing, WITH_COLUMNS, None)
    assert rules.expected(known) == Signature("table", ("ok", "nok"), ("x", "y"))


@pytest.mark.parametrize("name", ["castings", "a.b_c-1", "0"])
def test_a_data_sets_name_is_written_as_in_orders(name):
    assert rules.check_dataset(name) == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a/b", "a" * 65, "a b"])
def test_other_names_are_refused(name):
    with pytest.raises(Invalid) as refusal:
        rules.check_dataset(name)
    assert list(refusal.value.fields) == ["dataset"]


@pytest.mark.parametrize("commit", ["0a1b2c3", "f" * 64, "notebook of May", "v1.2-rc"])
def test_a_commit_is_a_digest_or_a_name(commit):
    assert rules.check_commit(f" {commit} ") == commit


def test_a_file_name_has_no_folders_and_no_control_characters():
    assert rules.check_file_name("/home/ines/model.onnx") == "model.onnx"
    assert rules.check_file_name("C:\\x\\model.onnx") == "model.onnx"
    assert len(rules.check_file_name("m" * 999)) == 200
    with pytest.raises(Invalid, match="control characters"):
        rules.check_file_name("a\x1b[31m.onnx")


@pytest.mark.parametrize("value", [-0.01, 1.01, "0.9", None, float("inf"), True])
def test_a_claim_is_a_share(value):
    with pytest.raises(Invalid, match="no share"):
        rules.check_claims({"accuracy": value})
    assert rules.check_claims({"accuracy": 1, "auc": 0.5}) == {"accuracy": 1.0, "auc": 0.5}
