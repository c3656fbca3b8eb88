"""Characters that change how a name looks without being seen: refused where a name is kept."""

from __future__ import annotations

import unicodedata

# Marks, embeddings, overrides and isolates of writing direction (Unicode Standard Annex 9): with
# one of them, a name can show others in a wrong order.
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def unseen(text: str) -> str:
    """Why a name cannot be kept and the way out; empty for one that can.

    >>> unseen("Fräserei 2")
    ''
    >>> unseen("Line\\u202e 1")
    'It holds U+202E at place 5, which cannot be seen; type it anew.'
    """
    for place, sign in enumerate(text, start=1):
        if sign in _DIRECTIONS or unicodedata.category(sign) == "Cc":
            return (
                f"It holds U+{ord(sign):04X} at place {place}, which cannot be seen; type it anew."
            )
    return ""
