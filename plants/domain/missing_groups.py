"""What a plant has not reported, told by kind once it is more than a person reads at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from plants.domain.reporting import Missing
from registry.domain.wording import counted, listed

# So many sentences are read one by one; more are told by kind.
AT_A_GLANCE = 6
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Group:
    """What is said of one kind, and each thing it stands for; none where it says all itself."""

    said: Missing
    members: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind:
    """How many of a kind are told of: a sentence, and where all of them are mended."""

    noun: str
    sentence: str  # of the count and the names
    place: str
    action: str


_KINDS = {
    "nobody": _Kind("line", "{} have nobody on call tonight: {}.", "roster", "Enter shifts"),
    "hours": _Kind(
        "line", "{} have hours tonight with nobody on call: {}.", "roster", "Enter shifts"
    ),
    "second": _Kind(
        "line",
        "{} have hours tonight with only a second on call: {}.",
        "roster",
        "Enter shifts",
    ),
    "owner": _Kind("line", "{} have no owner: {}.", "lines", "Declare owners"),
    "left": _Kind(
        "role", "{} are held by people who have left: {}.", "lines", "Declare somebody else"
    ),
    "runbook": _Kind("inspection", "{} have no runbook: {}.", "runbooks", "Write or link runbooks"),
    "family": _Kind(
        "station",
        "{} have no family, so nobody knows what is inspected there: {}.",
        "lines",
        "Choose their families",
    ),
    "age": _Kind(
        "runbook", "{} were last reviewed a year ago or more: {}.", "runbooks", "Review them"
    ),
    "phone": _Kind("person", "For {} no phone number is known: {}.", "people", "Add their numbers"),
}
_PLURALS = {"person": "people"}


def grouped(found: Sequence[Missing]) -> list[Group]:
    """Few things one by one, many by kind: what hurts soonest first, then what there is most of."""
    if len(found) <= AT_A_GLANCE:
        return [Group(one) for one in found]
    kinds: dict[str, list[Missing]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    groups = [group for kind, members in kinds.items() for group in _of_kind(kind, members)]
    return sorted(groups, key=lambda group: (group.said.severity, -len(group.members)))


def _of_kind(kind: str, members: Sequence[Missing]) -> Iterable[Group]:
    # One line can have two gaps in a night.
    names = list(dict.fromkeys(one.about for one in members))
    if kind not in _KINDS or len(names) < 2:
        return [Group(one) for one in members]
    told = _KINDS[kind]
    many = counted(len(names), told.noun, _PLURALS.get(told.noun, ""))
    said = replace(
        members[0],
        sentence=told.sentence.format(many, listed(names, _NAMED)),
        noun=told.place,
        code="",
        action=told.action,
        line="",
    )
    return [Group(said, tuple(members))]
