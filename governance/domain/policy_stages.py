"""What each stage of a release asks for beyond gates: who must agree, and how much was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.domain.quorum import SEATS, TITLES
from plants.domain.desired_state import STAGES, Mode, stage, within
from plants.domain.desired_state import TITLES as MODES
from registry.domain.schema_problems import Problem, closed, join
from registry.domain.wording import counted, listed, number

# Where a policy is silent: the further a version's word counts, the more look at it first.
DEFAULT_APPROVALS: Mapping[str, Mapping[str, int]] = {
    Mode.SHADOW: {"quality": 1},
    Mode.CANARY: {"quality": 1, "process": 1},
    Mode.ACTIVE: {"quality": 1, "process": 1, "data_science": 1},
}
DEFAULT_DECIDE_WITHIN_DAYS = 14
# Half a year: people, parts and cameras change within it.
DEFAULT_VALID_DAYS = 180


@dataclass(frozen=True, slots=True)
class Evidence:
    """What must be on record at the plant before a version goes into a stage.

    Attributes:
        min_rows: rows judged at the plant since the stage before began.
        min_readiness: of the line, 0 to 1.
    """

    min_rows: int = 0
    min_readiness: float = 0.0


DEFAULT_EVIDENCE: Mapping[str, Evidence] = {
    Mode.SHADOW: Evidence(),
    Mode.CANARY: Evidence(100, 0.0),
    Mode.ACTIVE: Evidence(300, 0.5),
}

_PERSONS = {"type": "integer", "minimum": 0, "maximum": 5}
_SEATS = closed(dict.fromkeys(SEATS, _PERSONS), minProperties=1)
_EVIDENCE = closed(
    {
        "min_rows": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
        "min_readiness": {"type": "number", "minimum": 0, "maximum": 1},
    },
    minProperties=1,
)


def sections(source: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas of both sections; each names the source of its figures."""
    approvals = {
        **{mode.value: _SEATS for mode in STAGES},
        "decide_within_days": {"type": "integer", "minimum": 1, "maximum": 365},
        "valid_days": {"type": "integer", "minimum": 1, "maximum": 3_660},
        "source": source,
    }
    # Into shadow goes what has run nowhere yet.
    evidence = {**{mode.value: _EVIDENCE for mode in STAGES[1:]}, "source": source}
    return {
        "approvals": closed(approvals, ["source"]),
        "evidence": closed(evidence, ["source"]),
    }


def section_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Modes that ask nobody, and those that ask for fewer than a mode below them."""
    asked = {mode: quorum_of(document, mode) for mode in STAGES}
    for lower, mode in zip((None, *STAGES), STAGES, strict=False):
        at = join("approvals", mode)
        if not asked[mode]:
            yield at, f"{at} asks nobody: at least one person has to agree."
        for seat, least in asked[lower].items() if lower else ():
            place, count = join(at, seat), asked[mode].get(seat, 0)
            if count < least:
                yield place, f"{place} is {count}; it must be at least the {least} of {lower}."


def applies(gate: Mapping[str, Any], mode: str | None) -> bool:
    """Whether a gate is asked of releases in a mode; without one, of any."""
    return mode is None or within(stage(gate_stage(gate)), stage(mode))


def gate_stage(gate: Mapping[str, Any]) -> str:
    """The stage from which on a gate is asked for.

    >>> gate_stage({"gate": "support"}), gate_stage({"gate": "escapes", "from": "canary"})
    ('shadow', 'canary')
    """
    return str(gate.get("from", Mode.SHADOW.value))


def quorum_of(document: Mapping[str, Any], mode: str) -> dict[str, int]:
    """How many persons of each seat must agree to a mode; seats that are not asked are left out.

    >>> quorum_of({}, "canary")
    {'quality': 1, 'process': 1}
    """
    said = document.get("approvals", {}).get(stage(mode), DEFAULT_APPROVALS[mode])
    return {seat: int(said[seat]) for seat in SEATS if said.get(seat)}


def decide_within_days(document: Mapping[str, Any]) -> int:
    """Within how many days a request is decided, or expires."""
    return _days(document, "decide_within_days", DEFAULT_DECIDE_WITHIN_DAYS)


def valid_days(document: Mapping[str, Any]) -> int:
    """For how many days what was agreed to holds."""
    return _days(document, "valid_days", DEFAULT_VALID_DAYS)


def _days(document: Mapping[str, Any], name: str, default: int) -> int:
    return int(document.get("approvals", {}).get(name, default))


def evidence_for(document: Mapping[str, Any], mode: str) -> Evidence:
    """What must have been seen at the plant before a version goes into a mode.

    >>> evidence_for({"evidence": {"active": {"min_rows": 500}}}, "active")
    Evidence(min_rows=500, min_readiness=0.5)
    """
    default = DEFAULT_EVIDENCE[stage(mode)]
    said = document.get("evidence", {}).get(mode, {})
    return Evidence(
        int(said.get("min_rows", default.min_rows)),
        float(said.get("min_readiness", default.min_readiness)),
    )


# --- In words ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StageTold:
    """One stage in words, as a policy's pages say it."""

    mode: str
    agree: str
    evidence: str

    @property
    def title(self) -> str:
        """The stage's name for people."""
        return MODES[Mode(self.mode)]


@dataclass(frozen=True, slots=True)
class StagesTold:
    """All that a policy asks of releases beyond gates; no source where it is the platform's."""

    stages: tuple[StageTold, ...]
    decide_within_days: int
    valid_days: int
    approvals_source: str
    evidence_source: str


def stages_told(document: Mapping[str, Any]) -> StagesTold:
    """Who must agree to each stage and what must have been seen, lowest first."""
    told = (
        StageTold(
            mode.value,
            _agreed(quorum_of(document, mode)),
            _seen(mode, evidence_for(document, mode)),
        )
        for mode in STAGES
    )
    return StagesTold(
        tuple(told),
        decide_within_days(document),
        valid_days(document),
        document.get("approvals", {}).get("source", ""),
        document.get("evidence", {}).get("source", ""),
    )


def _agreed(asked: Mapping[str, int]) -> str:
    return listed([f"{count} of {TITLES[seat].lower()}" for seat, count in asked.items()])


def _seen(mode: Mode, asked: Evidence) -> str:
    parts = []
    if asked.min_rows:
        below = STAGES[STAGES.index(mode) - 1]
        rows = counted(asked.min_rows, "row")
        parts.append(f"{rows} judged at the plant since {below} began")
    if asked.min_readiness:
        parts.append(f"the line's readiness at {number(asked.min_readiness)} or more")
    return listed(parts) or "Nothing beyond the gates"
