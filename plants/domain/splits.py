"""Parts a data set into train, validation and hold-out so that the hold-out tells the truth."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from registry.domain.errors import Invalid

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

TRAIN, VALIDATION, HOLDOUT = range(3)
_PARTS = 3
# A newest group larger than this would leave too little to learn from.
_MAX_HOLDOUT = 0.6


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of each part, ascending; together they are every row exactly once."""

    train: IntArray
    validation: IntArray
    holdout: IntArray
    warnings: tuple[str, ...] = ()


def split(
    labels: IntArray,
    groups: IntArray | None,
    times: FloatArray | None,
    *,
    validation: float,
    holdout: float,
    seed: int,
    respect: Collection[str] = ("group", "time"),
    classes: Sequence[str] = (),
) -> Split:
    """Part the rows by class, by group and by time.

    No group straddles two parts. With times, the hold-out is the newest groups, a group being as
    new as its newest row, so that nothing in training is newer than any group held out; rows
    without a time are the oldest, and groups of the same time come in random order. Without times,
    groups go where they bring the class counts closest to their targets (greedy, largest group
    first, as in Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data",
    ECML PKDD 2011). The validation part is always drawn that way, from what is not held out.
    Every class keeps rows in training as long as it has two groups.

    Args:
        respect: which of `group` and `time` to heed.
        classes: class names for the warnings.

    >>> labels = np.array([0, 1] * 10)
    >>> parts = split(labels, None, None, validation=0.2, holdout=0.3, seed=1)
    >>> [len(rows) for rows in (parts.train, parts.validation, parts.holdout)]
    [10, 4, 6]
    """
    if not 0 < holdout < 1 or not 0 <= validation < 1 or validation + holdout >= 1:
        raise ValueError("validation and holdout must leave a share of the rows for training.")
    units = _Units.of(labels, groups if "group" in respect else None)
    _refuse_single(units)
    rng = np.random.default_rng(seed)
    shares = np.array([1 - validation - holdout, validation, holdout])
    parts = np.full(len(units), -1, dtype=np.int64)
    notes: list[str] = []
    if times is not None and "time" in respect:
        _hold_newest(units, units.newest(times), holdout, parts, rng, notes)
    is_by_time = bool(np.any(parts == HOLDOUT))
    _stratify(units, shares, parts, rng)
    _teach_every_class(units, parts, notes, classes)
    if not is_by_time:
        _test_every_class(units, parts)
    _fill_empty(units, shares, parts, notes)
    _note_untested(units, parts, notes, classes)
    rows = parts[units.of_row]
    train, checked, held = (np.flatnonzero(rows == part) for part in range(_PARTS))
    return Split(train, checked, held, tuple(notes))


def overlap(parts: Split, groups: IntArray | None) -> int:
    """How many groups have rows in more than one part (0 is the promise)."""
    if groups is None:
        return 0
    seen = np.concatenate(
        [np.unique(groups[rows]) for rows in (parts.train, parts.validation, parts.holdout)]
    )
    return int(len(seen) - len(np.unique(seen)))


@dataclass(frozen=True, eq=False)
class _Units:
    """What moves as one piece: a group, or a row that stands alone.

    Attributes:
        of_row: unit of each row.
        counts: rows per unit and class, [units, classes].
    """

    of_row: IntArray
    counts: npt.NDArray[np.int32]

    @classmethod
    def of(cls, labels: IntArray, groups: IntArray | None) -> _Units:
        codes = np.arange(len(labels)) if groups is None else groups
        _, of_row = np.unique(codes, return_inverse=True)
        shape = (int(of_row.max(initial=-1)) + 1, int(labels.max(initial=-1)) + 1)
        counts = np.zeros(shape, dtype=np.int32)
        np.add.at(counts, (of_row, labels), 1)
        return cls(of_row.astype(np.int64), counts)

    def __len__(self) -> int:
        return len(self.counts)

    def newest(self, times: FloatArray) -> FloatArray:
        known = np.where(np.isnan(times), -np.inf, times)
        newest = np.full(len(self), -np.inf)
        np.maximum.at(newest, self.of_row, known)
        return newest

    @property
    def sizes(self) -> IntArray:
        return np.asarray(self.counts.sum(axis=1), dtype=np.int64)


def _refuse_single(units: _Units) -> None:
    if len(units) < 2:
        raise Invalid(
            "All rows belong to one group, so nothing can be held out: choose another `group` "
            "column or add data.",
            code="split-impossible",
        )


def _hold_newest(
    units: _Units,
    newest: FloatArray,
    share: float,
    parts: IntArray,
    rng: np.random.Generator,
    notes: list[str],
) -> None:
    """Take the newest units until the hold-out is as close to its share as whole units allow."""
    order = np.lexsort((rng.permutation(len(units)), -newest))
    filled = np.cumsum(units.sizes[order])
    total = int(filled[-1])
    count = int(np.argmin(np.abs(filled - share * total))) + 1
    if filled[count - 1] > _MAX_HOLDOUT * total:
        notes.append(
            "The newest group is too large to be held out alone, so the split does not respect "
            "time."
        )
        return
    parts[order[:count]] = HOLDOUT


