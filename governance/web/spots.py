from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from governance.selectors import Cell
from registry.domain import readings, wording
from registry.templatetags.lineward import icon
from registry.templatetags.looks import LOOKS

# A cell is put together here and not by a template: 282 of them in a page take 5 ms instead of 90.
_WIDTH, _HEIGHT, _EDGE = 64, 16, 2
_LEAST_SPREAD = 0.05  # below it the line would make mountains of noise


def spot(cell: Cell) -> SafeString:
    """What stands in one cell of the matrix; its colour, shape and word only where it is news."""
    one = cell.standing
    if one is None:
        return format_html('<span class="spot spot--none">{}</span>', "not evaluated")
    value, _, rest = wording.interval(one.figure).partition(" (")
    if one.reading == readings.FEW and readings.ends(one.figure) is None:
        value, rest = LOOKS[readings.FEW].word, f"n\u00a0=\u00a0{wording.number(one.figure['n'])})"
    return format_html(
        '<a class="spot{}" href="{}"><span class="spot__value">{}</span><small>{}</small>'
        '{}<span class="spot__word">{}</span>{}</a>',
        " spot--news" if cell.is_abnormal else "",
        cell.url,
        value,
        rest.removesuffix(")"),
        _norm(cell),
        _word(cell),
        spark(cell.points),
    )


def _norm(cell: Cell) -> SafeString | str:
    one = cell.standing
    if one is None or one.norm is None or one.norm["value"] is None:
        return ""
    # Without format_html, as below: a number needs no escaping, and there are hundreds of them.
    return SafeString(f"<small>baseline {one.norm['value']:.2f}</small>")


def _word(cell: Cell) -> SafeString | str:
    one = cell.standing
    look = LOOKS[one.reading if one else readings.FEW]
    if not (cell.is_worse or cell.is_stale):
        return look.word
    shape = icon(look.icon) if cell.is_worse else ""
    age = ""
    if cell.is_stale:
        days = wording.counted(cell.days, "day")
        said = '<span class="spot__age">{} not evaluated for {}</span>'
        age = format_html(said, icon("warning"), days)
    return format_html("{}{}{}", shape, look.word, age)


def spark(points: Sequence[float]) -> SafeString | str:
    """The way of a figure as a line, oldest left; nothing where there are fewer than two."""
    if len(points) < 2:
        return ""
    low, high = min(points), max(points)
    spread = max(high - low, _LEAST_SPREAD)
    low -= (spread - (high - low)) / 2
    step = (_WIDTH - 2 * _EDGE) / (len(points) - 1)
    tall = (_HEIGHT - 2 * _EDGE) / spread
    places = [
        f"{_EDGE + at * step:.1f},{_HEIGHT - _EDGE - (value - low) * tall:.1f}"
        for at, value in enumerate(points)
    ]
    x, _, y = places[-1].partition(",")
    return SafeString(
        '<svg class="spark" viewBox="0 0 64 16" width="64" height="16" aria-hidden="true" '
        f'focusable="false"><polyline points="{" ".join(places)}"/>'
        f'<circle cx="{x}" cy="{y}" r="1.8"/></svg>'
    )
