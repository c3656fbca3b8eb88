"""From the labels people wrote to the classes a model learns, refusing what nobody declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from plants.domain import dataset_contract
from plants.domain.dataset_contract import DatasetContract, canonical_label, class_name
from registry.domain.errors import Invalid

# One row to learn from, one to choose with and one to be judged on.
MIN_ROWS_PER_CLASS = 3
_SHOWN = 8


@dataclass(frozen=True)
class Labelled:
    """The rows that take part.

    Attributes:
        kept: positions of the rows that are not ignored, ascending.
        codes: class index of each kept row.
        classes: names in order; every one has rows.
        used: the entries of `ignore` that named a label.
    """

    kept: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    used: frozenset[str]
    warnings: tuple[str, ...] = ()


def assign(texts: Sequence[str], lines: Sequence[int], contract: DatasetContract) -> Labelled:
    """Give every row its class; `lines` are the rows' line numbers for the refusals."""
    distinct = {text: canonical_label(text) for text in set(texts)}
    ignored = {label for label in distinct.values() if _is_ignored(label, contract)}
    if "" not in ignored:
        _refuse_missing(texts, lines, distinct)
    _refuse_unknown(texts, lines, distinct, ignored, contract)
    class_by_text = {
        text: contract.class_of.get(label, label)
        for text, label in distinct.items()
        if label not in ignored
    }
    classes = _ordered(set(class_by_text.values()), contract)
    index = {name: position for position, name in enumerate(classes)}
    code_of = {text: index[name] for text, name in class_by_text.items()}
    codes = np.fromiter((code_of.get(text, -1) for text in texts), np.int64, len(texts))
    kept = np.flatnonzero(codes >= 0)
    _refuse_small(codes[kept], classes, contract)
    used = {entry for entry in contract.ignore if entry in _names(ignored, contract)}
    absent = [name for name in contract.classes if name not in index]
    return Labelled(kept, codes[kept], classes, frozenset(used), _warn(absent, contract))


def _names(labels: set[str], contract: DatasetContract) -> set[str]:
    return labels | {contract.class_of[label] for label in labels if label in contract.class_of}


def _is_ignored(label: str, contract: DatasetContract) -> bool:
    return label in contract.ignore or contract.class_of.get(label) in contract.ignore


def _refuse_missing(texts: Sequence[str], lines: Sequence[int], distinct: dict[str, str]) -> None:
    blank = {text for text, label in distinct.items() if not label}
    if blank:
        missing = [line for text, line in zip(texts, lines, strict=True) if text in blank]
        raise Invalid(
            f"{len(missing)} rows have no label, the first on line {missing[0]}: label them, or "
            'leave them out with `ignore: [""]`.',
            code="label-missing",
        )


def _refuse_unknown(
    texts: Sequence[str],
    lines: Sequence[int],
    distinct: dict[str, str],
    ignored: set[str],
    contract: DatasetContract,
) -> None:
    if not contract.class_of:
        return
    known = set(contract.class_of) | ignored
    unknown = {text for text, label in distinct.items() if label not in known}
    if not unknown:
        return
    first, line = next(pair for pair in zip(texts, lines, strict=True) if pair[0] in unknown)
    count = sum(text in unknown for text in texts)
    allowed = list(contract.class_of)
    close = get_close_matches(first.strip(), allowed, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "correct it, declare it, or `ignore` it."
    raise Invalid(
        f"The label {first.strip()[: dataset_contract.MAX_CLASS_NAME]!r} on line {line} is not one "
        f"of {_listed(allowed)} ({count} rows have such labels): {hint}",
        code="label-unknown",
    )


def _ordered(present: set[str], contract: DatasetContract) -> tuple[str, ...]:
    names = [name for name in contract.classes if name in present] or sorted(present)
    if len(names) > dataset_contract.MAX_CLASSES:
        raise Invalid(
            f"The label has {len(names)} different values, more than "
            f"{dataset_contract.MAX_CLASSES}: name a column of classes as `target`, "
            "not a measurement.",
            code="label-too-many",
        )
    return tuple(class_name(name) for name in names)


def _refuse_small(
    codes: npt.NDArray[np.int64], classes: tuple[str, ...], contract: DatasetContract
) -> None:
    if len(classes) < 2:
        raise Invalid(
            f"All rows carry the label {_listed(list(classes))}: a model needs at least two "
            "classes to tell apart."
            if classes
            else "No row is left after `ignore`: leave at least two labels in.",
            code="label-single",
        )
    counts = np.bincount(codes, minlength=len(classes))
    rows = {name: int(count) for name, count in zip(classes, counts, strict=True)}
    small = [name for name in classes if rows[name] < MIN_ROWS_PER_CLASS]
    if small:
        raise Invalid(
            f"The class {small[0]!r} has {rows[small[0]]} rows but {MIN_ROWS_PER_CLASS} are the "
            f"least: add rows, or leave it out with `ignore: [{', '.join(small[:_SHOWN])}]`.",
            code="class-too-small",
        )


def _warn(absent: list[str], contract: DatasetContract) -> tuple[str, ...]:
    wanted = [name for name in absent if name not in contract.ignore]
    if not wanted:
        return ()
    return (f"No row carries the declared {_listed(wanted)}, so the model will not know it.",)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
