"""Charts as data in Plotly's own words; colours by name, because the reader's theme decides them.

A colour is written `--token`: the page's script reads what the token stands for now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from governance.domain.robustness import difference, falls
from registry.domain.readings import WORSE
from registry.domain.report_slices import Slices
from registry.selectors.exploring import AtPlant, Score
from registry.selectors.versions import ClassRow, ConfusionRow

Figure = dict[str, Any]

_ROW_PIXELS = 26
_FRAME_PIXELS = 134
# Told apart by shape and dash as well as by tone: colour is never the only carrier.
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "pentagon", "x")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
_TONES = ("--accent", "--ink-soft", "--line-strong", "--ink", "--bar-fill", "--accent-strong")


# Below the axis a legend and the axis's title would meet on a phone.
_ON_TOP = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
_ROOM_ON_TOP = {"l": 8, "r": 16, "t": 72, "b": 44}


def _layout(height: int, **changes: Any) -> dict[str, Any]:
    """What every chart's frame has in common."""
    axis = {
        "gridcolor": "--line",
        "zerolinecolor": "--line",
        "linecolor": "--line-strong",
        "title": {"font": {"size": 13}},
    }
    base: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 36, "b": 44},
        "paper_bgcolor": "--surface",
        "plot_bgcolor": "--surface",
        "font": {"color": "--ink", "size": 13},
        "hoverlabel": {"bgcolor": "--raised", "bordercolor": "--line-strong"},
        "showlegend": False,
        "dragmode": "zoom",
    }
    for name in ("xaxis", "yaxis"):
        asked = changes.pop(name, {})
        titled = axis["title"] | asked.pop("title", {})
        base[name] = {**axis, "automargin": True, **asked, "title": titled}
    return base | changes


def _whiskers(scores: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The 95 % interval of each figure as what it reaches beyond the figure; none: no whisker."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [_beyond(one["high"], one["value"]) for one in scores],
        "arrayminus": [_beyond(one["value"], one["low"]) for one in scores],
        "thickness": 1.5,
        "width": 4,
    }


def _beyond(larger: float | None, smaller: float | None) -> float:
    return 0.0 if larger is None or smaller is None else round(max(larger - smaller, 0), 4)


def by_plant(rows: Sequence[AtPlant], names: Mapping[str, str], metric: str) -> Figure:
    """Each plant's figure with its interval, the weakest on top; the baseline's on the same line.

    The baseline has its interval too: "clearly" means that the two do not touch.
    Plants with too few rows to say have no point; their table line says so.
    """
    said = [row for row in rows if row.score.value is not None]
    labels = _labels(said, names)
    return {
        "data": [_own(said, labels), _norm(said, labels)],
        "layout": _layout(
            _FRAME_PIXELS + _ROW_PIXELS * len(said),
            xaxis={"title": {"text": f"{metric}, 0 to 1"}},
            yaxis={
                "type": "category",
                "autorange": "reversed",
                "fixedrange": True,
                "categoryarray": labels,
                "categoryorder": "array",
            },
        ),
    }


def _own(said: Sequence[AtPlant], labels: Sequence[str]) -> Figure:
    """The plants' own figures; those clearly below the baseline by shape, size and tone."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "the plant's own version",
        "x": [row.score.value for row in said],
        "y": labels,
        "error_x": {**_whiskers([row.score.figure for row in said]), "color": "--bar-fill"},
        "marker": {
            "color": ["--amber-line" if row.reading == WORSE else "--accent" for row in said],
            "size": [13 if row.reading == WORSE else 9 for row in said],
            "opacity": 1,
            "symbol": ["diamond" if row.reading == WORSE else "circle" for row in said],
        },
        "customdata": [[row.score.version.version, row.score.n, row.reading] for row in said],
        "hovertemplate": "%{y}: %{x:.3f}<br>version %{customdata[0]}, "
        "n = %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    }


def _norm(said: Sequence[AtPlant], labels: Sequence[str]) -> Figure:
    """The baseline on the same rows, where it is another version."""
    beside = [
        (row, label)
        for row, label in zip(said, labels, strict=True)
        if row.norm and row.norm.value is not None and row.norm.version != row.score.version
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "the baseline on the same rows",
        "x": [row.norm.value for row, _ in beside if row.norm],
        "y": [label for _, label in beside],
        "error_x": {
            **_whiskers([row.norm.figure for row, _ in beside if row.norm]),
            "color": "--ink",
            "thickness": 1,
            "width": 0,
        },
        "marker": {
            "color": "--ink",
            "size": 16,
            "symbol": "line-ns-open",
            "line": {"width": 2, "color": "--ink"},
        },
        "hovertemplate": "%{y}: baseline %{x:.3f} on the same rows<extra></extra>",
    }


def _labels(rows: Sequence[AtPlant], names: Mapping[str, str]) -> list[str]:
    """A plant's name; with its data set where it has several."""
    plants = [row.score.plant for row in rows]
    return [
        f"{names.get(row.score.plant, row.score.plant)}"
        + (f", {row.dataset}" if plants.count(row.score.plant) > 1 else "")
        for row in rows
    ]


