from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plants.agent.examples import ImageExamples, TableExamples
from tests.plants.agent.data_folders import save_image


def test_images_are_decoded_only_when_asked_for(tmp_path: Path):
    save_image(tmp_path / "a.png", seed=1)
    examples = ImageExamples((tmp_path / "a.png", tmp_path / "missing.png"), np.array([0, 1]))
    assert len(examples) == 2
    assert examples.pixels(0).shape == (12, 16, 3)
    taken = examples.take([0, 0])
    assert taken.labels.tolist() == [0, 0]
    assert np.array_equal(taken.pixels(1), examples.pixels(0))


def test_pixels_may_be_in_memory():
    pixels = np.zeros((2, 3, 3), dtype=np.uint8)
    assert ImageExamples((pixels,), np.array([0])).pixels(0) is pixels


def test_a_table_takes_rows_of_all_its_blocks():
    table = TableExamples(
        np.arange(6, dtype=np.float32).reshape(3, 2),
        np.array([["a"], ["b"], [""]], dtype=object),
        np.array([0, 1, 0]),
        ("x", "y"),
        ("c",),
    )
    taken = table.take(np.array([2, 0]))
    assert taken.numeric.tolist() == [[4, 5], [0, 1]]
    assert taken.categorical.tolist() == [[""], ["a"]]
    assert taken.labels.tolist() == [0, 0]
    assert taken.numeric_names == ("x", "y")


def test_blocks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 images but 1 labels"):
        ImageExamples((Path("a"), Path("b")), np.array([0]))
    with pytest.raises(ValueError, match="does not fit"):
        TableExamples(
            np.zeros((2, 1), dtype=np.float32),
            np.empty((2, 0), dtype=object),
            np.array([0, 1]),
            ("x", "y"),
            (),
        )


def test_a_mask_is_refused_because_it_would_read_as_row_numbers():
    examples = ImageExamples((Path("a"), Path("b")), np.array([0, 1]))
    with pytest.raises(TypeError, match="flatnonzero"):
        examples.take(np.array([True, False]))
