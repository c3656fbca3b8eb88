"""A plant's real worker that says when it holds a claim and when it is free again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plants.agent import worker
from plants.agent.client import Portal
from plants.agent.home import Home
from plants.agent.supervisor import Supervisor
from tests.benchmarks.probes import stamps


def stamped(call: Callable[..., Any], event: str, path: str) -> Callable[..., Any]:
    """The same call; a datagram follows when it has returned."""

    def wrapped(self: Any, job: str, *arguments: Any, **named: Any) -> Any:
        answer = call(self, job, *arguments, **named)
        stamps.send(path, event, job)
        return answer

    return wrapped


def main(home: str, data: str, path: str) -> int:
    # The only difference to the product: two datagrams.
    setattr(Portal, "claim", stamped(Portal.claim, "claimed", path))  # noqa: B010 - not an override
    setattr(Supervisor, "run", stamped(Supervisor.run, "ended", path))  # noqa: B010
    return worker.work(Home(Path(home)), Path(data), name="bench-1")


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