def over_time(
    scores: Sequence[Score], shown: Sequence[str], names: Mapping[str, str], metric: str
) -> Figure:
    """How the figures of some plants moved; each plant a line of its own dash and mark."""
    traces: list[dict[str, Any]] = []
    for place, plant in enumerate(shown):
        mine = [one for one in scores if one.plant == plant and one.value is not None][::-1]
        tone = _TONES[place % len(_TONES)]
        whiskers = _whiskers([one.figure for one in mine]) | {"color": tone, "width": 0}
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": names.get(plant, plant),
                "x": [f"{one.at:%Y-%m-%d %H:%M}" for one in mine],
                "y": [one.value for one in mine],
                "error_y": whiskers,
                "line": {"color": tone, "width": 1.5, "dash": _DASHES[place % len(_DASHES)]},
                "marker": {"color": tone, "size": 7, "symbol": _SYMBOLS[place % len(_SYMBOLS)]},
                "customdata": [[one.version.version, one.n] for one in mine],
                "hovertemplate": "%{fullData.name} %{x}: %{y:.3f}<br>version %{customdata[0]}, "
                "n = %{customdata[1]}<extra></extra>",
            }
        )
    return {
        "data": traces,
        "layout": _layout(
            420,
            showlegend=True,
            legend=_ON_TOP,
            margin=_ROOM_ON_TOP,
            xaxis={"type": "date", "title": {"text": "Evaluated, UTC"}, **_days(scores)},
            yaxis={"title": {"text": f"{metric}, 0 to 1"}, "fixedrange": True},
        ),
    }


def _days(scores: Sequence[Score]) -> dict[str, Any]:
    """A range for what happened on one day, which would otherwise be drawn as milliseconds."""
    if not scores:
        return {}
    first, last = min(one.at for one in scores), max(one.at for one in scores)
    if last - first > timedelta(days=1):
        return {}
    ends = first - timedelta(days=1), last + timedelta(days=1)
    return {"range": [f"{end:%Y-%m-%d %H:%M}" for end in ends]}


