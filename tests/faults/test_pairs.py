"""A real worker scores two real versions on the same rows; the record holds what it counted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.slow


def test_two_versions_are_scored_by_a_real_worker_and_the_numbers_are_numpy_s(fleet):
    fleet.start_plant()
    first, second = fleet.order(dataset="small"), fleet.order(dataset="slow")
    for job in (first, second):
        assert fleet.until_ended(job)["state"] == "succeeded"
    pair = fleet.order_pair(first=first, second=second, dataset="small")
    ended = fleet.until_ended(pair)
    assert (ended["state"], ended["code"]) == ("succeeded", ""), ended
    found = fleet.pairing(job=pair)
    matrices = [np.array(report["confusion"]) for report in found["reports"]]
    names = found["reports"][0]["classes"]
    cells = np.array([found["counts"][name] for name in names])
    assert (cells.sum(axis=1) == matrices[0].sum(axis=1)).all()
    assert (cells.sum(axis=1) == matrices[1].sum(axis=1)).all()
    assert (cells[:, 0] + cells[:, 1] == np.diag(matrices[0])).all()
    assert (cells[:, 0] + cells[:, 2] == np.diag(matrices[1])).all()
    assert found["n"] == cells.sum() == matrices[0].sum()
    only_first, only_second = (int(count) for count in cells[:, 1:3].sum(axis=0))
    discordant = only_first + only_second
    p = stats.binomtest(only_first, discordant).pvalue if discordant else 1.0
    assert found["p"] == pytest.approx(p)
    assert found["statement"]
    files = fleet.files_of(job=pair)
    assert {"parent.onnx", "against.onnx", "result.json"} <= set(files)
    # The message to the verifier again: nothing is recorded twice.
    entries = fleet.ledger()["entries"]
    fleet.settle_again(job=pair)
    assert fleet.ledger() == {"is_intact": True, "entries": entries}
