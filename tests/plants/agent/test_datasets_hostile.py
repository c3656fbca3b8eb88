"""Whatever bytes lie in a data folder, loading ends in a data set or in one sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plants.agent import datasets
from registry.domain.errors import PlatformError
from tests.plants.agent.data_folders import TABLE_CONTRACT, table_text

CELLS = st.sampled_from(
    ["", "0", "1.5", "-", "nan", "inf", "1e400", "ok", "nok", '"', '""', "a\0b", "é", "1_0", "0x1"]
)
LINES = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=30).map("\n".join)
KEYS = st.sampled_from(
    ["name", "kind", "data", "target", "classes", "ignore", "group", "time", "features", "ranges"]
)
VALUES = st.sampled_from(
    [
        "parts",
        "table",
        "images",
        "data.csv",
        "verdict",
        "load",
        "[ok, nok]",
        "{0: ok}",
        "[]",
        "~",
        "{load: [0, 1]}",
        "'\\ud800'",
        '"\\ud800"',
        "[[[]]]",
        "1e999",
    ]
)


def _outcome(contract: bytes, data: bytes) -> str:
    """ "rows" or the sentence of the refusal; anything else is raised and fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "dataset.yaml").write_bytes(contract)
        (folder / "data.csv").write_bytes(data)
        try:
            found = datasets.load(folder)
        except PlatformError as refusal:
            return refusal.message
    return "rows" if len(found.examples) else "no rows"


def _is_told(outcome: str) -> bool:
    return outcome == "rows" or ("\n" not in outcome and outcome.endswith((".", "?")))


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=LINES, raw=st.binary(max_size=40), contract=st.sampled_from(["", "group: load\n"]))
def test_any_csv_ends_in_rows_or_in_one_sentence(rows: str, raw: bytes, contract: str):
    data = table_text(12) + rows
    assert _is_told(_outcome((TABLE_CONTRACT + contract).encode(), data.encode() + raw))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(entries=st.lists(st.tuples(KEYS, VALUES), max_size=6), raw=st.binary(max_size=30))
def test_any_contract_ends_in_a_data_set_or_in_one_sentence(entries, raw: bytes):
    lines = "".join(f"{key}: {value}\n" for key, value in entries)
    assert _is_told(_outcome((TABLE_CONTRACT + lines).encode(), table_text(12).encode()))
    assert _is_told(_outcome(lines.encode() + raw, table_text(12).encode()))
