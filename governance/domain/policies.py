"""A family's gate policy: what a version must show, with thresholds and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from governance.domain.policy_stages import (
    DEFAULT_APPROVALS,
    DEFAULT_DECIDE_WITHIN_DAYS,
    DEFAULT_EVIDENCE,
    DEFAULT_VALID_DAYS,
    Evidence,
    applies,
    decide_within_days,
    evidence_for,
    gate_stage,
    quorum_of,
    section_problems,
    sections,
    stages_told,
    valid_days,
)
from governance.domain.robustness import range_problems, words
from plants.domain.desired_state import STAGES, Mode
from registry.domain.digests import digest_of
from registry.domain.errors import Invalid
from registry.domain.recipe_text import text_problems
from registry.domain.recipe_yaml import parse_yaml
from registry.domain.report_slices import MAX_ROWS as MAX_SLICE_ROWS
from registry.domain.schema_problems import Problem, by_path, closed, join, problems
from registry.domain.stress import PERTURBATIONS

__all__ = [
    "API_VERSION",
    "DEFAULT_APPROVALS",
    "DEFAULT_DECIDE_WITHIN_DAYS",
    "DEFAULT_EVIDENCE",
    "DEFAULT_VALID_DAYS",
    "MAX_GATES",
    "PARAMETERS",
    "STARTER",
    "TITLES",
    "Evidence",
    "decide_within_days",
    "digest",
    "evidence_for",
    "for_mode",
    "gate_stage",
    "parse",
    "quorum_of",
    "refuse",
    "rule",
    "stages_told",
    "told",
    "unfinished",
    "valid_days",
    "vocabulary",
]

API_VERSION = "lineward.policy/v1"
MAX_GATES = 40

_SHARE = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
_ROWS = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
_SOURCE = {
    "type": "string",
    "minLength": 10,
    "maxLength": 400,
    "description": "where the threshold comes from: a study, a contract, a measurement",
}
_AGAINST = {"enum": ["champion", "baseline"]}
_PAIRS = {"type": "integer", "minimum": 0, "maximum": 1_000_000}

# What each kind of gate asks for; every one also names the source of its threshold.
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "support": {"min_rows": _ROWS},
    "escapes": {"max_rate": _SHARE, "max_false_reject_rate": _SHARE},
    "no-regression": {"against": _AGAINST, "margin": _SHARE},
    "no-class-regression": {"against": _AGAINST, "margin": _SHARE, "min_rows": _ROWS},
    # Of fewer rows than bins no calibration error is stated.
    "calibration": {"max_error": _SHARE, "min_rows": {**_ROWS, "minimum": 15}},
    "latency": {"max_ms": {"type": "number", "exclusiveMinimum": 0, "maximum": 60_000}},
    "freshness": {"max_days": {"type": "integer", "minimum": 1, "maximum": 3_660}},
    # Bounds on what a file or a light tells of a class are Youden's index, 0 to 1.
    "leakage": {
        "max_copies": _PAIRS,
        "max_across": _PAIRS,
        "max_giveaway": _SHARE,
        "max_feature": _SHARE,
    },
    "transfer": {"max_drop": _SHARE, "min_plants": {**_ROWS, "maximum": 1_000}},
    "robustness": {
        "under": {"enum": list(PERTURBATIONS)},
        "lowest": {"type": "number", "minimum": 0},
        "highest": {"type": "number", "minimum": 0},
        "max_drop": _SHARE,
        "min_rows": {**_ROWS, "maximum": MAX_SLICE_ROWS},
    },
    "reproducibility": {"min_runs": {"type": "integer", "minimum": 2, "maximum": 10}},
}

_KINDS = {name: kind for gate in PARAMETERS.values() for name, kind in gate.items()}
TITLES: Mapping[str, str] = {
    "support": "Rows per class",
    "escapes": "Escapes",
    "no-regression": "No loss overall",
    "no-class-regression": "No loss in a class",
    "calibration": "Calibration",
    "latency": "Latency",
    "freshness": "Fresh data",
    "leakage": "Leakage",
    "transfer": "Elsewhere",
    "robustness": "Robustness",
    "reproducibility": "Same file again",
}
_COMMON = {
    "gate": {"enum": list(PARAMETERS)},
    "warns": {"type": "boolean", "description": "true: said, but in nobody's way"},
    "from": {"enum": [mode.value for mode in STAGES]},
    "source": _SOURCE,
}
POLICY_SCHEMA: Mapping[str, Any] = closed(
    {
        "apiVersion": {"const": API_VERSION},
        "summary": {"type": "string", "minLength": 10, "maxLength": 1_000},
        "gates": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_GATES,
            "items": {"type": "object", "properties": _COMMON, "required": ["gate", "source"]},
        },
        **sections(_SOURCE),
    },
    ["apiVersion", "summary", "gates"],
)
_GATES: Mapping[str, Mapping[str, Any]] = {
    name: closed({**_COMMON, **parameters}, ["gate", "source", *parameters])
    for name, parameters in PARAMETERS.items()
}

_TO_WRITE = "Write here"
# A place to start: thresholds that a family's owner replaces by the family's own.
STARTER = f"""\
apiVersion: {API_VERSION}
summary: What a version of this family must show before it may run on a line.
gates:
  - gate: support
    min_rows: 30
    source: Below 30 rows a share of 0.9 is known to 0.74-0.97 at best (Wilson 1927).
  - gate: escapes
    max_rate: 0.1
    max_false_reject_rate: 0.05
    source: {_TO_WRITE} who agreed to these rates, e.g. the quality agreement with the customer.
  - gate: no-regression
    against: champion
    margin: 0.02
    source: {_TO_WRITE} why a loss of 2 points would be borne.
  - gate: no-class-regression
    against: champion
    margin: 0.1
    min_rows: 20
    source: {_TO_WRITE} why a loss of 10 points in one class would be borne.
  - gate: calibration
    max_error: 0.1
    min_rows: 200
    source: {_TO_WRITE} what reads the probabilities, and how far off they may be.
  - gate: latency
    max_ms: 100
    source: {_TO_WRITE} the cycle time of the fastest line.
  - gate: freshness
    max_days: 365
    source: {_TO_WRITE} how fast the process changes.
  - gate: transfer
    max_drop: 0.1
    min_plants: 1
    warns: true
    source: {_TO_WRITE} how alike the plants are.
  - gate: leakage
    max_copies: 0
    max_across: 0
    max_giveaway: 0.3
    max_feature: 0.98
    source: No part is both learned from and judged on, and its file says nothing of the part.
