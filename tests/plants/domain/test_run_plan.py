from __future__ import annotations

from plants.domain.run_plan import Held, Need, Standing, prospect

IMAGES = Need("images", 40, ("good", "scratch"))


def at(*datasets: Held, standing: str = "at work", may_order: bool = True) -> Standing:
    return Standing(standing, datasets, may_order)


def test_a_closed_plant_is_left_out_before_anything_else_is_asked():
    found = prospect(IMAGES, at(Held("caps", "images", 90), standing="closed"))
    assert "closed" in found.reason
    assert found.chosen is None


def test_a_plant_where_the_caller_may_not_order_is_left_out():
    found = prospect(IMAGES, at(Held("caps", "images", 90), may_order=False))
    assert "role of an engineer" in found.reason


def test_a_plant_without_data_of_the_kind_is_left_out():
    assert "images" in prospect(IMAGES, at(Held("press", "table", 9_000))).reason
    assert "images" in prospect(IMAGES, at()).reason


def test_enough_rows_of_known_classes_are_sound():
    found = prospect(IMAGES, at(Held("caps", "images", 40, ("scratch", "good"))))
    assert found.is_sound
    assert found.chosen.name == "caps"


def test_too_few_rows_and_strange_classes_are_doubts_but_can_be_sent():
    found = prospect(IMAGES, at(Held("caps", "images", 39, ("good", "a", "b", "c", "d", "e"))))
    assert not found.is_sound
    assert found.chosen
    assert found.doubts == (
        "caps has 39 rows; the data contract asks for 40.",
        "caps has classes that this run does not take: a, b, c, d and 1 more.",
    )


def test_what_nobody_has_said_is_a_note():
    found = prospect(IMAGES, at(Held("caps", "images"), standing="silent"))
    assert found.is_sound
    assert len(found.notes) == 3


def test_the_best_data_set_is_chosen_and_a_wish_stands_even_with_doubts():
    few, many = Held("few", "images", 3), Held("many", "images", 300)
    assert prospect(IMAGES, at(few, many)).chosen == many
    assert prospect(IMAGES, at(few, many), "few").chosen == few
    assert prospect(IMAGES, at(few, many), "elsewhere").chosen == many


def test_nothing_is_said_before_anything_is_chosen():
    found = prospect(Need(""), at(Held("caps", "images", 90)))
    assert (found.reason, found.chosen) == ("", None)


def test_of_two_data_sets_the_one_that_the_family_used_is_proposed():
    cells = Held("cells", "images", 90, ("good",), has_served=False)
    strip = Held("strip", "images", 90, ("good",), has_served=True)
    found = prospect(IMAGES, at(cells, strip))
    assert (found.chosen, found.notes) == (strip, ())
    # A wish stands, and what is unusual about it is said.
    wished = prospect(IMAGES, at(cells, strip), "cells")
    assert wished.chosen == cells
    assert "has used cells yet" in wished.notes[0]
    # Where there is nothing to choose, there is nothing to say.
    assert prospect(IMAGES, at(cells)).notes == ()
