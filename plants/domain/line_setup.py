"""What stands on a line and what runs over it: the facts on which an approval rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from registry.domain.errors import Invalid

MAX_TEXT = 200
_MAX_CYCLE_MS = 600_000


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of a set-up.

    Attributes:
        touches: what a change of it throws in doubt; `governance.domain.staleness` knows which
            tests that asks for.
    """

    title: str
    help: str
    touches: str


FIELDS: Mapping[str, Field] = {
    "product": Field("Product", "Part numbers or variants that run here.", "parts"),
    "supplier": Field("Supplier", "Who delivers the parts or the material.", "parts"),
    "lighting": Field("Lighting", "Lamps, their angle, their setting, daylight kept out?", "light"),
    "camera": Field("Camera", "Model, resolution, exposure.", "optics"),
    "lens": Field("Lens", "Focal length, aperture, filters.", "optics"),
    "mounting": Field("Mounting", "Where and how the camera is held.", "framing"),
    "conveyor": Field("Conveyor", "Speed, spacing, how a part is presented.", "motion"),
    "cycle_ms": Field("Cycle time", "Milliseconds from part to part.", "motion"),
    "computer": Field("Station computer", "What the model runs on.", "computer"),
}


def check(document: Mapping[str, object]) -> dict[str, str]:
    """A set-up in its canonical form: every field as trimmed text, empty where nothing is said.

    Raises:
        Invalid: an unknown field, a text too long, a cycle time that is no whole milliseconds;
            `fields` names each.

    >>> check({"supplier": " Voest ", "cycle_ms": "400"})["supplier"]
    'Voest'
    """
    found: dict[str, list[str]] = {
        str(name)[:60]: ["There is no such fact of a set-up."] for name in document.keys() - FIELDS
    }
    texts = {name: str(document.get(name) or "").strip() for name in FIELDS}
    for name, text in texts.items():
        if len(text) > MAX_TEXT or "\x00" in text:
            found[name] = [f"Write at most {MAX_TEXT} characters."]
    cycle = texts["cycle_ms"]
    if cycle and not (cycle.isascii() and cycle.isdigit() and 1 <= int(cycle[:9]) <= _MAX_CYCLE_MS):
        found["cycle_ms"] = [f"Write whole milliseconds from 1 to {_MAX_CYCLE_MS}."]
    if not found and not any(texts.values()):
        found["product"] = ["Say at least one thing about the line."]
    if found:
        raise Invalid("The set-up has fields to correct.", code="bad-setup", fields=found)
    return texts


def changed(former: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """Names of the fields that differ, in their order.

    >>> changed({"supplier": "A", "lens": "16 mm"}, {"supplier": "B", "lens": "16 mm"})
    ['supplier']
    """
    return [name for name in FIELDS if former.get(name, "") != present.get(name, "")]
