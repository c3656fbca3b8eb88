from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import manifests
from registry.domain.digests import digest_of
from registry.domain.errors import Invalid, TooLarge
from registry.domain.manifest_schema import MAX_BYTES, SMALL_CELL

SECRET = b"graz-keeps-this" * 3
CLASSES = ("crazing", "patches", "scratches")


def _identities(rows: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (rows, 32), dtype=np.uint8)


def _build(**changes: Any) -> dict[str, Any]:
    rows = 100
    given: dict[str, Any] = {
        "secret": SECRET,
        "kind": "images",
        "classes": CLASSES,
        "labels": np.repeat([0, 1, 2], [50, 30, 20]),
        "groups": None,
        "parts": {
            "train": np.arange(60),
            "validation": np.arange(60, 75),
            "holdout": np.arange(75, 100),
        },
        "identities": _identities(rows),
        "copies": 0,
        "variants": 2,
        "times": 1_767_225_600 + 3600.0 * np.arange(rows),
        "measures": {
            name: np.linspace(10, 90, rows)
            for name in ("brightness", "contrast", "sharpness", "width", "height")
        },
        "colour": 0,
    }
    return manifests.build(**{**given, **changes})


def _table(**changes: Any) -> dict[str, Any]:
    numeric = {"torque": np.linspace(0, 1, 100), "wear": np.full(100, np.nan)}
    return _build(
        kind="table", colour=None, measures=numeric, categories={"type": (3, 0)}, **changes
    )


@pytest.mark.parametrize("build", [_build, _table])
def test_what_a_plant_builds_the_portal_accepts(build):
    document = build()
    manifests.validate(json.loads(json.dumps(document)))
    assert document["rows"] == 100
    assert [entry["rows"] for entry in document["classes"]] == [50, 30, 20]
    assert document["splits"]["holdout"]["rows"] == 25
    assert document["days"] == {"first": "2026-01-01", "last": "2026-01-05"}


def test_the_same_rows_have_the_same_digest_in_any_order_and_another_one_under_another_secret():
    rows = _identities(100)
    first, again = _build(), _build()
    assert digest_of(first) == digest_of(again)
    shuffled = manifests.rows_digest(SECRET, rows[np.random.default_rng(2).permutation(100)])
    assert shuffled == first["digest"]
    assert manifests.rows_digest(b"x" * 32, rows) != first["digest"]
    assert manifests.rows_digest(SECRET, rows[:99]) != first["digest"]
    assert manifests.rows_digest(SECRET, rows[75:]) == first["splits"]["holdout"]["digest"]


def test_a_short_secret_is_not_used():
    with pytest.raises(ValueError, match="32 bytes"):
        _build(secret=b"short")


def test_a_small_class_is_hidden_together_with_the_neighbour_that_would_give_it_away():
    document = _build(labels=np.repeat([0, 1, 2], [57, 40, 3]))
    assert [entry["rows"] for entry in document["classes"]] == [57, None, None]
    assert document["balance"]["evenness"] is None
    assert document["balance"]["smallest"] is None
    manifests.validate(document)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=8))
def test_no_hidden_count_follows_from_the_total(counts):
    shown = manifests.suppress(counts)
    for cell in shown:
        assert cell["suppressed"] == (cell["rows"] is None)
        assert cell["suppressed"] or cell["rows"] == 0 or cell["rows"] >= SMALL_CELL
    hidden = [count for count, cell in zip(counts, shown, strict=True) if cell["suppressed"]]
    if hidden and len(hidden) < sum(count > 0 for count in counts):
        # The rest of the sum stays possible whatever small count one guesses for one of them.
        assert len(hidden) > 1
        assert sum(hidden) >= 2 * SMALL_CELL


def test_copies_are_hidden_where_rows_minus_groups_would_count_them():
    document = _build(copies=3, groups=np.minimum(np.arange(100), 96))
    assert document["copies"] == {"count": None, "suppressed": True}
    assert document["groups"] == {"count": None, "suppressed": True}


