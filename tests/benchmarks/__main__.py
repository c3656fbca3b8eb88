"""`make bench [NAME=part-of-a-name]`: measures, prints a table, appends to var/bench.jsonl."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import figures
from tests.benchmarks.catalogue import Catalogue, discover, run
from tests.benchmarks.figures import Figure

ROOT = Path(__file__).resolve().parents[2]


def main(parts: list[str], catalogue: Catalogue) -> int:
    """Run what is chosen; 0 when every figure is there, 1 when one failed, 2 when none is meant."""
    chosen = catalogue.chosen(parts)
    if not chosen:
        print(
            f"No benchmark's name contains {' or '.join(map(repr, parts))}; there are: "
            f"{', '.join(catalogue.names)}.",
            file=sys.stderr,
        )
        return 2
    path = Path(os.environ.get("LINEWARD_HOME") or ROOT / "var") / "bench.jsonl"
    found: list[Figure] = []

    def keep(some: list[Figure]) -> None:
        figures.append(some, path, figures.machine_facts())
        found.extend(some)

    # Short: a Unix socket's path inside it has some hundred bytes.
    with tempfile.TemporaryDirectory(prefix="lw-bench-") as folder:
        failures = run(chosen, Path(folder), keep)
    if found:
        print(figures.table(found))
        print(f"\n{len(found)} figures were added to {path}.")
    for name, reason in failures.items():
        print(f"FAILED {name}: {reason}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], discover()))
