"""A proposed gate policy tried on every version of families, beside bare SQL for the same rows."""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.pairs import interleaved
from tests.benchmarks.probes.pages import _bare, _set_up

# What no answer can do without: each version with its report, and the figures of the others on
# the same rows.
_STATEMENTS = (
    """
    SELECT v.id, v.origin, v.version, v.manifest_id, v.registered_at, v.metrics
    FROM registry_modelversion v JOIN registry_modelfamily f ON f.id = v.family_id WHERE f.slug = ?
    """,
    """
    SELECT e.version_id, e.manifest_id, e.plant_code, e.value, e.n, e.evaluated_at
    FROM registry_evaluation e JOIN registry_modelfamily f ON f.id = e.family_id WHERE f.slug = ?
    """,
)


def families() -> dict[str, int]:
    """How many versions each family has."""
    _set_up()
    from django.db.models import Count

    from registry.models import ModelFamily

    counted = ModelFamily.objects.annotate(held=Count("versions"))
    return dict(counted.values_list("slug", "held"))


def measure(slugs: list[str], repeats: int) -> dict[str, Any]:
    """Seconds of the families' back-tests under the starting policy and of the bare statements."""
    _set_up()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from governance.domain.backtest import BackTest
    from governance.domain.policies import STARTER, parse
    from governance.selectors import gates
    from registry.domain.access import portal_scope
    from registry.models import ModelFamily

    families, document = [*ModelFamily.objects.filter(slug__in=slugs)], parse(STARTER)
    bare = _bare()
    found: list[list[BackTest]] = []
    cpu: list[float] = []

    def tried() -> float:
        started, spent = time.perf_counter(), time.process_time()
        found.append([gates.backtest(portal_scope(), one, document) for one in families])
        seconds = time.perf_counter() - started
        cpu.append(time.process_time() - spent)
        return seconds

    def rows() -> float:
        started = time.perf_counter()
        for slug in slugs:
            assert all(bare.execute(statement, (slug,)).fetchall() for statement in _STATEMENTS)
        return time.perf_counter() - started

    # The first run fills the cache of exact intervals, as a portal's first does: it counts too.
    pairs = interleaved(tried, rows, pairs=repeats, warm=0)
    with CaptureQueriesContext(connection) as asked:
        tried()
    last = found[-1]
    return {
        "pairs": pairs,
        "cpu": cpu[:-1],
        "queries": len(asked) / len(families),
        "versions": sum(len(one.tried) for one in last),
        "plants": len({one.origin for some in last for one in some.tried}),
        "gates": _said(last),
        "same": all(one == last for one in found),
    }


def _said(found: list[Any]) -> dict[str, list[int]]:
    """What each gate said of all versions: passed, failed, insufficient."""
    told: dict[str, list[int]] = {}
    for some in found:
        for one in some.gates:
            sums = told.setdefault(one.gate, [0, 0, 0])
            for place, count in enumerate((one.passed, one.failed, one.insufficient)):
                sums[place] += count
    return told
