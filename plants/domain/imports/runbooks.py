"""What a line about a runbook would do: begin it, link it, write it anew, find it right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from plants.domain.imports.changes import Action, Change, Reader, Refused, check_line
from plants.domain.imports.facts import Present, Runbook
from plants.domain.imports.tables import Record
from plants.domain.runbook_text import check_text

# What the rows of runbooks take.
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Names in one cell; neither families nor lines have any of these in their codes.
_BETWEEN_NAMES = re.compile(r"[\s,;]+")


def reader(present: Present) -> Reader:
    """How a line is read beside what is present."""

    def read(record: Record) -> Change:
        slug = record.cells["runbook"]
        if not _SLUG.fullmatch(slug):
            raise Refused(
                "runbook", "A name is 1 to 64 letters, digits, hyphens and underscores, no space."
            )
        former = present.runbooks.get(slug)
        if former and former.is_retired:
            raise Refused("runbook", f"The runbook {slug} is retired and keeps its name; choose "
                          "another.")  # fmt: skip
        wanted = _wanted(record.cells, present, former)
        done = _done(former, wanted)
        if "written" in done and not record.cells.get("change_note"):
            raise Refused("change_note", "The text differs; say in a few words what changed.")
        action: Action = "create" if former is None else "change" if done else "unchanged"
        values = {
            "former": former,
            "wanted": wanted,
            "slug": slug,
            "change_note": record.cells.get("change_note", ""),
        }
        return Change(record.line, action, _words(slug, wanted, done), values)

    return read


def _wanted(cells: Mapping[str, str], present: Present, former: Runbook | None) -> Runbook:
    text = check_text(cells["markdown"])
    is_same = former is not None and former.markdown == text
    version = former.version if former else 0
    return Runbook(
        title=cells["title"],
        markdown=text,
        families=_families(cells, present, former),
        lines=_lines(cells, present, former),
        reviewed_on=_day(cells.get("reviewed_on", ""), present, former),
        version=version if is_same else version + 1,
    )


def _families(
    cells: Mapping[str, str], present: Present, former: Runbook | None
) -> tuple[str, ...]:
    # A table without the column leaves the links as they are; an empty cell takes them away.
    if "families" not in cells:
        return former.families if former else ()
    named = _names(cells["families"])
    for slug in named:
        if slug not in present.families:
            raise Refused("families", f"There is no family {slug[:64]}; leave it out or fix it.")
    return named


def _lines(cells: Mapping[str, str], present: Present, former: Runbook | None) -> tuple[str, ...]:
    kept = former.lines if former else ()
    if "lines" not in cells:
        return kept
    named = _names(cells["lines"])
    for code in named:
        if code not in kept:
            check_line(present, code, "lines")
    return named


def _names(cell: str) -> tuple[str, ...]:
    return tuple(sorted({name for name in _BETWEEN_NAMES.split(cell) if name}))


def _day(cell: str, present: Present, former: Runbook | None) -> date:
    today = present.now.astimezone(present.zone).date()
    if not cell:
        # Who brings a runbook finds it right today, as who writes one does.
        return former.reviewed_on if former else today
    try:
        found = date.fromisoformat(cell if _DAY.fullmatch(cell) else "")
    except ValueError:
        raise Refused("reviewed_on", "It is no day; write it like 2026-11-21.") from None
    if found > today:
        raise Refused("reviewed_on", f"It lies ahead; write a day up to {today}.")
    if former and found < former.reviewed_on:
        raise Refused(
            "reviewed_on",
            f"It lies before the last review; write a day from {former.reviewed_on} to {today}.",
        )
    return found


def _done(former: Runbook | None, wanted: Runbook) -> tuple[str, ...]:
    """What becomes of a runbook that is there, as the ledger's verbs have it."""
    if former is None:
        return ()
    described = (former.title, former.families, former.lines)
    found = {
        "described": described != (wanted.title, wanted.families, wanted.lines),
        "written": former.version != wanted.version,
        "reviewed": former.reviewed_on != wanted.reviewed_on,
    }
    return tuple(verb for verb, is_so in found.items() if is_so)


def _words(slug: str, wanted: Runbook, done: Iterable[str]) -> str:
    said = {
        "described": f"title or links anew ({_links(wanted)})",
        "written": f"its text becomes version {wanted.version}",
        "reviewed": f"reviewed on {wanted.reviewed_on}",
    }
    changed = "; ".join(said[verb] for verb in done)
    return f"{wanted.title} ({slug}): " + (
        changed or f"version {wanted.version}, {_links(wanted)}, reviewed on {wanted.reviewed_on}"
    )


def _links(wanted: Runbook) -> str:
    families = ", ".join(wanted.families) or "no family"
    return f"{families}, {', '.join(wanted.lines) or 'every line'}"