def _stratify(units: _Units, shares: FloatArray, parts: IntArray, rng: np.random.Generator) -> None:
    """Place every unit that has no part yet where it brings the class counts nearest target."""
    free = np.flatnonzero(parts == -1)
    totals = units.counts[free].sum(axis=0).astype(np.float64)
    wanted = shares.copy()
    if np.any(parts == HOLDOUT):
        wanted[HOLDOUT] = 0.0
    targets = np.outer(wanted / wanted.sum(), totals)
    weights = 1.0 / np.maximum(totals, 1.0)
    filled = np.zeros_like(targets)
    shuffled = rng.permutation(free)
    sizes = units.sizes
    alone = sizes[shuffled] == 1
    groups = shuffled[~alone]
    for unit in groups[np.argsort(-sizes[groups], kind="stable")]:
        counts = units.counts[unit]
        cost = ((2 * (filled - targets) + counts) * (counts * weights)).sum(axis=1)
        cost[wanted == 0] = np.inf
        part = int(np.argmin(cost))
        parts[unit] = part
        filled[part] += counts
    _place_single_rows(units, shuffled[alone], targets - filled, parts)


def _place_single_rows(
    units: _Units, single: IntArray, missing: FloatArray, parts: IntArray
) -> None:
    """Rows that stand alone fill what the groups left open, class by class, at array speed."""
    label_of = units.counts[single].argmax(axis=1)
    for label in range(units.counts.shape[1]):
        rows = single[label_of == label]
        held = _quota(missing[HOLDOUT, label], len(rows))
        checked = _quota(missing[VALIDATION, label], len(rows) - held)
        parts[rows[:held]] = HOLDOUT
        parts[rows[held : held + checked]] = VALIDATION
        parts[rows[held + checked :]] = TRAIN


def _quota(missing: float, available: int) -> int:
    return min(max(round(missing), 0), available)


def _teach_every_class(
    units: _Units, parts: IntArray, notes: list[str], classes: Sequence[str]
) -> None:
    """Bring one unit of a class that training lacks back into it, the smallest first."""
    has = units.counts > 0
    for label in _where(has.any(axis=0) & ~has[parts == TRAIN].any(axis=0)):
        candidates = np.flatnonzero(has[:, label])
        # Validation is the cheaper place to take from: the hold-out is what is believed.
        order = np.lexsort((units.sizes[candidates], parts[candidates] == HOLDOUT))
        unit = candidates[order[0]]
        if parts[unit] == HOLDOUT:
            notes.append(
                f"{_named(label, classes)} was only in the hold-out, so one of its groups was "
                "moved to training."
            )
        parts[unit] = TRAIN


def _test_every_class(units: _Units, parts: IntArray) -> None:
    """Hold out one unit of a class that rounding left without any, if training can spare it."""
    has = units.counts > 0
    for label in _where(has.any(axis=0) & ~has[parts == HOLDOUT].any(axis=0)):
        unit = _spare(units, parts, label)
        if unit is not None:
            parts[unit] = HOLDOUT


def _fill_empty(units: _Units, shares: FloatArray, parts: IntArray, notes: list[str]) -> None:
    """Give an empty part the smallest unit that training can spare without losing a class."""
    for part in (HOLDOUT, VALIDATION):
        if shares[part] == 0 or np.any(parts == part):
            continue
        unit = _spare(units, parts)
        if unit is not None:
            parts[unit] = part
        elif part == VALIDATION:
            notes.append("There are too few groups for a validation part.")
        else:
            raise Invalid(
                "There are too few groups to hold any out without losing a class from training: "
                "choose a finer `group` column or add data.",
                code="split-impossible",
            )


def _spare(units: _Units, parts: IntArray, label: int | None = None) -> int | None:
    """The smallest unit of training (with a row of the class) that holds no class's last rows."""
    teaching = np.flatnonzero(parts == TRAIN)
    has = units.counts[teaching] > 0
    is_needed = (has & (has.sum(axis=0) == 1)).any(axis=1)
    wanted = ~is_needed if label is None else ~is_needed & has[:, label]
    spare = teaching[wanted]
    return int(spare[np.argmin(units.sizes[spare])]) if spare.size else None


def _note_untested(
    units: _Units, parts: IntArray, notes: list[str], classes: Sequence[str]
) -> None:
    present = units.counts.sum(axis=0) > 0
    tested = units.counts[parts == HOLDOUT].sum(axis=0) > 0
    notes.extend(
        f"{_named(label, classes)} is absent from the hold-out, so nothing is known about it."
        for label in _where(present & ~tested)
    )


def _where(mask: npt.NDArray[np.bool_]) -> list[int]:
    return [int(position) for position in np.flatnonzero(mask)]


def _named(label: int, classes: Sequence[str]) -> str:
    return f"The class {classes[label]!r}" if label < len(classes) else f"Class {label}"
