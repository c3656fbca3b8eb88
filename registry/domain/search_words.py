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
        """Between which every digest and commit stands, in the order of text, that begins so.

        >>> first, last = words("3fa9")[0].digest_range
        >>> first, last[:6]
        ('3fa9', '3fa9ff')
        """
        letters = self._letters(_DIGEST_CHARACTERS)
        return (letters, letters.ljust(_DIGEST_CHARACTERS, "f")) if letters else None

    @property
    def id_range(self) -> tuple[UUID, UUID] | None:
        """The first and the last id that begin with the word."""
        letters = self._letters(_UUID_CHARACTERS)
        if not letters:
            return None
        return UUID(letters.ljust(_UUID_CHARACTERS, "0")), UUID(
            letters.ljust(_UUID_CHARACTERS, "f")
        )

    @property
    def is_whole(self) -> bool:
        """Whether the word is a whole id or digest, so that there is one thing to go to."""
        return len(self._letters(_DIGEST_CHARACTERS)) in (_UUID_CHARACTERS, _DIGEST_CHARACTERS)

    def stands_for(self, *names: object) -> bool:
        """Whether it is the whole of an id or digest."""
        return self.is_whole and self._letters(_DIGEST_CHARACTERS) in {
            str(name).replace("-", "") for name in names
        }

    def _letters(self, at_most: int) -> str:
        letters = self.folded.replace("-", "")
        is_digest = _HEX.match(letters) and _MIN_DIGEST_CHARACTERS <= len(letters) <= at_most
        return letters if is_digest else ""


def words(text: str) -> tuple[Word, ...]:
    """The words of a search, at most six; what no row can hold is left out.

    >>> [word.text for word in words("  graz   surface 1.2 ")]
    ['graz', 'surface', '1.2']
    """
    # A NUL is refused by PostgreSQL, and unpaired surrogates by everything.
    kept = text[:MAX_CHARACTERS].replace("\x00", "").encode(errors="ignore").decode()
    found = [Word(one, folded(one)) for one in kept.split()]
    return tuple(one for one in found if one.folded)[:MAX_WORDS]
