"""How differences between two versions are written; `{% load comparisons %}`."""

from __future__ import annotations

from django import template

from registry.domain import wording
from registry.domain.paired_readings import p_words, points, signed_points

register = template.Library()

_MINUS = "\u2212"


@register.filter
def change(value: float | None, unit: str) -> str:
    """A difference with its sign: in percentage `points` (or without the word), `ms` or `rows`."""
    if value is None:
        return wording.NOTHING
    if unit in ("points", ""):
        return points(value) if unit else signed_points(value)
    sign = _MINUS if value < 0 else "+" if value > 0 else ""
    return sign + wording.number(abs(value), 2, "" if unit == "rows" else unit)


@register.filter
def p_value(p: float | None) -> str:
    """A p-value without its letter; never as nothing."""
    return wording.NOTHING if p is None else p_words(p).removeprefix("p = ").removeprefix("p ")
