"""Version numbers carry meaning: what changed between two models decides the next number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from registry.domain.errors import Invalid

Part = Literal["major", "minor", "patch"]

# Six digits a part: nobody counts further, and a number this long still sorts in any database.
SEMVER_PATTERN = r"^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$"
_SEMVER = re.compile(SEMVER_PATTERN[1:-1])


@dataclass(frozen=True, order=True, slots=True)
class SemVer:
    """The core of Semantic Versioning 2.0.0 (https://semver.org): three numbers, nothing else.

    Pre-release and build suffixes are refused on purpose: a stage says how far a version has come,
    and two spellings of one precedence would make "the newest" a matter of taste.

    >>> SemVer.parse("1.10.0") > SemVer.parse("1.9.9")
    True
    >>> str(SemVer.parse("1.4.2").bump("minor"))
    '1.5.0'
    """

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: object) -> SemVer:
        """Read `X.Y.Z`; anything else is refused with the reason."""
        match = _SEMVER.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise Invalid(_why_not(text), code="bad-version")
        return cls(*(int(number) for number in match.groups()))

    def bump(self, part: Part) -> SemVer:
        """The next version when `part` is what changed; the lower parts start again at 0."""
        if part == "major":
            return SemVer(self.major + 1, 0, 0)
        if part == "minor":
            return SemVer(self.major, self.minor + 1, 0)
        return SemVer(self.major, self.minor, self.patch + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def _why_not(text: object) -> str:
    shown = f"{text!r:.60}"
    if not isinstance(text, str):
        return f"Version {shown} is not text: write three numbers in quotes, such as '1.0.0'."
    if re.match(r"v[0-9]", text):
        return f"Version {shown} starts with v: write the numbers alone, such as {text[1:41]!r}."
    if re.match(r"[0-9]+\.[0-9]+\.[0-9]+[-+]", text):
        return (
            f"Version {shown} has a suffix: write three numbers only; "
            "the stage (draft, candidate, approved) says how far a version has come."
        )
    if re.search(r"(^|\.)0[0-9]", text):
        return f"Version {shown} has a leading zero: write 1.2.3, not 01.2.3."
    return (
        f"Version {shown} is not of the form X.Y.Z: "
        "three whole numbers of at most six digits, such as 1.0.0."
    )


def parse(text: object) -> SemVer:
    """Read `X.Y.Z`; the way to sort versions by age.

    >>> sorted(["1.10.0", "1.9.0"], key=parse)
    ['1.9.0', '1.10.0']
    """
    return SemVer.parse(text)


FIRST = SemVer(1, 0, 0)


def next_version(
    previous: str | None, *, classes_changed: bool, recipe_or_parent_changed: bool
) -> str:
    """Number the next model of a family and origin.

    Other classes or another input signature break whoever reads the answers: major. Another recipe
    or parent is a different way to the same answers: minor. The same way on new data: patch.

    >>> next_version(None, classes_changed=False, recipe_or_parent_changed=False)
    '1.0.0'
    >>> next_version("1.4.2", classes_changed=False, recipe_or_parent_changed=True)
    '1.5.0'
    >>> next_version("1.4.2", classes_changed=True, recipe_or_parent_changed=True)
    '2.0.0'
    >>> next_version("1.4.2", classes_changed=False, recipe_or_parent_changed=False)
    '1.4.3'
    """
    if previous is None:
        return str(FIRST)
    before = SemVer.parse(previous)
    if classes_changed:
        return str(before.bump("major"))
    return str(before.bump("minor" if recipe_or_parent_changed else "patch"))
