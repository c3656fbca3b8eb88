"""The manifest's section of looks: only of a training part whose count is told, and consistent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plants.domain import envelope
from registry.domain import manifests
from registry.domain.envelope_section import of_train
from registry.domain.errors import Invalid

ROWS = 60


def document(train: int = 40, **changes: Any) -> dict[str, Any]:
    figures = np.repeat([[120.0], [40.0], [np.nan], [900.0], [0.5], [0.5]], train, axis=1)
    looks = envelope.build(figures, np.full(train, 20))
    parts = {
        "train": np.arange(train),
        "validation": np.arange(train, 50),
        "holdout": np.arange(50, ROWS),
    }
    return {
        **manifests.build(
            secret=b"k" * 32,
            kind="images",
            classes=["ok", "dent"],
            labels=np.arange(ROWS) % 2,
            groups=None,
            parts=parts,
            identities=np.zeros((ROWS, 32), dtype=np.uint8),
            copies=0,
            variants=None,
            times=None,
            measures={
                name: np.full(ROWS, 9.0)
                for name in ("brightness", "contrast", "sharpness", "width", "height")
            },
            colour=0,
            envelope=looks,
        ),
        **changes,
    }


def test_a_manifest_tells_the_looks_of_its_training_images():
    found = document()
    manifests.validate(found)
    assert found["envelope"]["images"] == found["splits"]["train"]["rows"] == 40
    without = {key: value for key, value in found.items() if key != "envelope"}
    manifests.validate(without)


def test_a_training_part_whose_count_is_hidden_has_no_looks():
    # Validation has 2 rows, so the smallest part that hides them with it is the hold-out.
    assert of_train({"images": 40}, {"rows": None, "suppressed": True}) == {}
    found = document(train=48)
    assert found["splits"]["validation"]["suppressed"]
    manifests.validate(found)


@pytest.mark.parametrize(
    ("envelope", "place"),
    [
        ({"images": 41}, "envelope.images"),
        ({"hours": [[20, 20, 41]]}, "envelope.hours"),
        ({"hours": [[20, 20, 3], [21, 21, 37]]}, "envelope.hours.0.2"),
        ({"first": "2026-09-01"}, "envelope.first"),
    ],
)
def test_looks_that_contradict_the_manifest_or_say_more_are_refused(envelope, place):
    found = document()
    with pytest.raises(Invalid) as refusal:
        manifests.validate({**found, "envelope": {**found["envelope"], **envelope}})
    assert place in refusal.value.fields


def test_a_table_has_no_looks():
    found = document()
    table = {"columns": 0, "numeric": {}, "categorical": {}}
    with pytest.raises(Invalid) as refusal:
        manifests.validate({**found, "kind": "table", "statistics": table})
    assert "envelope" in refusal.value.fields
