"""The section of leakage: what a plant may write of it, what is refused, and what it says."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import leakage_section, leakage_words, manifests
from registry.domain.errors import Invalid
from registry.domain.leakage_section import Pairs, Rule, strength
from tests.governance.domain.gate_cast import trained

CLASSES = {"good": 100, "scratch": 100, "pit": 100}
PNG = Rule("file type", 1, 70, 0, "PNG")


def section(kind: str = "images", **found: Any) -> dict[str, Any]:
    document = trained(kind, **found)
    manifests.validate(document)
    return dict(document["leakage"])


# --- Writing it ----------------------------------------------------------------------------------
def test_a_manifest_without_the_section_stays_valid():
    document = trained()
    del document["leakage"]
    manifests.validate(document)
    with pytest.raises(Invalid, match="leakage"):
        manifests.validate({**document, "leakage": {}})


def test_counts_of_five_and_more_are_shown():
    found = section(copies=Pairs(9, 0), near=Pairs(20, 7), groups=6, rules=[PNG])
    assert found["copies"] == {"pairs": {"count": 9}, "across": {"count": 0}}
    assert found["near"] == {"pairs": {"count": 20}, "across": {"count": 7}}
    assert found["groups"] == {"count": 6}
    assert found["giveaways"] == [
        {
            "feature": "file type",
            "value": "PNG",
            "class": "scratch",
            "of_class": {"count": 70, "hidden": ""},
            "of_others": {"count": 0, "hidden": ""},
        }
    ]


@pytest.mark.parametrize(
    ("pairs", "shown"),
    [
        (Pairs(4, 0), (None, 0)),
        (Pairs(9, 3), (9, None)),
        (Pairs(9, 6), (9, None)),  # or the three within would follow
        (Pairs(9, 9), (9, 9)),
    ],
)
def test_small_counts_of_pairs_are_hidden_and_what_gives_them_away(pairs, shown):
    both = section(near=pairs)["near"]
    assert (both["pairs"]["count"], both["across"]["count"]) == shown


def test_pairs_of_hidden_copies_are_hidden_because_they_would_count_them():
    document = trained(near=Pairs(0, 0))
    document["copies"] = {"count": None, "suppressed": True}
    found = leakage_section.Found(copies=Pairs(10, 10), near=None, groups=None, rules=())
    both = leakage_section.build(found, document)["copies"]
    assert both == {"pairs": {"count": None}, "across": {"count": None}}
    assert leakage_section.copies_in_all({"copies": both}) == (1, 10)
    assert leakage_section.pairs_across({"copies": both, "near": None}) == (1, 10)


@pytest.mark.parametrize(
    ("count", "written", "ends"),
    [(3, "few", (1, 4)), (97, "most", (96, 99)), (50, "", (50, 50)), (100, "", (100, 100))],
)
def test_small_counts_of_rows_are_hidden_on_either_side(count, written, ends):
    (rule,) = section(rules=[Rule("file type", 0, count, 0, "PNG")])["giveaways"]
    assert rule["of_class"]["hidden"] == written
    assert leakage_section.rows_told(rule["of_class"], 100) == ends


def test_nothing_is_told_of_a_hidden_class():
    document = trained()
    document["classes"][1] |= {"rows": None, "suppressed": True}
    found = leakage_section.Found(Pairs(0, 0), None, None, [PNG, Rule("width", 0, 80, 10)])
    told = leakage_section.build(found, document)["giveaways"]
    assert [one["feature"] for one in told] == ["width"]


@given(st.integers(0, 100), st.integers(0, 200))
def test_the_truth_lies_between_the_ends_that_are_told(own, others):
    (rule,) = section(rules=[Rule("width", 0, own, others)])["giveaways"]
    low, high = strength(rule, CLASSES, 300)
    assert low - 1e-9 <= own / 100 - others / 200 <= high + 1e-9
    assert high - low < 0.05 + 1e-9


# --- Refusing it ---------------------------------------------------------------------------------
WHOLE = {"copies": Pairs(9, 0), "near": Pairs(20, 7), "groups": 6, "rules": [PNG]}


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("leakage", [], "leakage is"),
        ("leakage", {}, "leakage.method is missing"),
        ("leakage.method", "dhash64-9", "leakage.method is"),
        ("leakage.passed", True, "leakage.passed is not known"),
        ("leakage.files", ["a.png"], "leakage.files is not known"),
        ("leakage.copies", None, "leakage.copies is"),
        ("leakage.copies.pairs", 9, "leakage.copies.pairs is"),
        ("leakage.copies.pairs.count", -1, "must be at least 0"),
        ("leakage.copies.pairs.count", 8, "does not fit the manifest's copies"),
        ("leakage.copies.pairs.count", None, "does not fit the manifest's copies"),
        ("leakage.copies.pairs.count", 0, "does not fit the manifest's copies"),
        ("leakage.copies.pairs.count", 2**60, "must be at most"),
        ("leakage.copies.pairs.count", 44_851, "more pairs than the rows have"),
        ("leakage.copies.across.count", 3, "below 5"),
        ("leakage.near.across.count", 21, "more pairs than there are"),
        ("leakage.near.across.count", 17, "gives one away"),
        ("leakage.near.pairs.count", 0, "more pairs than there are"),
        ("leakage.near.pairs.count", None, "is shown although"),
        ("leakage.near", {"pairs": {"count": 0}, "across": {"count": None}}, "there is no pair"),
        ("leakage.groups.count", 2, "below 5"),
        ("leakage.groups.count", 301, "more groups than there are"),
        ("leakage.giveaways.0.feature", "camera", "does not describe"),
        ("leakage.giveaways.0.value", "GIF", "does not tell"),
        ("leakage.giveaways.0.value", "graz-7.png", "does not tell"),
        ("leakage.giveaways.0.class", "dent", "does not count"),
        ("leakage.giveaways.0.of_class.count", 101, "counts 101 of 100 rows"),
        ("leakage.giveaways.0.of_class.count", 3, "below 5"),
        ("leakage.giveaways.0.of_class.count", 98, "below 5"),
        ("leakage.giveaways.0.of_class.count", None, "of_class is"),
        ("leakage.giveaways.0.of_others", {"count": 5, "hidden": "few"}, "of_others is"),
        ("leakage.giveaways.0.of_others.count", 201, "counts 201 of 200 rows"),
    ],
)
def test_a_section_that_says_more_or_contradicts_itself_is_refused(path, value, sentence):
    document = copy.deepcopy(trained(**WHOLE))
    manifests.validate(document)
    *parents, key = path.split(".")
    target: Any = document
    for parent in parents:
        target = target[int(parent)] if parent.isdigit() else target[parent]
    target[key] = value
    with pytest.raises(Invalid, match=sentence) as refusal:
        manifests.validate(document)
    assert refusal.value.code == "bad-manifest"


@pytest.mark.parametrize(
    ("feature", "value", "is_fine"),
    [
        ("image size", "200x200", True),
        ("image size", "200", False),
        ("image size", "٣x4", False),
        ("image size", "200x200.png", False),
        ("file type", "", False),
        ("brightness", "", True),
        ("brightness", "180", False),
    ],
)
def test_the_value_of_a_rule_comes_from_a_closed_vocabulary(feature, value, is_fine):
    document = trained(rules=[PNG])
    document["leakage"]["giveaways"][0] |= {"feature": feature, "value": value}
    if is_fine:
        return manifests.validate(document)
    with pytest.raises(Invalid):
        manifests.validate(document)
    return None


def test_a_table_speaks_of_its_own_columns_only_and_of_no_pictures():
    document = trained("table", rules=[Rule("torque", 0, 80, 10)])
    manifests.validate(document)
    for change in ({"feature": "file type", "value": "PNG"}, {"value": "9 Nm"}):
        other = copy.deepcopy(document)
        other["leakage"]["giveaways"][0] |= change
        with pytest.raises(Invalid):
            manifests.validate(other)
    document["leakage"]["near"] = {"pairs": {"count": 0}, "across": {"count": 0}}
    with pytest.raises(Invalid, match="about images, and these are none"):
        manifests.validate(document)


def test_one_property_has_one_rule():
    document = trained(rules=[PNG, PNG])
    with pytest.raises(Invalid, match="file type a second time"):
        manifests.validate(document)
    wide = trained("table", rules=[Rule("torque", 0, 80, 10)] * 25)
    assert len(wide["leakage"]["giveaways"]) == leakage_section.MAX_GIVEAWAYS


def test_a_rule_about_a_hidden_class_is_refused():
    document = trained(rules=[PNG])
    for place in (1, 2):
        document["classes"][place] |= {"rows": None, "suppressed": True}
    with pytest.raises(Invalid, match="does not count"):
        manifests.validate(document)


# --- Saying it -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({}, "Nothing that was found is on both sides of the split."),
        ({"copies": Pairs(9, 0)}, "Nothing that was found is on both sides of the split."),
        ({"near": Pairs(9, 2)}, "Some of what is held out was learned from as well, so it is"),
        ({"groups": 3}, "Some of what is held out was learned from as well, so it is"),
        ({"rules": [PNG]}, "The file type alone tells most of scratch from the others."),
        ({"rules": [Rule("contrast", 0, 100, 0)]}, "Nothing that was found is on both sides"),
        ({"near": None}, "There are too many images to look for those that show nearly the same."),
    ],
)
def test_the_answer_comes_first(found, sentence):
    assert leakage_words.summed_up(trained(**found)).startswith(sentence)


def test_each_finding_is_a_sentence():
    assert leakage_words.told(trained(**{**WHOLE, "copies": Pairs(9, 9), "near": Pairs(3, 0)})) == [
        "9 pairs of identical images, all of them with one of the two in the hold-out.",
        "A few pairs of images that show nearly the same, all kept on one side of the split.",
        "6 groups are on both sides of the split.",
        "scratch: 70 of 100 images are PNG, of the other classes none.",
    ]
    rules = [Rule("torque", 2, 97, 3), Rule("wear", 0, 40, 10)]
    assert leakage_words.told(trained("table", groups=None, rules=rules)) == [
        "No two rows are identical.",
        "No groups are declared, so one part may be on both sides of the split.",
        (
            "pit: all but a few of 100 rows are marked by one value or cut of torque, of the "
            "others fewer than five of 200."
        ),
    ]
