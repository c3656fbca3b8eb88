"""The anonymised description of a data set that stays at its plant: what may travel, and no more.

Names of files, groups and variants never enter; a row is known only by a digest keyed with a secret
of the plant. Counts are hidden below `SMALL_CELL`, and with them as many neighbours as it takes
that no sum gives a hidden one away. Classes are counted once, over all parts: a table of classes by
parts could be solved for its hidden cells (Gusfield, SIAM J. Computing 17(3), 1988).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from registry.domain import envelope_section, leakage_section
from registry.domain.digests import canonical_json, keyed_digest
from registry.domain.errors import Invalid, TooLarge
from registry.domain.manifest_schema import (
    MANIFEST_SCHEMA,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_STATISTICS_BYTES,
    MIN_FOR_STATISTICS,
    PARTS,
    QUANTILES,
    SCHEMA,
    SMALL_CELL,
)
from registry.domain.schema_problems import Problem, by_path, problems

MIN_SECRET_BYTES = 32
_PURPOSE = b"lineward.rows/v1\n"
_SIGNIFICANT_DIGITS = 4

Row = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]


def build(
    *,
    secret: bytes,
    kind: str,
    classes: Sequence[str],
    labels: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64] | None,
    parts: Mapping[str, npt.NDArray[np.int64]],
    identities: npt.NDArray[np.uint8],
    copies: int,
    variants: int | None,
    times: Numbers | None,
    measures: Mapping[str, Numbers],
    categories: Mapping[str, tuple[int, int]] | None = None,
    colour: int | None = None,
    leakage: leakage_section.Found | None = None,
    envelope: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe a data set for the portal.

    Args:
        secret: the plant's own key, at least 32 bytes; it never leaves the plant.
        parts: row numbers of train, validation and holdout.
        identities: 32 bytes per row that depend on its content and class only.
        copies: rows whose content repeats an earlier row's.
        variants: how many part variants there are.
        times: Unix seconds per row, NaN where unknown; None without a calendar.
        measures: per image measure or numeric column, one value per row (NaN is missing); of a
            very wide table the first columns are described.
        categories: per text column, (different texts, rows in which it is missing).
        colour: how many images have colour.
        leakage: what was found on both sides of the split; None where nobody looked.
        envelope: of the training images, as `envelope_section` describes it.
    """
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"A plant's manifest secret has at least {MIN_SECRET_BYTES} bytes.")
    rows = len(labels)
    by_class = suppress(np.bincount(labels, minlength=len(classes)).tolist())
    by_part = suppress([len(parts[name]) for name in PARTS])
    document = {
        "schema": SCHEMA,
        "kind": kind,
        "rows": rows,
        "groups": _groups(rows, rows if groups is None else len(np.unique(groups))),
        "copies": _alone(copies),
        "variants": variants,
        "classes": [{"name": name, **count} for name, count in zip(classes, by_class, strict=True)],
        "balance": _balance(by_class, rows),
        "splits": {
            name: {**count, "digest": rows_digest(secret, identities[parts[name]])}
            for name, count in zip(PARTS, by_part, strict=True)
        },
        "digest": rows_digest(secret, identities),
        "days": _days(times),
        "statistics": _statistics(kind, measures, categories or {}, colour, rows),
        **envelope_section.of_train(envelope, by_part[0]),
    }
    if leakage is not None:
        document["leakage"] = leakage_section.build(leakage, document)
    return document


def rows_digest(secret: bytes, identities: npt.NDArray[np.uint8]) -> str:
    """Keyed digest of a set of rows, whatever their order; equal rows give an equal digest.

    >>> rows = np.arange(64, dtype=np.uint8).reshape(2, 32)
    >>> rows_digest(b"k" * 32, rows) == rows_digest(b"k" * 32, rows[::-1])
    True
    """
    ordered = sorted(row.tobytes() for row in identities)
    return keyed_digest(secret, _PURPOSE + b"".join(ordered))


def suppress(counts: Sequence[int]) -> list[dict[str, Any]]:
    """Hide counts below `SMALL_CELL`, and neighbours until the published total says nothing.

    Zero stays: that there is none describes no part. Hidden counts are at least two and add up to
    twice `SMALL_CELL`, so that each may still be anything below it.

    >>> [count["rows"] for count in suppress([50, 3, 12])]
    [50, None, None]
    """
    hidden = {place for place, count in enumerate(counts) if 0 < count < SMALL_CELL}
    seen = sorted((count, place) for place, count in enumerate(counts) if count >= SMALL_CELL)
    while hidden and seen and not _is_vague([counts[place] for place in hidden]):
        hidden.add(seen.pop(0)[1])
    return [
        {"rows": None if place in hidden else int(count), "suppressed": place in hidden}
        for place, count in enumerate(counts)
    ]


def _is_vague(hidden: Sequence[int]) -> bool:
    return len(hidden) > 1 and sum(hidden) >= 2 * SMALL_CELL


def _alone(count: int) -> dict[str, Any]:
    is_small = 0 < count < SMALL_CELL
    return {"count": None if is_small else int(count), "suppressed": is_small}


def _groups(rows: int, groups: int) -> dict[str, Any]:
    # Where only copies form groups, rows minus groups is the number of copies.
    return _alone(SMALL_CELL - 1 if 0 < rows - groups < SMALL_CELL else groups)


