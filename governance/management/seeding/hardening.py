"""What people answered to the checklists of their lines, and who signed for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from governance.domain.checklist_items import BY_SLUG
from governance.management.seeding import setups
from governance.management.seeding.crews import Setting
from governance.management.seeding.docket import Docket
from governance.models import LineProof, SignOff
from governance.selectors.checklist import LineStanding, standings
from plants.models import Line, LineSetup, Station
from registry.domain.access import portal_scope

# Shares of lines: every question answered, some, only a few; the rest has none.
_FULL, _PARTLY, _BARELY = 0.5, 0.3, 0.1
_EARLY_CHANGE, _LATE_CHANGE, _SAID_NO, _REFRESHED = 0.25, 0.08, 0.08, 0.65
_SHORT_LIVED_DAYS = 30
# What engineers attest; the records answer the other questions.
_STATEMENTS = {
    "lighting.covered": "Compared 200 parts of this week with the training images by eye: alike.",
    "lighting.hours": "Looked at images of the early, late and night shift side by side.",
    "lighting.shielded": "The cell is covered; photograph 14 in the line's folder shows it.",
    "parts.variants": "All variants of the plan for this quarter are in the training data.",
    "parts.limits": "22 limit samples were judged; quality agreed with 21 and relabelled one.",
    "conveyor.pace": "The station answered before the next part came, over one whole shift.",
    "conveyor.speed": "300 images taken at full speed are as sharp as those at rest.",
    "camera.framing": "The overlay of the reference image fits within two pixels.",
    "camera.sharpness": "The sharpness target reads as on the day of installation.",
    "camera.fixed": "Mount pinned and marked; the mark is checked at every change of shift.",
    "drift.watched": "Quality compares the share of rejects with last month's every Monday.",
    "drift.alarm": "Above 6 % rejects in an hour the shift leader calls the owner; tried once.",
    "rollback.target": "Two inspectors of the late shift take over by hand; the bench is ready.",
    "rollback.practised": "The early shift went back to inspection by hand during maintenance.",
    "rollback.minutes": "3 min 40 s from the call to the first good part, network unplugged.",
    "rollback.by_hand": "Work instruction AA-31 hangs at the station and was walked through.",
}
_NO = {
    "lighting.shielded": "At seven in the morning the sun reaches the part through the north door.",
    "camera.fixed": "The bracket can be turned by hand; maintenance has ordered pins.",
    "rollback.minutes": "It took 11 minutes: nobody had the key of the cabinet.",
    "drift.watched": "Nobody has compared the figures since the shift leader left.",
}


class Grade(StrEnum):
    """How far a line has come with its checklist."""

    FULL = "full"
    PARTLY = "partly"
    BARELY = "barely"
    NOTHING = "nothing"


@dataclass
class LineFile:
    """Everything on record of one line.

    Attributes:
        signed_first: from when on it could be released at all, on lines that have come so far.
        readiness: on the day on which it was signed.
    """

    at: Setting
    line: Line
    stations: Sequence[Station]
    grade: Grade
    settled: datetime
    signed_first: datetime
    readiness: float = 0.0
    setups: list[LineSetup] = field(default_factory=list)

    def setup_at(self, moment: datetime) -> LineSetup | None:
        """How the line was set up then."""
        known = [one for one in self.setups if one.since <= moment]
        return known[-1] if known else None


def open_files(docket: Docket, at: Setting, settled: datetime) -> list[LineFile]:
    """The lines of a plant with their set-ups and answers, both written."""
    day = (at.now - at.first) / 90
    stations = list(
        Station.objects.filter(line__plant=at.place.code)
        .select_related("line", "family")
        .order_by("line", "code")
    )
    lines = {one.line_id: one.line for one in stations}
    files = []
    for pk, line in lines.items():
        draw = float(docket.random.random())
        grade = next(
            (
                grade
                for grade, upto in (
                    (Grade.FULL, _FULL),
                    (Grade.PARTLY, _FULL + _PARTLY),
                    (Grade.BARELY, _FULL + _PARTLY + _BARELY),
                )
                if draw < upto
            ),
            Grade.NOTHING,
        )
        theirs = [one for one in stations if one.line_id == pk]
        for one in theirs:
            one.line = line
        first = at.first + day * float(docket.random.uniform(4, 9))
        files.append(LineFile(at, line, theirs, grade, settled, first))
        _set_up(docket, files[-1], day)
        _answer(docket, files[-1], day)
    docket.write_lines()
    _sign(docket, files, day)
    for of in files:
        _refuse(docket, of, day)
    docket.write_lines()
    return files


def _set_up(docket: Docket, of: LineFile, day: timedelta) -> None:
    if of.grade is Grade.NOTHING:
        return
    random, at = docket.random, of.at
    of.setups.append(setups.first(docket, at, of.line, at.first + day * random.uniform(0.1, 3)))
    draw = float(random.random())
    if draw < _EARLY_CHANGE:
        moment = of.signed_first + (of.settled - of.signed_first) * random.uniform(0.3, 0.9)
        number = int(random.integers(0, 3))
    elif draw < _EARLY_CHANGE + _LATE_CHANGE:
        moment, number = at.now - day * random.uniform(1, 6), setups.SUPPLIER
    else:
        return
    of.setups.append(setups.change(docket, at, of.line, of.setups[-1], moment, number))


# --- Answers -------------------------------------------------------------------------------------
def _answer(docket: Docket, of: LineFile, day: timedelta) -> None:
    """Full ones in two rounds, the second before they settle; others now and then."""
    if of.grade is Grade.FULL:
        _answer_all(docket, of, day)
        return
    shares = {Grade.PARTLY: 0.75, Grade.BARELY: 0.2}
    random, share = docket.random, shares.get(of.grade, 0.0)
    for item in _STATEMENTS:
        if random.random() < share:
            _attest(docket, of, item, of.at.now - day * random.uniform(2, 70))


def _answer_all(docket: Docket, of: LineFile, day: timedelta) -> None:
    random = docket.random
    for item in _STATEMENTS:
        _attest(docket, of, item, of.signed_first - day * random.uniform(0.3, 3))
        _attest(docket, of, item, of.settled - day * random.uniform(0.3, 6))
    if random.random() < _REFRESHED:
        for item in _STATEMENTS:
            if BY_SLUG[item].days <= _SHORT_LIVED_DAYS:
                _attest(docket, of, item, of.at.now - day * random.uniform(1, 8))


def _refuse(docket: Docket, of: LineFile, day: timedelta) -> None:
    """On some lines somebody has looked again by now, and it is not so."""
    random, of_all = docket.random, _SAID_NO * (1 if of.grade is Grade.FULL else 3)
    if of.grade is not Grade.NOTHING and random.random() < of_all:
        item = list(_NO)[int(random.integers(0, len(_NO)))]
        _attest(docket, of, item, of.at.now - day * random.uniform(0.3, 1), holds=False)


def _attest(
    docket: Docket, of: LineFile, item: str, moment: datetime, *, holds: bool = True
) -> None:
    given_at = max(moment, of.at.first + timedelta(minutes=10))
    docket.proofs.append(
        LineProof(
            line=of.line,
            item=item,
            kind="attested",
            holds=holds,
            statement=(_STATEMENTS if holds else _NO)[item],
            given_by=of.at.engineer,
            given_at=given_at,
        )
    )
    docket.note_line(
        of.line,
        given_at,
        of.at.engineer,
        "proof.attested",
        item=item,
        answer="yes" if holds else "no",
    )


# --- Signed --------------------------------------------------------------------------------------
def _sign(docket: Docket, files: Sequence[LineFile], day: timedelta) -> None:
    """Twice for a full line: before it released anything, and when it settled."""
    full = [one for one in files if one.grade is Grade.FULL]
    if not full:
        return
    settled = full[0].settled
    found = standings(portal_scope("seeding"), [one.line for one in full], settled)
    for of, standing in zip(full, found, strict=True):
        if not standing.can_be_signed:
            of.grade = Grade.PARTLY  # the records lack something that no engineer can attest
            continue
        of.readiness = standing.readiness
        _signed(docket, of, standing, of.signed_first)
        _signed(docket, of, standing, settled + day * docket.random.uniform(0.02, 0.2))


def _signed(docket: Docket, of: LineFile, found: LineStanding, moment: datetime) -> None:
    row = SignOff(
        line=of.line,
        person=f"approver-{of.at.place.code}",
        readiness=found.readiness,
        scores={
            "sections": {one.slug: one.share for one in found.standing.sections},
            "items": found.standing.scores,
        },
        note="Walked the line with the owner.",
        signed_at=moment,
    )
    docket.sign_offs.append(row)
    docket.note_line(
        of.line,
        moment,
        row.person,
        "checklist.signed",
        readiness=f"{row.readiness:.2f}",
        person=row.person,
    )
