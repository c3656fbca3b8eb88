"""The search of a seeded portal through Django's own client, beside LIKE for the same words."""

from __future__ import annotations

import re
import sqlite3
import time
from functools import partial
from typing import Any

from tests.benchmarks.pairs import interleaved
from tests.benchmarks.probes.pages import _bare, _client, _set_up

_LIKE = """
SELECT count(*) OVER (), v.id, f.slug, v.version, v.origin
FROM registry_modelversion v JOIN registry_modelfamily f ON f.id = v.family_id
JOIN plants_plant p ON p.code = v.origin
WHERE {conditions} ORDER BY v.registered_at DESC LIMIT 8
"""
_COLUMNS = "f.slug || ' ' || f.title || ' ' || v.version || ' ' || p.name || ' ' || v.artifact_id"
_NUMBER = re.compile(r"\d+\.\d+\.\d+")


def measure(asked: list[str], rounds: int) -> dict[str, Any]:
    """Seconds of each search and of the statement by turns, and what both found."""
    _set_up()
    client, bare = _client(), _bare()
    pairs: list[tuple[float, float]] = []
    cpu: list[float] = []
    totals: dict[str, tuple[int, int]] = {}
    for words in asked:
        runs = interleaved(
            partial(_search, client, words), partial(_like, bare, words), pairs=rounds
        )
        for (seconds, spent, found), (others, _, known) in runs:
            pairs.append((seconds, others))
            cpu.append(spent)
            totals[words] = (found, known)
    return {"pairs": pairs, "cpu": cpu, "totals": totals}


def _search(client: Any, words: str) -> tuple[float, float, int]:
    begun, spent = time.perf_counter(), time.process_time()
    answer = client.get("/api/v1/search/", {"q": words})
    seconds, spent = time.perf_counter() - begun, time.process_time() - spent
    groups = {one["kind"]: one["total"] for one in answer.json()["groups"]}
    return seconds, spent, groups.get("versions", 0)


def _like(bare: sqlite3.Connection, words: str) -> tuple[float, float, int]:
    asked = words.split()
    # A whole number is that version's and not part of another's, for both.
    numbers = [bool(_NUMBER.fullmatch(word)) for word in asked]
    conditions = ["v.version = ?" if number else f"{_COLUMNS} LIKE ?" for number in numbers]
    values = [word if number else f"%{word}%" for word, number in zip(asked, numbers, strict=True)]
    begun, spent = time.perf_counter(), time.process_time()
    statement = _LIKE.format(conditions=" AND ".join(conditions))
    rows = bare.execute(statement, values).fetchall()
    seconds, spent = time.perf_counter() - begun, time.process_time() - spent
    return seconds, spent, rows[0][0] if rows else 0
