"""Starting the portal: applications and addresses, beside Django with an empty project."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks import fresh
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect, interleaved

_PEER = "django.setup() of an empty project"
# Loaded by the job that needs them, never by every process of the portal.
_LATE = {"mlflow", "pandas", "lightgbm", "torch", "sklearn"}


@benchmark("portal-import/seconds", "portal-import/peak")
def measure(folder: Path) -> Iterator[Figure]:
    home = folder / "portal-import"
    pairs = interleaved(
        partial(fresh.call, "imports:portal", home=home),
        partial(fresh.call, "imports:empty_portal"),
        pairs=5,
    )
    for ours, peer in pairs:
        loaded = _LATE & set(ours.answer)
        expect(not loaded, f"The portal imports {', '.join(sorted(loaded))} at its start.")
        expect("rest_framework" in ours.answer, "The API was not imported.")
        expect("rest_framework" not in peer.answer, "The empty project is not empty.")
    seconds = [(ours.seconds, peer.seconds) for ours, peer in pairs]
    yield of_pairs("portal-import/seconds", "seconds", _PEER, seconds)
    peaks = [(ours.peak_mb, peer.peak_mb) for ours, peer in pairs]
    yield of_pairs("portal-import/peak", "MB", _PEER, peaks)
