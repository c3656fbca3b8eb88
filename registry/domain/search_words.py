"""What somebody types into the search box, as words that rows can be asked for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

MAX_CHARACTERS = 200
MAX_WORDS = 6
# Shorter runs of hexadecimal letters are words more often than digests: "bad", "face".
_MIN_DIGEST_CHARACTERS = 4
_DIGEST_CHARACTERS = 64
_UUID_CHARACTERS = 32

_HEX = re.compile(r"[0-9a-f]+\Z")
_NUMBER = re.compile(r"v?(\d+(?:\.\d+){0,2}(?:-[0-9a-z.-]+)?)\Z")


def folded(text: str) -> str:
    """Text as it is compared: without case and accents.

    >>> folded("Košice"), folded("GRAZ")
    ('kosice', 'graz')
    """
    apart = unicodedata.normalize("NFKD", text)
    return "".join(one for one in apart if not unicodedata.combining(one)).casefold()


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a search.

    Attributes:
        text: as typed.
        folded: without case and accents.
    """

    text: str
    folded: str

    def is_in(self, *texts: str) -> bool:
        """Whether one of the texts contains the word."""
        return any(self.folded in folded(text) for text in texts)

    @property
    def number(self) -> str:
        """The word as a version's number or the beginning of one: `1.2`, `v1.2.0`; else empty."""
        found = _NUMBER.match(self.folded)
        return found[1] if found else ""

    @property
    def digest_range(self) -> tuple[str, str] | None:
        """The first and the last digest that begin with the word.

        >>> first, last = words("3fa9")[0].digest_range
        >>> first[:6], last[:6]
        ('3fa900', '3fa9ff')
        """
        return self._range(_DIGEST_CHARACTERS)

    @property
    def id_range(self) -> tuple[UUID, UUID] | None:
        """The first and the last id that begin with the word."""
        found = self._range(_UUID_CHARACTERS)
        return (UUID(found[0]), UUID(found[1])) if found else None

    @property
    def is_whole(self) -> bool:
        """Whether the word is a whole id or digest, so that there is one thing to go to."""
        return self._hex_length() in (_UUID_CHARACTERS, _DIGEST_CHARACTERS)

    def _hex_length(self) -> int:
        letters = self.folded.replace("-", "")
        return len(letters) if _HEX.match(letters) else 0

    def _range(self, length: int) -> tuple[str, str] | None:
        if not _MIN_DIGEST_CHARACTERS <= self._hex_length() <= length:
            return None
        letters = self.folded.replace("-", "")
        return letters.ljust(length, "0"), letters.ljust(length, "f")


def words(text: str) -> tuple[Word, ...]:
    """The words of a search, at most six; what no row can hold is left out.

    >>> [word.text for word in words("  graz   surface 1.2 ")]
    ['graz', 'surface', '1.2']
    """
    # A NUL is refused by PostgreSQL, and unpaired surrogates by everything.
    kept = text[:MAX_CHARACTERS].replace("\x00", "").encode(errors="ignore").decode()
    found = [Word(one, folded(one)) for one in kept.split()]
    return tuple(one for one in found if one.folded)[:MAX_WORDS]
