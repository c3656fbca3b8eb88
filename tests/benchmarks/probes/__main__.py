"""Runs one probe; its last line on standard output is the report."""

from __future__ import annotations

import importlib
import json
import resource
import sys
from typing import Any


def peak_mb() -> float:
    """The largest resident set of this process.

    Not ru_maxrss where it can be helped: Linux lets that survive exec, so that a child of a large
    process never looks small.
    """
    try:
        with open("/proc/self/status") as file:  # noqa: PTH123 - pathlib is not imported here
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    except OSError:
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(probe: str, arguments: str) -> None:
    name, _, function = probe.partition(":")
    module = importlib.import_module(f"tests.benchmarks.probes.{name}")
    answer: Any = getattr(module, function)(*json.loads(arguments))
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    report = {
        "cpu_seconds": sum(one.ru_utime + one.ru_stime for one in spent),
        "peak_mb": peak_mb(),
        "answer": answer,
    }
    print(f"\n{json.dumps(report)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
