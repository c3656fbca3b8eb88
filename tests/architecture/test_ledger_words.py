"""Every action that the code can write into the ledger has words, and no words are left over."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.models import CampaignState, ReleaseOutcome
from registry.domain.jobs import JobState
from registry.domain.ledger_words import SENTENCES
from registry.models.submissions import SubmissionState

ROOT = Path(__file__).resolve().parents[2]
_ACTION = re.compile(r"[a-z]+\.[a-z][a-z-]*")
# Calls whose arguments name an action: the ledger's own, and what leads to it.
_WRITERS = re.compile(r"record|record_all|_record\w*|Fact|\w+_fact")
# An action that is put together from a state, with the states it can be put together from.
_FROM_STATES = {
    "job.": [one.value.replace("_", "-") for one in JobState],
    "campaign.": [CampaignState.HALTED.value, CampaignState.DONE.value],
    "release.": [one.value for one in ReleaseOutcome if one.value],
    "submission.": [SubmissionState.REFUSED.value, SubmissionState.WITHDRAWN.value],
}


def calls(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            if _WRITERS.fullmatch(name):
                yield node


def actions(source: str) -> set[str]:
    found = set()
    for call in calls(source):
        for argument in call.args:
            if isinstance(argument, ast.JoinedStr):
                first = argument.values[0]
                stem = first.value if isinstance(first, ast.Constant) else ""
                found |= {f"{stem}{state}" for state in _FROM_STATES.get(str(stem), ())}
                assert stem in _FROM_STATES or not str(stem).endswith("."), ast.unparse(call)
            elif not isinstance(argument, ast.Call):
                constants = (one for one in ast.walk(argument) if isinstance(one, ast.Constant))
                texts = (one.value for one in constants if isinstance(one.value, str))
                found |= {text for text in texts if _ACTION.fullmatch(text)}
    return found


def written() -> set[str]:
    packages = (ROOT / name for name in ("registry", "plants", "governance"))
    return {
        action
        for package in packages
        for path in package.rglob("*.py")
        if "migrations" not in path.parts
        for action in actions(path.read_text())
    }


def test_every_action_has_words_and_no_words_are_left_over():
    assert written() == set(SENTENCES)


def test_the_list_of_actions_can_grow():
    planted = 'ledger.record(scope, "line.painted", f"line:{line}")'
    assert actions(planted) == {"line.painted"}
    assert actions('record(scope, job, f"job.{state}")') >= {"job.succeeded", "job.gate-failed"}
    with pytest.raises(AssertionError):
        actions('ledger.record(scope, f"line.{what}", "line:1")')


@pytest.mark.parametrize("action", sorted(SENTENCES))
def test_the_words_are_plain(action):
    words = SENTENCES[action]
    assert words
    assert not words.endswith(".")
    assert action not in words
    assert all(
        name is None or name.isidentifier() for _, name, *_ in string.Formatter().parse(words)
    )
