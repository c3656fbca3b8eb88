"""Makes a seeded portal ready to be compared: 200 evaluations at each plant, or 10,000 versions."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from tests.benchmarks.probes.pages import _bare, _set_up

_FAMILY = "surface-defects"


def prepare(evaluations: int) -> dict[str, Any]:
    """At least so many evaluations of one family at every plant; a token that may read them."""
    _set_up()
    bare = _bare()
    (family,) = bare.execute(
        "SELECT id FROM registry_modelfamily WHERE slug = ?", (_FAMILY,)
    ).fetchone()
    before = _per_plant(bare, family)
    while min(_per_plant(bare, family).values()) < evaluations:
        # Once more what is there, some hours earlier each time: other rows of the same size.
        _again(bare, family, hours=7)
    return {"token": _token(), "plants": len(before), "family": _FAMILY}


def _per_plant(bare: sqlite3.Connection, family: int) -> dict[str, int]:
    found = bare.execute(
        "SELECT plant_code, count(*) FROM registry_evaluation"
        " WHERE family_id = ? AND plant_code <> 'centre' GROUP BY plant_code",
        (family,),
    )
    return dict(found.fetchall())


def _again(bare: sqlite3.Connection, family: int, hours: int) -> None:
    names = [row[1] for row in bare.execute("PRAGMA table_info(registry_evaluation)")]
    others = {
        "id": "lower(hex(randomblob(16)))",
        "job_id": "NULL",
        "evaluated_at": f"strftime('%Y-%m-%d %H:%M:%f', evaluated_at, '-{hours} hours')",
    }
    columns = ", ".join(names)
    values = ", ".join(others.get(name, name) for name in names)
    with bare:
        bare.execute(
            f"INSERT INTO registry_evaluation ({columns})"  # noqa: S608 - names of our own table
            f" SELECT {values} FROM registry_evaluation"
            " WHERE family_id = ? AND plant_code <> 'centre'",
            (family,),
        )


def multiply(versions: int) -> int:
    """At least so many versions, each like one that is there but for its number and identity."""
    _set_up()
    bare = _bare()
    names = [row[1] for row in bare.execute("PRAGMA table_info(registry_modelversion)")]
    major = 2
    while _count(bare) < versions:
        # Digits only from the second one on: numbers of one origin stay apart.
        others = {
            "id": "lower(hex(randomblob(16)))",
            "identity": "lower(hex(randomblob(32)))",
            "job_id": "NULL",
            "version": f"'{major}' || substr(version, 2)",
        }
        values = ", ".join(others.get(name, name) for name in names)
        with bare:
            bare.execute(
                f"INSERT INTO registry_modelversion ({', '.join(names)})"  # noqa: S608
                f" SELECT {values} FROM registry_modelversion WHERE version LIKE '1.%'",
            )
        major += 1
    return _count(bare)


def _count(bare: sqlite3.Connection) -> int:
    return int(bare.execute("SELECT count(*) FROM registry_modelversion").fetchone()[0])


def _token() -> str:
    """A token of the manager, who sees every plant."""
    from plants.models import User
    from plants.services import tokens
    from plants.services.access import scope_for

    person = User.objects.get(username="petra")
    name = f"bench {uuid.uuid4().hex[:6]}"
    return tokens.issue(scope_for(person), person, name=name, days=1)[1]
