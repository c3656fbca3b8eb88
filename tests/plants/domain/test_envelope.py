"""Envelopes: no small count leaves the plant, and what is not covered is named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plants.domain import envelope, envelope_coverage
from plants.domain.envelope import SCALES
from plants.domain.envelope_coverage import FRAMING, LIGHTING, coverage, summary
from registry.domain.digests import canonical_json
from registry.domain.envelope_section import BINS, ENVELOPE_SCHEMA, UNTOLD, disagreements
from registry.domain.errors import Invalid
from registry.domain.manifest_schema import SMALL_CELL
from registry.domain.schema_problems import problems

NAMES = list(SCALES)


def a_set(count: int, *, seed: int = 0, slots: list[int] | None = None, **changed: float):
    """Figures of ordinary grey images, each measure about its middle; some set to one value."""
    random = np.random.default_rng(seed)
    usual = {"brightness": 120, "contrast": 40, "colour": np.nan, "sharpness": 600}
    figures = np.array(
        [
            np.full(count, changed[name])
            if name in changed
            else random.normal(usual.get(name, 0.5), 0.01, count)
            for name in NAMES
        ]
    )
    when = np.array(slots if slots is not None else [20] * count, dtype=np.int64)
    return figures, when


def joined(*sets):
    return np.concatenate([one[0] for one in sets], axis=1), np.concatenate(
        [one[1] for one in sets]
    )


def test_the_scales_have_as_many_bins_as_the_schema_says():
    assert {name: scale.bins for name, scale in SCALES.items()} == dict(BINS)


def test_every_figure_lies_in_the_bin_that_is_named_after_it():
    found = envelope.build(*joined(a_set(20, brightness=180.0), a_set(20, brightness=179.9)))
    assert [cell[0] for cell in found["measures"]["brightness"]["cells"]] == [17, 18]
    assert SCALES["brightness"].range_in_words(18, 18) == "between 180 and 190"


def test_of_fewer_images_than_make_a_population_nothing_is_told():
    assert envelope.build(*a_set(19)) is None
    assert envelope.build(*a_set(20))["images"] == 20


_IMAGES = st.lists(
    st.tuples(
        st.floats(0, 255),
        st.sampled_from([float("nan"), 2_700.0, 6_500.0]),
        st.integers(0, UNTOLD),
    ),
    min_size=20,
    max_size=120,
)


def _figures(drawn):
    grey, kelvin, slots = (np.array(column) for column in zip(*drawn, strict=True))
    flat = np.full(len(drawn), 0.5)
    return np.array([grey, flat * 80, kelvin, grey * 9, flat, flat]), slots.astype(np.int64)


@settings(max_examples=30, deadline=None)
@given(_IMAGES)
def test_no_count_is_small_and_all_add_up(drawn):
    found = envelope.build(*_figures(drawn))
    assert found is not None
    assert not problems(ENVELOPE_SCHEMA, found)
    assert not [*disagreements(found)]
    told = [found["hours"], *(one["cells"] for one in found["measures"].values())]
    assert all(cell[-1] >= SMALL_CELL for cells in told for cell in cells)


@settings(max_examples=30, deadline=None)
@given(_IMAGES, _IMAGES)
def test_the_share_of_all_measures_together_lies_between_its_bounds(trained, seen):
    training, figures = envelope.build(*_figures(trained)), _figures(seen)[0]
    line = envelope.build(*_figures(seen))
    found = coverage(training, line)
    missed = np.zeros(len(seen), dtype=bool)
    least = max(SMALL_CELL, envelope_coverage.LEAST_SHARE * training["images"])
    for (name, scale), values in zip(SCALES.items(), figures, strict=True):
        covered = envelope_coverage.covered_bins(scale, training["measures"][name]["cells"], least)
        uncovered = {
            where
            for first, last in envelope_coverage.by_bin(line["measures"][name]["cells"])
            if covered.isdisjoint(range(first, last + 1))
            for where in range(first, last + 1)
        }
        bins = envelope.binned(scale, values)
        # Of a bin that is told, odd images may be withheld: those count as covered.
        told = sum(
            cell[-1]
            for cell in line["measures"][name]["cells"]
            if covered.isdisjoint(range(cell[0], cell[1] + 1))
        )
        places = np.flatnonzero(np.isin(bins, list(uncovered)))
        assert told <= len(places)
        missed[places[:told]] = True
    assert found.low - 1e-9 <= 1 - missed.mean() <= found.high + 1e-9


@settings(max_examples=25, deadline=None)
@given(_IMAGES)
def test_a_set_with_itself_is_covered_wherever_its_bins_are_told(drawn):
    found = envelope.build(*_figures(drawn))
    assert coverage(found, found).regions == ()
    assert coverage(found, found).low == 1


def test_bright_mornings_that_nobody_trained_on_are_named_with_their_hours():
    training = envelope.build(*a_set(200, slots=[15 + n % 20 for n in range(200)]))
    mornings = a_set(21, brightness=191.0, slots=[12] * 7 + [13] * 7 + [14] * 7)
    line = envelope.build(*joined(a_set(329, seed=1), mornings))
    found = coverage(training, line)
    assert [region.in_words for region in found.regions] == [
        "21 images above 190 mean grey, 06:00\u201307:30, are not in the training set"
    ]
    assert found.low == found.high == pytest.approx(329 / 350)
    assert summary(found, 7) == (
        "94 % of the last 7 days' images lie where the training set has images; "
        "21 images above 190 mean grey, 06:00\u201307:30, do not."
    )
    assert found.of(*LIGHTING) == pytest.approx(329 / 350)
    assert found.of(*FRAMING) == 1
    assert found.hours is not None
    assert [region.noun for region in found.hours.regions] == [
        "14 images taken 06:00\u201307:00"
    ], "the third half hour is next to one of the training set's"


def test_a_neighbouring_bin_is_no_news_but_the_next_but_one_is():
    training = envelope.build(*a_set(100, brightness=125.0))
    beside, beyond = (envelope.build(*a_set(20, brightness=grey)) for grey in (135.0, 145.0))
    assert coverage(training, beside).regions == ()
    assert coverage(training, beyond).of("brightness") == 0


def test_one_image_in_a_thousand_is_not_yet_held():
    figures = joined(a_set(9_995), a_set(5, brightness=200.0))
    line = envelope.build(*a_set(20, brightness=200.0))
    assert coverage(envelope.build(*figures), line).of("brightness") == 0
    enough = joined(a_set(9_990), a_set(10, brightness=200.0))
    assert coverage(envelope.build(*enough), line).of("brightness") == 1


def test_a_gap_between_two_lights_is_one_region_and_its_ends_are_said():
    training = envelope.build(*joined(a_set(50, brightness=35.0), a_set(50, brightness=215.0)))
    dusk = joined(a_set(20, brightness=85.0), a_set(20, brightness=125.0))
    (region,) = coverage(training, envelope.build(*dusk)).regions
    assert region.noun == "40 images between 80 and 130 mean grey, 10:00\u201310:30,"
    dark = coverage(training, envelope.build(*a_set(20, brightness=5.0)))
    assert [one.noun for one in dark.regions] == ["20 images below 10 mean grey, 10:00\u201310:30,"]


def test_colour_where_the_training_set_was_grey_is_a_region_and_so_is_grey_where_it_was_not():
    grey, tinted = envelope.build(*a_set(40)), envelope.build(*a_set(40, colour=3_200.0))
    (warm,) = coverage(grey, tinted).regions
    assert warm.noun.startswith("40 images with a colour temperature between 3\u2009000 and")
    (pale,) = coverage(tinted, grey).regions
    assert "without colour" in pale.noun


def test_without_times_of_day_the_regions_name_none_and_the_hours_are_unknown():
    timeless = [UNTOLD] * 40
    training = envelope.build(*a_set(40, slots=timeless))
    found = coverage(training, envelope.build(*a_set(40, brightness=240.0, slots=timeless)))
    assert found.hours is None
    assert [one.in_words for one in found.regions] == [
        "40 images above 240 mean grey are not in the training set"
    ]


def test_the_largest_document_stays_small():
    random = np.random.default_rng(0)
    figures = np.array(
        [
            random.uniform(0, 255, 5_000),
            random.uniform(0, 127, 5_000),
            random.uniform(1_000, 12_000, 5_000),
            2 ** random.uniform(0, 20, 5_000),
            *random.uniform(0, 1, (2, 5_000)),
        ]
    )
    found = envelope.build(figures, random.integers(0, 48, 5_000))
    assert len(canonical_json(found)) < 80_000, "of 256 KB that a manifest may have"


def line_document(**changes):
    return {**envelope.build(*a_set(40)), "days": 7, "skipped": 0, **changes}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"images": 41}, "measures.brightness"),
        ({"hours": [[20, 20, 20], [20, 20, 20]]}, "hours"),
        ({"hours": [[20, 20, 41]]}, "hours"),
        ({"hours": [[20, 20, 4], [21, 21, 36]]}, "hours.0.2"),
        ({"hours": [[48, 48, 40]]}, "hours.0.0"),
        ({"hours": [[20, 26, 40]]}, "hours"),
        ({"hours": [[21, 20, 40]]}, "hours"),
        ({"days": 0}, "days"),
        ({"schema": "lineward.envelope/v2"}, "schema"),
        ({"date": "2026-09-01"}, "date"),
        ({"measures": {}}, "measures.brightness"),
    ],
)
def test_what_a_line_may_say_is_closed(changes, place):
    envelope.check_line(line_document())
    with pytest.raises(Invalid) as refusal:
        envelope.check_line(line_document(**changes))
    assert place in refusal.value.fields


def test_few_images_in_each_of_some_neighbours_are_told_together_with_their_hours():
    few = [a_set(2, brightness=grey, slots=[12, 13]) for grey in (185.0, 195.0, 205.0)]
    found = envelope.build(*joined(a_set(100, brightness=125.0), *few))
    assert found["hours"] == [[12, 13, 6], [20, 20, 100]]
    assert found["measures"]["brightness"] == {
        "cells": [[12, 12, 20, 20, 100], [18, 20, 12, 13, 6]],
        "withheld": 0,
    }


def test_images_that_stand_alone_are_only_known_to_be_somewhere():
    odd = [a_set(1, brightness=grey, slots=[hour]) for grey, hour in ((5.0, 3), (245.0, 40))]
    found = envelope.build(*joined(a_set(100, brightness=125.0), *odd))
    assert found["hours"] == [[20, 20, 100]]
    assert found["measures"]["brightness"] == {"cells": [[12, 12, 20, 20, 100]], "withheld": 2}


def test_a_few_odd_hours_of_a_bin_are_told_without_their_time():
    hours = [20] * 30 + [1, 1, 9, 9, 30, 30]
    found = envelope.build(*a_set(36, brightness=125.0, slots=hours))
    assert found["hours"] == [[20, 20, 30]]
    cells = [[12, 12, 20, 20, 30], [12, 12, UNTOLD, UNTOLD, 6]]
    assert found["measures"]["brightness"] == {"cells": cells, "withheld": 0}