approvals:
  shadow: {{quality: 1}}
  canary: {{quality: 1, process: 1}}
  active: {{quality: 1, process: 1, data_science: 1}}
  decide_within_days: 14
  valid_days: 180
  source: {_TO_WRITE} who has to agree, and where that is laid down.
evidence:
  canary: {{min_rows: 100}}
  active: {{min_rows: 300, min_readiness: 0.5}}
  source: {_TO_WRITE} why so many rows tell, and what the line has to have shown.
"""


def parse(source: str) -> dict[str, Any]:
    """Read a policy from YAML in its canonical form.

    Raises:
        Invalid: it is no YAML, or breaks a rule; `fields` names each place.

    >>> parse(STARTER)["gates"][0]["warns"]
    False
    """
    document = parse_yaml(source)
    found = text_problems(document) or problems(POLICY_SCHEMA, document)
    refuse(found or [*_gate_problems(document), *section_problems(document)])
    return {**document, "gates": [_canonical(gate) for gate in document["gates"]]}


def _canonical(gate: Mapping[str, Any]) -> dict[str, Any]:
    """One spelling: whether it warns is always said, the lowest stage never."""
    return {
        "warns": False,
        **{name: value for name, value in gate.items() if (name, value) != ("from", Mode.SHADOW)},
    }


def for_mode(document: Mapping[str, Any], mode: str | None) -> dict[str, Any]:
    """The policy with only the gates that are asked of releases in a mode; None: with all."""
    return {**document, "gates": [one for one in document["gates"] if applies(one, mode)]}


def refuse(found: Sequence[Problem]) -> None:
    """Raise `Invalid` with every problem at its place, if there is one."""
    if found:
        more = f" ({len(found)} problems in all)" if len(found) > 1 else ""
        raise Invalid(
            f"The policy is not valid: {found[0][1].removesuffix('.')}{more}.",
            code="bad-policy",
            fields=by_path(found),
        )


def unfinished(document: Mapping[str, Any]) -> list[Problem]:
    """Where a policy still carries the starter's words in place of a source.

    >>> unfinished(parse(STARTER))[0][0]
    'gates.1.source'
    """
    places = [
        *((join("gates", place), gate) for place, gate in enumerate(document["gates"])),
        *((name, document[name]) for name in ("approvals", "evidence") if name in document),
    ]
    return [
        (at, f"{at} still says what to write there; say where the threshold comes from.")
        for place, part in places
        if part["source"].startswith(_TO_WRITE)
        for at in [join(place, "source")]
    ]


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical policy, 64 hex characters."""
    return digest_of(document)


