from __future__ import annotations

import pytest

from registry.domain.recipe_yaml import BadYaml, parse_with_places, parse_yaml, with_version

TEXT = """\
# why it exists
name: surface
version: "1.0.0"   # keep
augment:
  - {op: rotate@1,
     degrees: 7}
  - op: noise@1
    sigma: 3
plant_may_set:
  augment.0.degrees: {min: 0, max: 15}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("name", 2),
        ("augment", 4),
        ("augment.0", 5),
        ("augment.0.degrees", 6),
        ("augment.1.sigma", 8),
        ("plant_may_set.augment.0.degrees", 10),
        ("plant_may_set.augment.0.degrees.max", 10),
        ("augment.1.probability", 7),
        ("train.seed", None),
        ("document", None),
    ],
)
def test_a_value_is_found_by_its_line_and_a_missing_one_by_what_is_around_it(path, line):
    assert parse_with_places(TEXT).line_of(path) == line


def test_another_version_changes_nothing_else():
    changed = with_version(TEXT, "1.1.0")
    assert changed == TEXT.replace('"1.0.0"', "1.1.0")
    assert parse_yaml(changed) == parse_yaml(TEXT) | {"version": "1.1.0"}


def test_a_byte_order_mark_and_wide_characters_shift_nothing():
    text = "\ufeffname: größer 🙂\r\nversion: 1.0.0\r\n"
    assert parse_yaml(with_version(text, "2.0.0"))["version"] == "2.0.0"


def test_bad_yaml_names_its_line():
    with pytest.raises(BadYaml) as refusal:
        parse_with_places("name: a\nversion: &x 1")
    assert refusal.value.line == 2


def test_long_keys_do_not_multiply():
    key = "k" * 900  # YAML's own limit for a key is 1,024 characters
    text = f"{key}:\n" + "".join(f"  a{number}: 1\n" for number in range(2_400))
    places = parse_with_places(text).places
    assert sum(map(len, places)) < 500_000
