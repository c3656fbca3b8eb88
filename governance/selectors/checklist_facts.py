"""What the portal's own records say to the hardening checklist of a line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from governance.domain.checklist import Answer, day
from governance.selectors import checklist_envelopes
from governance.selectors.checklist_records import ON_CALL_AHEAD, Known, Row, Scored
from plants.domain import rosters
from plants.domain.desired_state import FALLBACKS
from plants.domain.reporting import covers
from plants.selectors.deployments import Meant
from registry.domain.wording import counted, listed, number

_BY = "the portal"
_DAY = timedelta(days=1)
# Which facts of the set-up an item asks for.
_SETUP = {
    "lighting.setup": ("lighting",),
    "parts.setup": ("product", "supplier"),
    "conveyor.setup": ("conveyor", "cycle_ms"),
    "camera.setup": ("camera", "lens", "mounting"),
}


def answers(known: Known, line: int) -> list[Answer]:
    """What the records say to the questions of one line."""
    row, coverage = known.rows[line], known.coverage.get(line)
    return [
        *(checklist_envelopes.answers(coverage) if coverage else ()),
        *_of_setup(known, row),
        *_of_pace(known, row),
        *_of_scores(known, row),
        *_of_worker(known, row),
        *_of_rollback(known, row),
        *_of_ownership(known, row),
        *_of_call(known, row),
        *_of_runbook(known, row),
    ]


def _live(known: Known, item: str, holds: bool, said: str) -> Answer:
    return Answer(item, "measured", holds, said, _BY, known.now, is_live=True)


def _of_setup(known: Known, row: Row) -> Iterator[Answer]:
    setup = known.setups.get(row.line.pk, {})
    for item, wanted in _SETUP.items():
        lacking = [name.replace("_ms", " time") for name in wanted if not setup.get(name)]
        if not setup:
            said = "No set-up of the line is on record."
        elif lacking:
            said = f"The set-up on record does not name {listed(lacking)}."
        else:
            told = [setup[name] + (" ms" if name.endswith("_ms") else "") for name in wanted]
            said = f"The set-up on record says: {'; '.join(told)}."
        yield _live(known, item, bool(setup) and not lacking, said)


def _families(known: Known, row: Row) -> list[tuple[str, Scored | None]]:
    """Each family of the line by name, with its newest evaluation at the plant."""
    found = dict.fromkeys(one.family_id for one in row.stations if one.family_id)
    plant = row.line.plant_id
    return [(known.families[one][1], known.scored.get((plant, one))) for one in found]


def _inspected(known: Known, row: Row) -> list[tuple[str, str]]:
    """Slug and title of every family of the line."""
    found = dict.fromkeys(one.family_id for one in row.stations if one.family_id)
    return [known.families[one] for one in found]


def _of_pace(known: Known, row: Row) -> Iterator[Answer]:
    """Without a cycle time, or without times of any family, nothing can be said."""
    cycle = known.setups.get(row.line.pk, {}).get("cycle_ms", "")
    timed = [
        (title, one.at, one.p95_ms)
        for title, one in _families(known, row)
        if one and one.p95_ms is not None
    ]
    if not cycle or not timed:
        return
    slow = [title for title, _, p95 in timed if p95 >= int(cycle)]
    if not slow and len(timed) < len(_families(known, row)):
        return
    told = listed([f"{title} {number(p95, unit='ms')}" for title, _, p95 in timed])
    said = f"The slowest twentieth of parts takes {told}; the line cycles every {cycle} ms."
    at = min(at for _, at, _ in timed)
    yield Answer("conveyor.pace", "measured", not slow, said, _BY, at)


def _of_scores(known: Known, row: Row) -> Iterator[Answer]:
    families = _families(known, row)
    if not families:
        return
    item, missing = "drift.scored", [title for title, one in families if one is None]
    if missing:
        said = f"Nothing was evaluated at the plant for {listed(missing)}."
        yield _live(known, item, holds=False, said=said)
        return
    title, oldest = min(((title, one.at) for title, one in families if one), key=lambda it: it[1])
    said = f"The newest evaluation of {title} at the plant."
    yield Answer(item, "measured", holds=True, said=said, by=_BY, at=oldest)


def _of_worker(known: Known, row: Row) -> Iterator[Answer]:
    seen = known.seen.get(row.line.plant_id)
    if seen is None:
        said = "No worker of the plant has ever answered."
        yield _live(known, "drift.worker", holds=False, said=said)
        return
    if known.now - seen <= _DAY:
        said = "A worker of the plant answered within a day."
        yield _live(known, "drift.worker", holds=True, said=said)
        return
    said = "No worker of the plant has answered since."
    yield Answer("drift.worker", "measured", holds=True, said=said, by=_BY, at=seen)


def _of_rollback(known: Known, row: Row) -> Iterator[Answer]:
    """A first release has only people to go back to, of whom the records know nothing."""
    stations = [known.meant[one.pk] for one in row.stations]
    if not stations or not all(_has_target(one) for one in stations):
        return
    told = [f"{one.station.name} to {one.back_to.version}" for one in stations if one.back_to]
    said = f"A rollback takes {listed(told)}." if told else "People inspect; no model decides."
    yield _live(known, "rollback.target", holds=True, said=said)


def _has_target(one: Meant) -> bool:
    if one.back_to:
        return True
    return one.decides is not None and one.decides.mode in FALLBACKS


def _of_ownership(known: Known, row: Row) -> Iterator[Answer]:
    one = row.owned
    if one is None:
        for item in ("ownership.owner", "ownership.authority"):
            yield _live(known, item, holds=False, said="Nobody owns this line.")
        return
    people = ((one.owner, one.owner_left), (one.deputy, one.deputy_left))
    gone = [name for name, left in people if name and left]
    if gone:
        said = f"{listed(gone)} left the plant."
    elif one.deputy is None:
        said = f"{one.owner} owns it; nobody is declared in their place."
    else:
        said = f"{one.owner} owns it, and {one.deputy} in their place."
    yield _live(known, "ownership.owner", not gone and one.deputy is not None, said)
    stays = one.authority_left is None
    said = f"{one.authority} {'may put the line back' if stays else 'left the plant'}."
    yield _live(known, "ownership.authority", stays, said)


def _of_call(known: Known, row: Row) -> Iterator[Answer]:
    span = rosters.Span(known.now, known.now + ON_CALL_AHEAD)
    gaps = rosters.open_spans(known.shifts.get(row.line.plant_id, []), row.line.code, span)
    said = "Somebody is on call in every hour of the next seven days."
    if gaps:
        begins = gaps[0].start.astimezone(known.zones[row.line.plant_id])
        said = f"Nobody is on call from {begins:%a %-d %b %H:%M %Z}"
        said += f", and {counted(len(gaps) - 1, 'more gap')}." if len(gaps) > 1 else "."
    yield _live(known, "ownership.on_call", not gaps, said)


def _of_runbook(known: Known, row: Row) -> Iterator[Answer]:
    """Every family of the line needs one; the one that was looked at longest ago counts."""
    item, plant, families = "ownership.runbook", row.line.plant_id, _inspected(known, row)
    covering = [
        [one for one in known.runbooks.get(plant, []) if covers(one, slug, row.line.code)]
        for slug, _ in families
    ]
    lacking = [title for (_, title), found in zip(families, covering, strict=True) if not found]
    if lacking or not families:
        said = f"No runbook covers {listed(lacking) or 'the line'}."
        yield _live(known, item, holds=False, said=said)
        return
    # Of several for one family, whoever is called takes the one that was read last.
    newest = [max(found, key=lambda one: one.reviewed_on) for found in covering]
    oldest = min(newest, key=lambda one: one.reviewed_on)
    at = datetime.combine(oldest.reviewed_on, time(), known.zones[plant])
    said = f"{oldest.title} was last found right on {day(at, known.now.astimezone(at.tzinfo))}."
    yield Answer(item, "measured", holds=True, said=said, by=_BY, at=at)
