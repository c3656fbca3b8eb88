"""The access matrix as a document that people can read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from django.urls import get_resolver

from tests.architecture.access import SUBJECTS
from tests.architecture.test_floors import our_urls

DOCUMENT = Path(__file__).resolve().parents[2] / "governance" / "access.md"

_AT_GRAZ = ("viewer", "operator", "engineer", "approver")
_CENTRALLY = ("data scientist", "manager", "auditor", "administrator")
_HEAD = ("what", "stranger", "no role", *_AT_GRAZ, *_CENTRALLY, "agent", "another plant's")
_ELSEWHERE = {"404": "not visible", "=": "-", "agent": "not visible"}

_INTRODUCTION = """\
# Who may do what

Written by a test from the table that the suite asks of every page and endpoint
(`tests/architecture/access`), so it cannot say what is not so. After a change of that table:

    LINEWARD_WRITE_ACCESS=1 .venv/bin/pytest tests/architecture/test_access_document.py

- **yes**: the request is answered.
- **form**: allowed; the request of the test lacks something, and is told what.
- **no**: refused, with who may.
- **sign in**: sent to the log-in, or asked for a credential.
- **not visible**: answered as if there were no such thing.

A viewer, operator, engineer or approver holds the role at the plant asked about; a data scientist,
manager, auditor or administrator holds it centrally. The agent is a plant's worker with its
credential: it is nobody to the pages. The last column says what those of one plant get for another
plant's thing; a dash stands where nothing of one plant is asked for.
"""


def text() -> str:
    """The whole document."""
    urls = our_urls(get_resolver())
    paths = {name: "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", pattern) for name, pattern in urls}
    sections = ("\n".join(_section(subject, paths)) for subject in SUBJECTS)
    return "\n".join([_INTRODUCTION, *sections])


def _section(subject: ModuleType, paths: dict[str, str]) -> Iterator[str]:
    title = (subject.__doc__ or "").strip().splitlines()[0].rstrip(".")
    yield f"## {title}\n"
    yield _row(_HEAD)
    yield _row(["---"] * len(_HEAD))
    for line in subject.TABLE.strip().splitlines():
        if line.startswith("#"):
            continue
        url, method, *statuses, elsewhere = line.replace("|", " ").split()
        words = [_word(int(one), column) for one, column in zip(statuses, _HEAD[1:-1], strict=True)]
        yield _row([f"{method} `{paths[url]}`", *words, _ELSEWHERE[elsewhere]])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


_WORDS = {
    401: "sign in",
    403: "no",
    404: "not visible",
    **dict.fromkeys((400, 409, 422), "form"),
}


def _word(status: int, who: str) -> str:
    # A page sends on after a form has done its work; those it does not know it sends to the log-in.
    if status == 302 and who in {"stranger", "agent"}:
        return "sign in"
    return _WORDS.get(status, "yes" if status < 400 else str(status))