def confusion(rows: Sequence[ConfusionRow], *, as_shares: bool) -> Figure:
    """What is taken for what: a line per true class; as counts, or as shares of the line."""
    classes = [row.name for row in rows]
    counts = [[count for count, _ in row.cells] for row in rows]
    shares = [
        [round(count / row.total, 4) if row.total else 0.0 for count, _ in row.cells]
        for row in rows
    ]
    texts = [
        [
            _share_text(share) if as_shares else str(count)
            for count, share in zip(*line, strict=True)
        ]
        for line in zip(counts, shares, strict=True)
    ]
    unit = "share of the true class" if as_shares else "parts"
    heat = {
        "type": "heatmap",
        "x": classes,
        "y": classes,
        # A large class would drown a small one in counts: the tone is always the line's share.
        "z": shares,
        "zmin": 0,
        "zmax": 1,
        "text": texts,
        "texttemplate": "%{text}",
        "customdata": counts,
        "colorscale": [[0, "--surface"], [1, "--accent"]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{y} taken for %{x}: %{customdata} parts, %{z:.1%}<extra></extra>",
    }
    return {
        "data": [heat],
        "layout": _layout(
            _FRAME_PIXELS + max(180, 44 * len(classes)),
            xaxis={
                "type": "category",
                "title": {"text": f"What the version said ({unit})"},
                "fixedrange": True,
                "showgrid": False,
            },
            yaxis={
                "type": "category",
                "title": {"text": "True class"},
                "autorange": "reversed",
                "fixedrange": True,
                "showgrid": False,
            },
        ),
    }


def _share_text(share: float) -> str:
    return "·" if not share else "<1 %" if share < 0.01 else f"{share * 100:.0f} %"


def stress(slices: Slices) -> Figure:
    """Balanced accuracy under each perturbation, the undisturbed figure as a line down the chart;
    levels at which the version falls by shape, size and tone."""
    levels = slices.levels
    labels = [f"{one.perturbation.title} {one.value:g}" for one in levels]
    own = {
        "type": "scatter",
        "mode": "markers",
        "x": [one.figure["value"] for one in levels],
        "y": labels,
        "error_x": {**_whiskers([one.figure for one in levels]), "color": "--bar-fill"},
        "marker": {
            "color": ["--amber-line" if falls(one) else "--accent" for one in levels],
            "size": [13 if falls(one) else 9 for one in levels],
            "opacity": 1,
            "symbol": ["diamond" if falls(one) else "circle" for one in levels],
        },
        "customdata": [[one.perturbation.unit, one.n, difference(one)] for one in levels],
        "hovertemplate": "%{y} %{customdata[0]}: %{x:.3f}, n = %{customdata[1]}<br>"
        "%{customdata[2]}<extra></extra>",
    }
    plain = slices.plain["value"]
    line = {"color": "--line-strong", "width": 1, "dash": "dash"}
    ends = {"x0": plain, "x1": plain, "y0": 0, "y1": 1, "yref": "paper"}
    return {
        "data": [own],
        "layout": _layout(
            _FRAME_PIXELS + _ROW_PIXELS * len(levels),
            shapes=[{"type": "line", "layer": "below", "line": line, **ends}],
            xaxis={"title": {"text": "Balanced accuracy, 0 to 1"}, "range": [0, 1.02]},
            yaxis={
                "type": "category",
                "autorange": "reversed",
                "fixedrange": True,
                "categoryarray": labels,
                "categoryorder": "array",
            },
        ),
    }


_PARTS = (("Recall", "recall", "circle", 0.12), ("Precision", "precision", "square-open", -0.12))


def class_by_class(rows: Sequence[ClassRow]) -> Figure:
    """Recall and precision of each class with their intervals, side by side."""
    traces: list[dict[str, Any]] = []
    for label, name, symbol, lift in _PARTS:
        said = [
            (place, row, figure)
            for place, row in enumerate(rows)
            if (figure := getattr(row, name)) and figure["value"] is not None
        ]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label,
                "x": [figure["value"] for _, _, figure in said],
                "y": [place - lift for place, _, _ in said],
                "error_x": {**_whiskers([figure for *_, figure in said]), "color": "--bar-fill"},
                "marker": {"color": "--accent", "size": 9, "symbol": symbol},
                "customdata": [[row.name, figure["n"]] for _, row, figure in said],
                "hovertemplate": f"{label} of %{{customdata[0]}}: %{{x:.3f}}, "
                "n = %{customdata[1]}<extra></extra>",
            }
        )
    return {
        "data": traces,
        "layout": _layout(
            _FRAME_PIXELS + 40 + 36 * len(rows),
            showlegend=True,
            legend=_ON_TOP,
            margin=_ROOM_ON_TOP,
            xaxis={"title": {"text": "Share, 0 to 1"}, "range": [0, 1.02]},
            yaxis={
                "tickmode": "array",
                "tickvals": list(range(len(rows))),
                "ticktext": [f"{row.name} ({row.support})" for row in rows],
                "range": [len(rows) - 0.5, -0.5],
                "fixedrange": True,
                "zeroline": False,
            },
        ),
    }
