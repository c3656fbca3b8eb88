"""How each line is set up, and what was changed on some of them weeks later."""

from __future__ import annotations

from datetime import datetime, timedelta

from governance.management.seeding.crews import Setting
from governance.management.seeding.docket import Docket
from plants.domain import line_setup
from plants.models import Line, LineSetup

_SUPPLIERS = ("Voith Guss", "Nemak", "Alba Metalli", "Kovárna Jih", "Hiroshima Casting", "Sandvik")
_LIGHTS = (
    "Ring light, white, 4,000 lx, cell darkened",
    "Two bar lights at 30°, polarised, cell darkened",
    "Dome light, 5,600 K, flashed with the trigger",
)
_CAMERAS = ("Basler ace 2, 5 MP, 900 µs", "IDS uEye CP, 8 MP, 600 µs", "Baumer VCX, 5 MP, 1.2 ms")
_LENSES = ("16 mm, f/4", "25 mm, f/5.6, polariser", "35 mm, f/8")
_MOUNTS = ("Portal over the belt, pinned", "Bracket at the cell's frame", "Arm at the transfer")
_CYCLES_MS = (400, 650, 900, 1_500, 2_400)
_COMPUTERS = ("Industrial PC, 16 GB, no accelerator", "Box PC, 32 GB", "Panel PC, 16 GB")
SUPPLIER = 0  # the number of that change
_CHANGES = (
    ("supplier", "A second supplier delivers from this lot on."),
    ("lighting", "The lamps were replaced at the yearly maintenance."),
    ("camera", "The camera failed and was replaced."),
)


def first(docket: Docket, at: Setting, line: Line, moment: datetime) -> LineSetup:
    """How the line was when it was entered."""
    chosen = docket.random.integers(0, 1_000, 8)

    def of(place: int, options: tuple[str, ...]) -> str:
        return options[int(chosen[place]) % len(options)]

    document = line_setup.check(
        {
            "product": f"{line.name.partition(', ')[2].capitalize() or 'Parts'} "
            f"{chr(65 + int(chosen[0]) % 6)}{100 + int(chosen[0])}",
            "supplier": of(1, _SUPPLIERS),
            "lighting": of(2, _LIGHTS),
            "camera": of(3, _CAMERAS),
            "lens": of(4, _LENSES),
            "mounting": of(5, _MOUNTS),
            "conveyor": f"{0.1 + int(chosen[6]) % 5 * 0.1:.1f} m/s, parts singled by a stopper",
            "cycle_ms": str(_CYCLES_MS[int(chosen[6]) % len(_CYCLES_MS)]),
            "computer": of(7, _COMPUTERS),
        }
    )
    return _report(docket, at, line, document, None, moment, "Taken down when the line was opened.")


def change(
    docket: Docket, at: Setting, line: Line, former: LineSetup, moment: datetime, number: int
) -> LineSetup:
    """One fact is another from this moment on."""
    name, reason = _CHANGES[number % len(_CHANGES)]
    options = {"supplier": _SUPPLIERS, "lighting": _LIGHTS, "camera": _CAMERAS}[name]
    others = [one for one in options if one != former.document[name]]
    told = others[int(docket.random.integers(0, len(others)))]
    document = {**former.document, name: told}
    return _report(docket, at, line, document, former, moment, reason)


def _report(
    docket: Docket,
    at: Setting,
    line: Line,
    document: dict[str, str],
    former: LineSetup | None,
    moment: datetime,
    reason: str,
) -> LineSetup:
    row = LineSetup(
        line=line,
        number=former.number + 1 if former else 1,
        document=document,
        changed=line_setup.changed(former.document if former else {}, document),
        reason=reason,
        reported_by=at.engineer,
        since=max(moment, at.first + timedelta(minutes=5)),
    )
    docket.setups.append(row)
    docket.note_line(
        line,
        row.since,
        at.engineer,
        "setup.reported",
        number=row.number,
        changed=row.changed,
        reason=reason,
    )
    return row
