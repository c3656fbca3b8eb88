from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from plants.domain import dataset_contract
from plants.domain.dataset_contract import parse
from registry.domain.errors import Invalid, PlatformError, TooLarge

IMAGES = "name: parts\nkind: images\nlabels: labels.csv\n"
TABLE = "name: parts\nkind: table\ndata: rows.csv\ntarget: verdict\n"
PUBLISHED = Path(dataset_contract.__file__).with_name("dataset.schema.json")

ACCEPTED = [
    IMAGES,
    TABLE,
    IMAGES + "classes: [ok, dent]\n",
    IMAGES + "classes: [0, 1]\n",
    IMAGES + "classes: {0: ok, 1: dent, 2: dent}\n",
    IMAGES + "target: class\ngroup: part\ntime: when\nvariant: kind_of_part\n",
    IMAGES + "ignore: [0.3333, 0.6667]\n",
    IMAGES + "ignore: blurred\n",
    TABLE + "features: [load, speed]\nranges: {load: [0, 12.5], speed: [null, 3000]}\n",
]
REFUSED = [
    ("", "mapping"),
    ("- a\n", "mapping"),
    ("name: parts\nkind: images\n", "`labels`"),
    ("kind: images\nlabels: a.csv\n", "`name`"),
    ("name: '…'\nkind: images\nlabels: a.csv\n", "letters, digits"),
    ("name: ../etc\nkind: images\nlabels: a.csv\n", "letters, digits"),
    ("name: parts\nkind: video\nlabels: a.csv\n", "images or table, not 'video'"),
    ("name: parts\nkind: table\ndata: a.csv\n", "`target`"),
    ("name: parts\nkind: table\nlabels: a.csv\ntarget: x\n", "say `data` instead"),
    (IMAGES + "data: a.csv\n", "say `labels` instead"),
    (IMAGES + "lables: a.csv\n", "did you mean `labels`"),
    (IMAGES + "xyz: 1\n", "it may say name"),
    (IMAGES + "classes: [ok]\n", "2 to 200"),
    (IMAGES + "classes: ok\n", "list or as a mapping"),
    (IMAGES + "classes: [ok, ok]\n", "twice"),
    (IMAGES + "classes: [1, 1.0]\n", "twice"),
    (IMAGES + "classes: [ok, [dent]]\n", "printable"),
    (IMAGES + f"classes: [ok, {'x' * 81}]\n", "80 printable"),
    (IMAGES + "ignore: {a: b}\n", "list of names"),
    (IMAGES + "group: [a, b]\n", "one value"),
    (IMAGES + f"group: {'x' * 201}\n", "200 characters"),
    (TABLE + "features: [a, a]\n", "'a' in `features` twice"),
    (TABLE + "ranges: [a]\n", "mapping such as"),
    (TABLE + "ranges: {a: [1]}\n", "no two bounds"),
    (TABLE + "ranges: {a: [x, 2]}\n", "unusable bounds"),
    (TABLE + "ranges: {a: [3, 2]}\n", "unusable bounds"),
    (TABLE + "ranges: {a: [.nan, 2]}\n", "unusable bounds"),
]


def test_the_published_schema_is_the_one_the_code_speaks():
    assert json.loads(PUBLISHED.read_text()) == dataset_contract.schema()
    Draft202012Validator.check_schema(dataset_contract.schema())


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_the_code_accepts_the_schema_accepts(text: str):
    assert parse(text).name == "parts"
    Draft202012Validator(dataset_contract.schema()).validate(yaml.safe_load(text))


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_what_breaks_the_contract_is_refused_with_the_key_and_the_way_out(text, sentence):
    with pytest.raises(PlatformError) as refusal:
        parse(text)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [IMAGES + "lables: a.csv\n", "name: parts\nkind: images\n", TABLE + "ranges: {a: [1]}\n"],
)
def test_what_the_code_refuses_the_schema_refuses(text: str):
    assert not Draft202012Validator(dataset_contract.schema()).is_valid(yaml.safe_load(text))


def test_numbers_and_words_stay_the_text_that_was_written():
    contract = parse(IMAGES + "classes: [no, 010, 1.10, on, 2026-01-01]\n")
    assert contract.classes == ("no", "010", "1.10", "on", "2026-01-01")


def test_a_mapping_names_classes_and_may_join_labels():
    contract = parse(IMAGES + "classes: {0: ok, 1.0: dent, 2: dent}\n")
    assert contract.class_of == {"0": "ok", "1": "dent", "2": "dent"}
    assert contract.classes == ("ok", "dent")


def test_ranges_may_be_open():
    contract = parse(TABLE + "ranges: {load: [0, null], speed: [~, 3e3]}\n")
    assert contract.ranges == {"load": (0.0, math.inf), "speed": (-math.inf, 3000.0)}


def test_the_label_column_of_images_is_label_unless_target_says_otherwise():
    assert parse(IMAGES).target == "label"
    assert parse(IMAGES + "target: class\n").target == "class"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../other/labels.csv", "a/../../b.csv", "C:\\data\\a.csv", "~/a.csv"]
)
def test_a_source_outside_the_data_folder_is_refused(path: str):
    with pytest.raises(Invalid) as refusal:
        parse(f"name: parts\nkind: images\nlabels: '{path}'\n")
    assert refusal.value.code == "path-outside"


def test_a_path_that_names_nothing_is_refused():
    with pytest.raises(Invalid, match="names no file"):
        dataset_contract.relative_path("  ", "labels.csv line 2")
    with pytest.raises(Invalid, match="names no file"):
        dataset_contract.relative_path("a\0.png", "labels.csv line 2")


@pytest.mark.parametrize("path", ["file:///etc/passwd", "https://host/a.csv"])
def test_an_address_is_no_file(path: str):
    with pytest.raises(Invalid, match="absolute path"):
        parse(f"name: parts\nkind: images\nlabels: '{path}'\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x 1\nb: *x\n", "line 1 uses an anchor"),
        ("a: *x\n", "line 1 uses an anchor"),
        ("a: !!python/object/apply:os.system [ls]\n", "line 1 uses a tag"),
        ("a: !!binary aGk=\n", "uses a tag"),
        ("a: 1\na: 2\n", "line 2 repeats the key `a`"),
        ("b: {c: 1, c: 2}\n", "repeats the key `c`"),
        ("<<: {a: 1}\n", "merge key"),
        ("[a]: 1\n", "as a key"),
        ("a: 1\n---\nb: 2\n", "second document"),
        ("a: [[[[[[1]]]]]]\n", "nested too deeply"),
        ("a: [1\n", "is not YAML on line"),
        ("a: \t- b: c: d\n", "is not YAML"),
        ("a: \x07\n", "characters"),
        ('a: "\\ud800"\n', "half a character"),
    ],
)
def test_the_tricks_of_yaml_are_refused_with_their_line(text: str, sentence: str):
    with pytest.raises(Invalid) as refusal:
        parse(text)
    assert sentence in str(refusal.value)
    assert refusal.value.code == "yaml-invalid"


def test_a_yaml_bomb_costs_nothing():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [*{before}, *{before}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(Invalid, match="anchor"):
        parse(bomb)
    with pytest.raises(TooLarge, match="64 KB"):
        parse("a: " + "x" * 70_000)
    with pytest.raises(Invalid, match="nested too deeply"):
        parse("a: " + "[" * 30_000)
