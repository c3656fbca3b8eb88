"""Every service of the compose files, by its exact command, without the containers."""

from __future__ import annotations

import time

import pytest

from tests.docker import centre, promises


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_centre_and_a_plant_run_as_their_files_say():
    absent = centre.missing()
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")
    with centre.running() as running:
        kept = []
        for promise in promises.PROMISES:
            begun = time.monotonic()
            promise(running)
            kept.append(promise.__name__)
            print(f"{time.monotonic() - begun:5.1f} s {promise.__name__}")
    assert kept == [promise.__name__ for promise in promises.PROMISES]