def _gate_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[tuple[Any, ...]] = set()
    for place, gate in enumerate(document["gates"]):
        at = join("gates", place)
        found = problems(_GATES[gate["gate"]], gate, at)
        yield from found
        if gate["gate"] == "robustness" and not found:
            yield from range_problems(gate, at)
        key = gate["gate"], gate.get("against"), gate.get("under"), gate_stage(gate)
        if key in seen:
            yield at, f"{at} asks for {gate['gate']} a second time; keep one of them."
        seen.add(key)


def rule(gate: Mapping[str, Any]) -> str:
    """What a gate asks for, in words.

    >>> rule({"gate": "latency", "max_ms": 80})
    'The slowest twentieth of parts takes at most 80 ms.'
    """
    return _RULES[gate["gate"]].format(
        **{name: _shown(name, value) for name, value in gate.items()}
    )


def told(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each gate of a policy as it was written, with its title and its rule in words."""
    return [
        {**gate, "title": TITLES[gate["gate"]], "rule": rule(gate), "stage": gate_stage(gate)}
        for gate in document["gates"]
    ]


def vocabulary() -> list[tuple[str, str]]:
    """Every kind of gate with its rule, in which parameters stand by their names.

    >>> dict(vocabulary())["latency"]
    'The slowest twentieth of parts takes at most max_ms ms.'
    """
    return [
        (name, _RULES[name].format_map({key: key for key in PARAMETERS[name]}))
        for name in PARAMETERS
    ]


def _shown(name: str, value: Any) -> Any:
    if name == "under":
        return words(value)
    return f"{value * 100:.3g}" if _KINDS.get(name) is _SHARE else value


_RULES = {
    "support": "Every class has at least {min_rows} rows in the hold-out.",
    "escapes": "At most {max_rate} % of defects escape, as the upper end of the exact interval, "
    "while at most {max_false_reject_rate} % of good parts are rejected.",
    "no-regression": "Balanced accuracy is not {margin} points or more below the {against}'s on "
    "the same rows.",
    "no-class-regression": "No class of at least {min_rows} rows is found {margin} points or more "
    "less often than by the {against} on the same rows.",
    "calibration": "Probabilities are off by at most {max_error} points on average, over at least "
    "{min_rows} rows.",
    "latency": "The slowest twentieth of parts takes at most {max_ms} ms.",
    "freshness": "The data of the hold-out is at most {max_days} days old.",
    "leakage": "At most {max_copies} pairs of rows are identical and at most {max_across} pairs "
    "that show the same have one in the hold-out; no group is on both sides. No file type or image "
    "size marks a class by more than {max_giveaway} points over the others, nor does another "
    "single feature by more than {max_feature}.",
    "transfer": "At {min_plants} or more other plants the version is not more than {max_drop} "
    "points below its own plant's figure.",
    "robustness": "With {under} from {lowest} to {highest}, balanced accuracy is not {max_drop} "
    "points or more below the undisturbed rows', on at least {min_rows} of them.",
    "reproducibility": "The same job run {min_runs} times gave the same file.",
}
