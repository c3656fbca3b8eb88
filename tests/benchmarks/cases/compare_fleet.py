"""47 plants' newest 200 evaluations: one request, beside the same question asked of MLflow."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks import fresh, mlflow_store, seeded, servers
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect, interleaved

_LATEST, _RUNS, _PAIRS, _REPEATS = 200, 50_000, 3, 20
_LIMIT_SECONDS, _TIMES_FASTER = 0.1, 100
_PEER = "mlflow server, 47 searches of 200 among 50,000 runs"
_DECIMALS = 4  # as the portal answers

Values = dict[str, list[float]]


@benchmark("compare-fleet/seconds")
def measure(folder: Path) -> Iterator[Figure]:
    home = seeded.copied(seeded.fleet(folder), "compare-fleet")
    ready = fresh.call("comparison:prepare", _LATEST, home=home).answer
    scored = mlflow_store.read(home, ready["family"])
    store, experiments = mlflow_store.fill(home, scored, _RUNS)
    experiments.pop("centre", None)
    sizes: list[int] = []
    with (
        servers.portal(home) as (portal, process),
        servers.mlflow(home, store) as mlflow,
        httpx.Client(timeout=120) as client,
    ):
        bearer = {"Authorization": f"Bearer {ready['token']}", "Accept-Encoding": "gzip"}
        address = f"{portal}/api/v1/families/{ready['family']}/comparison/?latest={_LATEST}"

        def ours() -> tuple[float, Values]:
            begun = time.perf_counter()
            answer = client.get(address, headers=bearer)
            seconds = time.perf_counter() - begun
            sizes.append(answer.num_bytes_downloaded)
            return seconds, _columns(answer.raise_for_status().json())

        def theirs() -> tuple[float, Values]:
            begun = time.perf_counter()
            found = {code: _searched(client, mlflow, one) for code, one in experiments.items()}
            return time.perf_counter() - begun, found

        ours()
        _searched(client, mlflow, experiments["graz"])
        # Both are warm; another round of MLflow's would take a quarter of a minute.
        pairs = interleaved(ours, theirs, pairs=_PAIRS, warm=0)
        before = servers.cpu_seconds(process)
        for _ in range(_REPEATS):
            ours()
        cpu = (servers.cpu_seconds(process) - before) / _REPEATS
    for (_, values), (_, others) in pairs:
        _check(values, others)
    figure = of_pairs(
        "compare-fleet/seconds",
        "seconds",
        _PEER,
        [(one, other) for (one, _), (other, _) in pairs],
        bytes=sizes[-1],
        cpu=cpu,
        values=sum(map(len, pairs[0][0][1].values())),
    )
    # Of the processor, because another program's work is not the portal's.
    expect(cpu < _LIMIT_SECONDS, f"It takes {cpu:.3f} s of the processor, not {_LIMIT_SECONDS}.")
    times = 1 / (figure.paired_ratio or math.inf)
    expect(times >= _TIMES_FASTER, f"It is {times:.0f} times as fast, not {_TIMES_FASTER}.")
    yield figure


def _columns(body: Mapping[str, Any]) -> Values:
    return {one["plant"]: one["value"] for one in body["plants"] if one["plant"] != "centre"}


def _searched(client: httpx.Client, mlflow: str, experiment: str) -> list[float]:
    """The metric of an experiment's newest runs, through MLflow's own REST API."""
    answer = client.post(
        f"{mlflow}/api/2.0/mlflow/runs/search",
        json={
            "experiment_ids": [experiment],
            "max_results": _LATEST,
            "order_by": ["attributes.start_time DESC"],
        },
    )
    found = []
    for run in answer.raise_for_status().json()["runs"]:
        metrics = {one["key"]: one["value"] for one in run["data"]["metrics"]}
        found.append(round(metrics[mlflow_store.METRIC], _DECIMALS))
    return found


def _check(values: Values, others: Values) -> None:
    """Both must answer the same figures of the same plants, newest first."""
    expect(values.keys() == others.keys(), f"Other plants: {values.keys() ^ others.keys()}.")
    expect(len(values) >= 46, f"Only {len(values)} plants have evaluations.")
    for plant, mine in values.items():
        expect(len(mine) == _LATEST, f"{plant} has {len(mine)} values, not {_LATEST}.")
        expect(mine == others[plant], f"The two answer different values for {plant}.")
