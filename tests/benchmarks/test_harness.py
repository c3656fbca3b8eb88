"""The benchmark harness: its table, its JSON lines, its choice by name, and how it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks import figures
from tests.benchmarks.__main__ import main
from tests.benchmarks.catalogue import Catalogue, discover
from tests.benchmarks.figures import Figure, of_pairs, of_values
from tests.benchmarks.pairs import WrongAnswer, expect, interleaved

KEYS = {"name", "value", "unit", "peer", "peer_value", "ratio", "n", "spread"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINEWARD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def catalogue() -> Catalogue:
    """Two benchmarks that work and one that finds a wrong answer."""
    known = Catalogue()

    @known.benchmark("sorting/median", "sorting/peak")
    def sorting(folder: Path) -> Iterator[Figure]:
        pairs = [(2.0, 1.0), (6.0, 2.0), (4.0, 4.0)]
        yield of_pairs("sorting/median", "seconds", "list.sort", pairs, rows=3)
        yield of_values("sorting/peak", "MB", [10.0, 30.0, 20.0])

    @known.benchmark("adding/rate")
    def adding(folder: Path) -> Iterator[Figure]:
        assert folder.is_dir()
        yield of_pairs("adding/rate", "per second", "sum", [(1500.0, 3000.0)])

    @known.benchmark("guessing/median")
    def guessing(folder: Path) -> Iterator[Figure]:
        expect(sorted([2, 1]) == [2, 1], "It sorted the wrong way round.")
        yield of_values("guessing/median", "seconds", [0.001])

    return known


def lines(home: Path) -> list[dict[str, object]]:
    path = home / "bench.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_each_figure_is_one_json_line_whose_ratio_is_value_by_peer_value(
    home: Path, catalogue: Catalogue
) -> None:
    assert main(["adding", "sorting"], catalogue) == 0

    by_name = {str(line["name"]): line for line in lines(home)}
    assert set(by_name) == {"adding/rate", "sorting/median", "sorting/peak"}
    assert all(line.keys() >= {*KEYS, "machine", "at"} for line in by_name.values())
    median = by_name["sorting/median"]
    assert (median["value"], median["peer_value"], median["ratio"]) == (4.0, 2.0, 2.0)
    assert (median["n"], median["spread"], median["paired_ratio"]) == (3, [1.0, 3.0], 2.0)
    assert median["also"] == {"rows": 3}
    assert by_name["adding/rate"]["ratio"] == 0.5


def test_a_figure_without_a_peer_has_no_ratio_and_the_spread_of_its_values(
    home: Path, catalogue: Catalogue
) -> None:
    assert main(["sorting/peak"], catalogue) == 0

    (line,) = lines(home)
    assert (line["peer"], line["peer_value"], line["ratio"]) == (None, None, None)
    assert (line["value"], line["spread"], line["unit"]) == (20.0, [10.0, 30.0], "MB")


def test_a_second_run_adds_its_lines_to_those_of_the_first(
    home: Path, catalogue: Catalogue
) -> None:
    main(["adding"], catalogue)
    main(["adding"], catalogue)

    assert [line["name"] for line in lines(home)] == ["adding/rate", "adding/rate"]


def test_the_table_is_aligned_and_shows_what_was_asked_for_alone(
    home: Path, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sorting"], catalogue) == 0

    head, *rows = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert [row.split()[0] for row in rows] == ["sorting/median", "sorting/peak"]
    unit = head.index("unit")
    assert [row[unit:].split()[0] for row in rows] == ["seconds", "MB"]
    assert "list.sort" in rows[0]
    assert "(none)" in rows[1]


def test_a_failing_benchmark_ends_in_1_says_why_and_keeps_the_others_figures(
    home: Path, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], catalogue) == 1

    written = capsys.readouterr()
    assert "FAILED guessing/median: It sorted the wrong way round." in written.err
    assert "sorting/median" in written.out
    assert "guessing" not in written.out
    assert {line["name"] for line in lines(home)} == {
        "adding/rate",
        "sorting/median",
        "sorting/peak",
    }


def test_a_benchmark_that_breaks_shows_where(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Catalogue()

    @known.benchmark("dividing/median")
    def dividing(folder: Path) -> Iterator[Figure]:
        yield of_pairs("dividing/median", "seconds", "nothing", [(1.0, 0.0)])

    assert main([], known) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert lines(home) == []


def test_a_benchmark_that_yields_other_names_than_its_own_fails(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Catalogue()

    @known.benchmark("one/median")
    def one(folder: Path) -> Iterator[Figure]:
        yield of_values("two/median", "seconds", [1.0])

    assert main([], known) == 1
    assert "two/median, not one/median" in capsys.readouterr().err
    assert lines(home) == []


def test_a_name_that_no_benchmark_has_ends_in_2_and_names_those_there_are(
    home: Path, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["brewing"], catalogue) == 2

    written = capsys.readouterr().err
    assert "'brewing'" in written
    assert "adding/rate, guessing/median, sorting/median, sorting/peak" in written
    assert lines(home) == []


def test_a_name_is_registered_once_and_has_a_case_behind_a_slash(catalogue: Catalogue) -> None:
    for name in ("adding/rate", "adding", "adding/rate/fast"):
        with pytest.raises(ValueError, match="family/case"):
            catalogue.benchmark(name)


def test_product_and_peer_run_by_turns_and_the_first_pair_does_not_count() -> None:
    order: list[str] = []

    def run(who: str) -> int:
        order.append(who)
        return len(order)

    pairs = interleaved(lambda: run("ours"), lambda: run("peer"), pairs=7)

    assert len(pairs) == 7
    assert all(set(order[turn : turn + 2]) == {"ours", "peer"} for turn in range(0, 16, 2))
    assert {order[turn] for turn in range(0, 16, 2)} == {"ours", "peer"}
    assert all(order[ours - 1] == "ours" and order[peer - 1] == "peer" for ours, peer in pairs)
    assert min(min(pair) for pair in pairs) == 3


def test_a_wrong_answer_stops_the_run() -> None:
    expect(1, "Nothing is wrong.")
    with pytest.raises(WrongAnswer, match="Two is not three"):
        expect([2] == [3], "Two is not three.")


def test_the_machine_is_described_and_not_named() -> None:
    facts = figures.machine_facts()

    assert {"python", "processor", "cores", "memory_mb", "load_1min", "commit"} <= set(facts)
    assert json.dumps(facts)


def test_every_figure_that_was_promised_is_registered() -> None:
    families = {name.partition("/")[0] for name in discover().names}

    assert families >= {
        "agent-import",
        "compare-fleet",
        "dispatch",
        "family-page",
        "fleet-page",
        "inference",
        "ledger-append",
        "ledger-verify",
        "page-times",
        "portal-import",
        "retrain-images",
        "search-versions",
        "seed-fleet",
        "verify-artifact",
    }
