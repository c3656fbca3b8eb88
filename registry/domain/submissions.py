"""What an uploader must say of a model trained elsewhere, and what it may leave to the family."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from registry.domain.errors import Invalid
from registry.domain.onnx_contract import Kind, Signature

CLAIMABLE = ("accuracy", "balanced_accuracy", "auc", "macro_f1")
MAX_COMMIT_CHARACTERS = 64  # a SHA-256 commit of git
MAX_NOTES_CHARACTERS = 20_000
MAX_FILE_NAME_CHARACTERS = 200
_MIN_NOTES_WORDS = 4  # fewer make no sentence

_DATASET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def refuse(field: str, sentence: str, way_out: str, *, code: str | None = None) -> NoReturn:
    """Raise the refusal of one field."""
    raise Invalid(sentence, code=code, fields={field: [way_out]})


def check_dataset(name: str) -> str:
    """A data set's name as orders write it."""
    if not _DATASET_NAME.fullmatch(name):
        refuse(
            "dataset",
            f"No data set is called {name!r:.80}."
            if name
            else "It is not said which data set the model is judged on.",
            "Write up to 64 of a-z, 0-9, dot, hyphen and underscore, or choose a manifest.",
        )
    return name


def check_commit(text: str) -> str:
    """Where the training code stands: a commit, or whatever names it elsewhere."""
    text = text.strip()
    if not text or len(text) > MAX_COMMIT_CHARACTERS or not text.isprintable():
        refuse(
            "code_commit",
            "The commit of the training code is missing or too long.",
            "Write the commit (git rev-parse HEAD), or up to 64 characters that name the code.",
        )
    return text


def check_notes(text: str) -> str:
    """How it was trained, in the uploader's own words."""
    text = text.strip()
    if len(text.split()) < _MIN_NOTES_WORDS or len(text) > MAX_NOTES_CHARACTERS:
        refuse(
            "training_notes",
            "The training notes say too little or far too much.",
            "Write at least one sentence, and at most 20,000 characters: on which data, with "
            "which program, what was tried.",
        )
    if "\x00" in text:
        refuse("training_notes", "The training notes hold a NUL.", "Remove the NUL.")
    return text


def check_claims(stated: Mapping[str, Any]) -> dict[str, float]:
    """The uploader's own figures: known names, shares from 0 to 1.

    >>> check_claims({"accuracy": 0.97})
    {'accuracy': 0.97}
    """
    unknown = sorted(set(stated) - set(CLAIMABLE))
    if unknown:
        refuse(
            "claimed_metrics",
            f"A metric called {unknown[0]!r:.60} cannot be claimed.",
            f"Claim any of {', '.join(CLAIMABLE)}, or nothing.",
        )
    for name, value in stated.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not 0 <= value <= 1:
            refuse(
                "claimed_metrics",
                f"The claimed {name.replace('_', ' ')} is no share.",
                "Write a number from 0 to 1, such as 0.97.",
            )
    return {name: float(value) for name, value in stated.items()}


def check_file_name(name: str) -> str:
    """The file's own name, without folders, as it may stand on a page."""
    short = re.split(r"[\\/]", name)[-1].strip()
    if not short.isprintable():
        refuse("file_name", "The file's name holds control characters.", "Rename the file.")
    return short[:MAX_FILE_NAME_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Stated:
    """What is known of inputs and outputs before the file is there."""

    kind: Kind
    classes: Sequence[str] = ()
    numeric: Sequence[str] = ()
    categorical: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FamilyRules:
    """What the family says of them."""

    slug: str
    kind: Kind
    classes: Sequence[str]
    allows_local_classes: bool
    columns: Mapping[str, Any]


def signature_of(
    stated: Stated, family: FamilyRules, parent: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The signature to hold the file to.

    Classes come from the family where it fixes them, from the uploader, the parent or the family's
    proposal otherwise. Columns of a table come from the family, the uploader or the parent; where
    none of them says, they are left out, and the file's own metadata says which they are.
    """
    classes = list(_classes(stated, family, parent))
    document: dict[str, Any] = {"kind": family.kind, "classes": classes}
    numeric, categorical = _columns(stated, family, parent)
    if family.kind == "table" and (numeric or categorical):
        document |= {"numeric": list(numeric), "categorical": list(categorical)}
    # The columns may be unknown yet; the classes are checked as those of an image signature.
    whole = document if "numeric" in document else {"kind": "images", "classes": classes}
    try:
        Signature.from_document(whole)
    except Invalid as problem:
        raise Invalid(problem.message, fields={"classes": [problem.message]}) from None
    return document


def _classes(
    stated: Stated, family: FamilyRules, parent: Mapping[str, Any] | None
) -> Sequence[str]:
    fixed = bool(family.classes) and not family.allows_local_classes
    if stated.classes:
        if fixed and list(stated.classes) != list(family.classes):
            refuse(
                "classes",
                f"Family {family.slug} fixes its classes and their order.",
                f"Leave the classes out, or state {', '.join(family.classes)} in this order.",
            )
        return stated.classes
    if fixed:
        return family.classes
    found = (parent or {}).get("classes") or family.classes
    if not found:
        refuse(
            "classes",
            f"Family {family.slug} leaves the classes to each plant, and none are stated.",
            "State the classes in the order of the model's outputs, or name a parent that has "
            "the same.",
        )
    return list(found)


def _columns(
    stated: Stated, family: FamilyRules, parent: Mapping[str, Any] | None
) -> tuple[Sequence[str], Sequence[str]]:
    if family.kind != "table":
        if stated.numeric or stated.categorical:
            refuse("numeric", "A model of images has no columns.", "Leave the columns out.")
        return (), ()
    if stated.numeric or stated.categorical:
        return stated.numeric, stated.categorical
    for source in (family.columns, parent or {}):
        numeric, categorical = source.get("numeric") or (), source.get("categorical") or ()
        if numeric or categorical:
            return numeric, categorical
    return (), ()


def expected(document: Mapping[str, Any]) -> Signature | None:
    """The signature to verify the file by; none where only the file knows its columns."""
    if document["kind"] == "table" and "numeric" not in document:
        return None
    return Signature.from_document(dict(document))
