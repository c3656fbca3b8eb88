"""Figures are data: right intervals, right order, nothing drawn where too few rows say nothing."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta

from governance.web import charts
from registry.selectors.exploring import AtPlant, Score
from registry.selectors.fleet_evaluations import NamedVersion
from registry.selectors.versions import ClassRow, ConfusionRow

NAMES = {"graz": "Graz", "brno": "Brno"}
LOCAL, BASE = NamedVersion("1", "1.1.0", "graz"), NamedVersion("2", "1.0.0", "centre")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def score(plant="graz", value=0.9, low=0.85, high=0.94, *, version=LOCAL, at=NOON) -> Score:
    return Score(plant, version, "m", value, low, high, 75, at)


def at_plant(plant="graz", value=0.9, norm=0.8, dataset="castings", **facts) -> AtPlant:
    beside = None if norm is None else score(plant, norm, version=BASE)
    return AtPlant(score(plant, value, **facts), dataset, beside, "better")


def test_a_point_carries_its_interval_as_what_lies_beyond_it():
    own, norm = charts.by_plant([at_plant()], NAMES, "Accuracy")["data"]
    assert (own["x"], own["y"]) == ([0.9], ["Graz"])
    assert own["error_x"]["array"] == [0.04]
    assert own["error_x"]["arrayminus"] == [0.05]
    assert (norm["x"], norm["y"]) == ([0.8], ["Graz"])


def test_who_is_clearly_below_differs_in_shape_and_the_baseline_shows_its_interval():
    rows = [at_plant(), at_plant("brno")]
    rows[0] = dataclasses.replace(rows[0], reading="worse")
    own, norm = charts.by_plant(rows, NAMES, "Accuracy")["data"]
    assert own["marker"]["symbol"] == ["diamond", "circle"]
    assert own["marker"]["size"][0] > own["marker"]["size"][1]
    assert len(norm["error_x"]["array"]) == len(norm["x"]) == 2
    assert norm["error_x"]["array"] == [0.14, 0.14]


def test_too_few_rows_give_no_point():
    rows = [at_plant(), at_plant("brno", None, low=None, high=None)]
    own, norm = charts.by_plant(rows, NAMES, "Accuracy")["data"]
    assert own["y"] == norm["y"] == ["Graz"]


def test_a_figure_without_interval_has_no_whisker():
    own, _ = charts.by_plant([at_plant(low=None, high=None)], NAMES, "Accuracy")["data"]
    assert own["error_x"]["array"] == own["error_x"]["arrayminus"] == [0.0]


def test_no_mark_is_drawn_where_the_baseline_was_not_scored_on_the_same_rows():
    _, norm = charts.by_plant([at_plant(norm=None)], NAMES, "Accuracy")["data"]
    assert norm["x"] == []


def test_the_order_is_the_one_given_and_data_sets_are_told_apart():
    rows = [at_plant("brno", 0.5), at_plant(dataset="castings"), at_plant(dataset="welds")]
    figure = charts.by_plant(rows, NAMES, "Accuracy")
    assert figure["data"][0]["y"] == ["Brno", "Graz, castings", "Graz, welds"]
    assert figure["layout"]["yaxis"]["categoryarray"] == figure["data"][0]["y"]
    assert figure["layout"]["yaxis"]["autorange"] == "reversed"


def test_time_runs_forward_and_each_plant_has_a_shape_of_its_own():
    newest_first = [
        score("graz", 0.9, at=NOON),
        score("graz", 0.7, at=NOON - timedelta(days=9)),
        score("brno", 0.6, at=NOON),
        score("brno", None, None, None, at=NOON),
    ]
    figure = charts.over_time(newest_first, ["graz", "brno"], NAMES, "Accuracy")
    graz, brno = figure["data"]
    assert graz["x"] == ["2026-11-11 12:00", "2026-11-20 12:00"]
    assert graz["y"] == [0.7, 0.9]
    assert brno["y"] == [0.6]
    assert graz["marker"]["symbol"] != brno["marker"]["symbol"]
    assert graz["line"]["dash"] != brno["line"]["dash"]
    assert "range" not in figure["layout"]["xaxis"]


def test_one_day_is_not_drawn_as_milliseconds():
    figure = charts.over_time([score()], ["graz"], NAMES, "Accuracy")
    assert figure["layout"]["xaxis"]["range"] == ["2026-11-19 12:00", "2026-11-21 12:00"]


def rows_of(counts):
    names = ("good", "pit")
    return [
        ConfusionRow(name, [(count, at == place) for at, count in enumerate(line)], sum(line))
        for place, (name, line) in enumerate(zip(names, counts, strict=True))
    ]


def test_cells_say_shares_or_counts_and_their_tone_is_the_share():
    rows = rows_of([[995, 5], [0, 0]])
    (shares,) = charts.confusion(rows, as_shares=True)["data"]
    (counts,) = charts.confusion(rows, as_shares=False)["data"]
    assert shares["z"] == counts["z"] == [[0.995, 0.005], [0.0, 0.0]]
    assert shares["text"] == [["100 %", "<1 %"], ["·", "·"]]
    assert counts["text"] == [["995", "5"], ["0", "0"]]
    assert shares["y"] == ["good", "pit"]


def test_classes_show_recall_and_precision_and_leave_out_what_is_not_known():
    figure = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40}
    nothing = {"value": None, "low": None, "high": None, "n": 0}
    rows = [ClassRow("good", 40, figure, figure, figure), ClassRow("pit", 0, nothing, None, None)]
    recall, precision = charts.class_by_class(rows)["data"]
    assert recall["x"] == precision["x"] == [0.9]
    assert recall["error_x"]["array"] == [0.05]
    assert charts.class_by_class(rows)["layout"]["yaxis"]["ticktext"] == ["good (40)", "pit (0)"]


def test_every_colour_is_a_name_that_the_theme_decides():
    figures = [
        charts.by_plant([at_plant()], NAMES, "Accuracy"),
        charts.over_time([score()], ["graz"], NAMES, "Accuracy"),
        charts.confusion(rows_of([[1, 2], [3, 4]]), as_shares=True),
    ]
    text = json.dumps(figures)
    assert "#" not in text
    assert "rgb" not in text
    assert '"--accent"' in text


def test_a_fleet_for_a_season_stays_small():
    scores = [score(f"plant-{plant}", 0.8765) for plant in range(8) for _ in range(200)]
    figure = charts.over_time(scores, [f"plant-{plant}" for plant in range(8)], {}, "Accuracy")
    assert len(json.dumps(figure)) < 300_000