def _balance(by_class: Sequence[Mapping[str, Any]], rows: int) -> dict[str, float | None]:
    """Shares and evenness (Pielou 1966: entropy over its maximum), only from what is shown."""
    shares = [count["rows"] / rows for count in by_class if not count["suppressed"]]
    is_complete = len(shares) == len(by_class)
    entropy = -sum(share * math.log(share) for share in shares if share)
    return {
        "largest": _rounded(max(shares)) if shares else None,
        "smallest": _rounded(min(shares)) if is_complete else None,
        "evenness": _rounded(entropy / math.log(len(shares))) if is_complete else None,
    }


def _days(times: Numbers | None) -> dict[str, str] | None:
    """First and last day; a finer time could be matched with a shift or a person."""
    known = np.empty(0) if times is None else times[np.isfinite(times)]
    if known.size < SMALL_CELL:
        return None
    first, last = (
        datetime.fromtimestamp(float(edge), tz=UTC).date().isoformat()
        for edge in (known.min(), known.max())
    )
    return {"first": first, "last": last}


def _statistics(
    kind: str,
    measures: Mapping[str, Numbers],
    categories: Mapping[str, tuple[int, int]],
    colour: int | None,
    rows: int,
) -> dict[str, Any]:
    described = {name: _described(values) for name, values in measures.items()}
    if kind == "images":
        return {**described, "colour_share": _share(colour or 0, rows)}
    texts = {
        name: {"categories": distinct, "missing": _share(missing, rows)}
        for name, (distinct, missing) in categories.items()
    }
    room = MAX_STATISTICS_BYTES // 2
    return {
        "columns": len(described) + len(texts),
        "numeric": _fitting(described, room),
        "categorical": _fitting(texts, room),
    }


def _fitting(columns: Mapping[str, dict[str, Any]], room: int) -> dict[str, dict[str, Any]]:
    """The first columns that fit: a very wide table is described in part, not refused."""
    fitting: dict[str, dict[str, Any]] = {}
    for name, summary in columns.items():
        room -= len(canonical_json({name: summary}))
        if room < 0:
            break
        fitting[name] = summary
    return fitting


def _described(values: Numbers) -> dict[str, Any]:
    known = values[np.isfinite(values)].astype(np.float64)
    missing = _share(len(values) - known.size, len(values))
    if known.size < MIN_FOR_STATISTICS:
        return {"missing": missing, "suppressed": True}
    quantiles = np.quantile(known, list(QUANTILES.values()))
    return {
        "missing": missing,
        "suppressed": False,
        "mean": _rounded(float(known.mean())),
        "std": _rounded(float(known.std())),
        **{name: _rounded(float(value)) for name, value in zip(QUANTILES, quantiles, strict=True)},
    }


def _share(count: int, rows: int) -> float | None:
    """A share whose count is small on either side would give that count away."""
    is_small = 0 < count < SMALL_CELL or 0 < rows - count < SMALL_CELL
    return None if is_small or rows < MIN_FOR_STATISTICS else _rounded(count / rows)


def _rounded(value: float) -> float:
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")


def validate(document: Any) -> None:
    """Refuse what is not a manifest, says more than it may, or contradicts itself.

    Raises:
        TooLarge: more than 256 KB as canonical JSON.
        Invalid: anything else, naming the first problem and listing all.
    """
    _check_size(document)
    found = problems(MANIFEST_SCHEMA, document) or [*_contradictions(document)]
    if found:
        more = f" ({len(found)} problems in all)" if len(found) > 1 else ""
        raise Invalid(
            f"The manifest is not valid: {found[0][1].rstrip('.')}{more}.",
            code="bad-manifest",
            fields=by_path(found),
        )


def _check_size(document: Any) -> None:
    _check_depth(document)
    try:
        size = len(canonical_json(document))
    except (TypeError, ValueError):
        raise Invalid(
            "The manifest is not JSON with finite numbers and whole characters.",
            code="bad-manifest",
        ) from None
    if size > MAX_BYTES:
        raise TooLarge(
            f"The manifest has {size} bytes and at most {MAX_BYTES} are read: declare fewer "
            "`features`.",
        )


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise Invalid(
            f"The manifest is nested deeper than {MAX_DEPTH} levels.", code="bad-manifest"
        )


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _contradictions(document: Mapping[str, Any]) -> Iterator[Problem]:
    rows = document["rows"]
    names = [entry["name"] for entry in document["classes"]]
    if len(set(names)) < len(names):
        yield "classes", "classes names one class twice."
    yield from _line("classes", document["classes"], rows)
    yield from _line("splits", [document["splits"][name] for name in PARTS], rows)
    groups = document["groups"]["count"]
    if groups is not None and not 0 < groups <= rows:
        yield "groups", f"groups.count is {groups}, but there are {rows} rows."
    yield from envelope_section.contradictions(document)
    days = document["days"]
    if days and days["first"] > days["last"]:
        yield "days", "days.first is later than days.last."
    if "leakage" in document:
        yield from leakage_section.wrong(document)


def _line(path: str, entries: Sequence[Mapping[str, Any]], rows: int) -> Iterator[Problem]:
    shown = [entry["rows"] for entry in entries if entry["rows"] is not None]
    hidden = rows - sum(shown)
    if len(shown) == len(entries) and hidden:
        yield path, f"{path} counts {sum(shown)} rows, but the manifest has {rows}."
    elif hidden < 0:
        yield path, f"{path} counts more than the manifest's {rows} rows."
    elif len(entries) - len(shown) == 1:
        yield path, f"{path} hides one count only, which the total gives away."