def test_few_values_have_no_statistics_and_rare_gaps_no_share():
    wear = np.full(100, np.nan)
    wear[:19] = 1.0
    torque = np.linspace(0, 1, 100)
    torque[:2] = np.nan
    document = _build(kind="table", measures={"wear": wear, "torque": torque}, times=None)
    numeric = document["statistics"]["numeric"]
    assert numeric["wear"] == {"missing": 0.81, "suppressed": True}
    assert numeric["torque"]["missing"] is None
    assert numeric["torque"]["p50"] == pytest.approx(0.5, abs=0.02)
    assert document["days"] is None
    manifests.validate(document)


def test_nothing_but_the_agreed_words_is_in_a_manifest():
    text = json.dumps(_build()).replace("lineward.manifest/v1", "")
    for secret in ("graz", "/", ".png", "T00:", "1767"):
        assert secret not in text


def _add(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *parents, key = path.split(".")
        target: Any = document
        for parent in parents:
            target = target[int(parent)] if parent.isdigit() else target[parent]
        target[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_add("path", "/data/graz"), "path is not known"),
        (_add("classes.0.file", "a.png"), "classes.0.file is not known"),
        (_add("statistics.exif", "Canon"), "statistics.exif is not known"),
        (_add("schema", "lineward.manifest/v2"), "schema is"),
        (_add("digest", "abc"), "digest is"),
        (_add("days.first", "2026-01-01T10:00:00"), "days"),
        (_add("classes.0.rows", 3), "classes.0 is"),
        (_add("classes.0.rows", 51), "classes counts 101 rows"),
        (_add("splits.train.rows", None), "splits.train is"),
        (_add("rows", 0), "rows is 0; it must be at least 1"),
        (_add("groups.count", 4000), "groups.count is 4000"),
        (_add("statistics.brightness", {"suppressed": False, "missing": 0}), "brightness"),
        (_add("statistics.brightness.mean", float("nan")), "finite numbers"),
        (_add("statistics.brightness.mean", float("inf")), "finite numbers"),
        (_add("statistics", [[[[[[[[[1]]]]]]]]]), "nested deeper"),
        (_add("classes.1.name", "crazing"), "names one class twice"),
        (_add("days", {"first": "2026-02-01", "last": "2026-01-01"}), "first is later"),
        (_add("splits.train", {"rows": 900, "suppressed": False, "digest": "0" * 64}), "splits"),
    ],
)
def test_a_document_that_says_more_or_something_else_is_refused(change, sentence):
    document = copy.deepcopy(_build())
    manifests.validate(document)
    change(document)
    with pytest.raises(Invalid, match=sentence) as refusal:
        manifests.validate(document)
    assert refusal.value.code == "bad-manifest"


def test_counts_beyond_the_rows_are_refused_even_where_some_are_hidden():
    document = _build(labels=np.repeat([0, 1, 2], [57, 40, 3]))
    document["classes"][0]["rows"] = 101
    with pytest.raises(Invalid, match="counts more than the manifest's 100 rows"):
        manifests.validate(document)


def test_one_hidden_count_alone_is_refused_because_the_total_gives_it_away():
    document = _build()
    document["classes"][2] |= {"rows": None, "suppressed": True}
    with pytest.raises(Invalid, match="hides one count only"):
        manifests.validate(document)


@pytest.mark.parametrize("document", [None, [], "x", 7, {}])
def test_what_is_no_document_is_refused(document):
    with pytest.raises(Invalid):
        manifests.validate(document)


def test_a_document_over_the_limit_is_refused():
    document = _table()
    summary = document["statistics"]["numeric"]["torque"]
    document["statistics"]["numeric"] = {
        f"{number:0200d}": summary for number in range(MAX_BYTES // 200)
    }
    with pytest.raises(TooLarge, match="bytes"):
        manifests.validate(document)


def test_the_widest_table_fits_the_limit():
    values = np.random.default_rng(0).normal(1e6, 1, 100)
    document = _build(
        kind="table",
        measures={f"{number:0200d}": values for number in range(2_000)},
        categories={f"{number:0200d}": (3, 50) for number in range(2_000)},
    )
    assert document["statistics"]["columns"] == 4_000
    manifests.validate(document)
