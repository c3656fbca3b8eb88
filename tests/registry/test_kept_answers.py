from __future__ import annotations

import threading

import pytest
from django.db import connections

from registry.domain.errors import Busy
from registry.services import kept_answers


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_it_once():
    ready, got = threading.Barrier(2), []

    def ask() -> None:
        ready.wait()
        try:
            got.append(kept_answers.claim("person:x", "k", "d"))
        except Busy as busy:
            got.append(busy)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in got) == ["Busy", "Claim"]
