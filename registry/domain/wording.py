"""How figures are written for people: digits that mean something, units, intervals, durations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

NOTHING = _TO = "\u2013"  # an en dash: no figure, and between the ends of an interval
THIN_SPACE = "\u2009"  # groups thousands, as ISO 80000-1 asks; never a comma or a point
_SIGNIFICANT_DIGITS = 3
# With an interval narrower than this a third decimal says something; else it is noise.
_NARROW = 0.02
_MINUTE_SECONDS, _HOUR_SECONDS, _DAY_SECONDS = 60, 3_600, 86_400


def number(value: float, digits: int = _SIGNIFICANT_DIGITS, unit: str = "") -> str:
    """A figure with its significant digits, thousands grouped by thin spaces, and its unit.

    >>> number(1234567), number(0.0123456), number(2.0), number(1234.5, 3, "ms")
    ('1\u2009234\u2009567', '0.0123', '2', '1\u2009234\xa0ms')
    """
    if not math.isfinite(value):
        return NOTHING
    after = f"\u00a0{unit}" if unit else ""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}".replace(",", THIN_SPACE) + after
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    # Below one millionth nobody counts zeros.
    text = f"{value:.{digits - 1}e}" if decimals > 6 + digits else f"{value:,.{decimals}f}"
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", THIN_SPACE) + after


def interval(metric: Mapping[str, Any] | None) -> str:
    """A metric with its 95 % interval and the number of rows behind it.

    >>> interval({"value": 0.9333, "low": 0.9, "high": 0.9512, "n": 75})
    '0.93 (0.90\u20130.95, n\xa0=\xa075)'
    >>> interval({"value": None, "low": None, "high": None, "n": 12})
    'too few to say (n\xa0=\xa012)'
    """
    if not metric:
        return "not measured"
    value, low, high, n = (metric.get(key) for key in ("value", "low", "high", "n"))
    if value is None:
        return f"too few to say ({_rows(n)})" if n is not None else "too few to say"
    if low is None or high is None:
        return f"{value:.2f}" + (f" ({_rows(n)})" if n is not None else "")
    decimals = 3 if high - low < _NARROW else 2
    span = f"{low:.{decimals}f}{_TO}{high:.{decimals}f}"
    rows = f", {_rows(n)}" if n is not None else ""
    return f"{value:.{decimals}f} ({span}{rows})"


def _rows(n: int) -> str:
    return f"n\u00a0=\u00a0{number(n)}"


def size(count: int) -> str:
    """Bytes in decimal units, as drives and networks count them.

    >>> size(812), size(52_400), size(5_200_000)
    ('812\xa0bytes', '52.4\xa0kB', '5.2\xa0MB')
    """
    if count < 1000:
        return number(count, unit="bytes")
    for unit, scale in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if count < scale * 1000 or unit == "GB":
            return number(round(count / scale, 4), unit=unit)
    raise AssertionError("unreachable")  # pragma: no cover


def duration(seconds: float) -> str:
    """A span of time in at most two units.

    >>> duration(0.4), duration(42), duration(80), duration(3_700), duration(200_000)
    ('under 1\xa0s', '42\xa0s', '1\xa0min 20\xa0s', '1\xa0h 1\xa0min', '2\xa0days 7\xa0h')
    """
    whole = int(seconds)
    if whole < 1:
        return "under 1\u00a0s"
    steps = ((_DAY_SECONDS, "day"), (_HOUR_SECONDS, "h"), (_MINUTE_SECONDS, "min"), (1, "s"))
    parts = []
    for length, unit in steps:
        count, whole = divmod(whole, length)
        if count:
            parts.append(f"{count}\u00a0{unit}{'s' if unit == 'day' and count > 1 else ''}")
        elif parts:
            break
    return " ".join(parts[:2])


def span(seconds: float) -> str:
    """A span of time in words for a sentence: one unit.

    >>> span(30), span(720), span(60), span(7_300), span(90_000)
    ('30 seconds', '12 minutes', '1 minute', '2 hours', '1 day')
    """
    for length, unit in (
        (_DAY_SECONDS, "day"),
        (_HOUR_SECONDS, "hour"),
        (_MINUTE_SECONDS, "minute"),
    ):
        if seconds >= length:
            return counted(int(seconds // length), unit)
    return counted(max(1, int(seconds)), "second")


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "job"), counted(0, "job"), counted(2, "family", "families")
    ('1 job', '0 jobs', '2 families')
    """
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Sequence[str], at_most: int = 3) -> str:
    """Names as a sentence says them.

    >>> listed(["Graz"]), listed(["Graz", "Brno"]), listed(["A", "B", "C", "D", "E"])
    ('Graz', 'Graz and Brno', 'A, B and 3 more')
    """
    if len(names) > at_most:
        shown = names[: at_most - 1]
        return f"{', '.join(shown)} and {len(names) - len(shown)} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
