"""The questions of the hardening checklist: what each forces, when it passes, how long it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from registry.domain.wording import counted


@dataclass(frozen=True, slots=True)
class Item:
    """One question that a line has to answer.

    Attributes:
        condition: when the answer is yes.
        evidence: what shows it.
        measured_by: what proves it without a person's word; empty where only people can say today.
        days: how long an answer stays fresh.
        reason: where that number comes from.
        until: what is missing for a machine to prove it, where none can today.
    """

    slug: str
    question: str
    condition: str
    evidence: str
    days: int
    reason: str
    measured_by: str = ""
    until: str = ""

    @property
    def age(self) -> timedelta:
        """How long an answer stays fresh."""
        return timedelta(days=self.days)

    @property
    def section(self) -> str:
        """The short name of its dimension."""
        return self.slug.partition(".")[0]

    @property
    def anchor(self) -> str:
        """Where a page shows it."""
        return self.slug.replace(".", "-").replace("_", "-")

    @property
    def decay(self) -> str:
        """How the answer loses its worth."""
        age = counted(self.days, "day")
        said = f"A word given for it counts half, and nothing after {age}"
        if not self.measured_by:
            return f"{said}. {self.reason}"
        if self.measured_by == RECORDS:
            return (
                f"Read anew from the portal's records each time; {said[0].lower()}{said[1:]}."
                f" {self.reason}"
            )
        proof = f"A measurement counts in full for {age}, half for as long again"
        return f"{proof}; {said[0].lower()}{said[1:]}. {self.reason}"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One of the seven parts of the checklist."""

    slug: str
    title: str
    items: tuple[Item, ...]

    @property
    def called(self) -> str:
        """Its name within a sentence."""
        article = "the " if self.slug in ("lighting", "rollback") else ""
        return f"{article}{self.title.lower()}"

    @property
    def short(self) -> str:
        """Its name where there is little room."""
        return self.slug.capitalize()


# What proves an item.
RECORDS = "the portal's own records"
ENVELOPE = "the worker's envelope of recent line images"
SCORES = "an evaluation at the plant beside the set-up's cycle time"
REVIEW = "the day on which the line's runbook was last found right"
BEATS = "the worker's last heartbeat"
SCORED = "the newest evaluation at the plant"

_SEASON = "Sunrise moves by about an hour a month in spring and autumn, and lamps age."
_REBUILT = "A rule of the house: what was rebuilt and not entered is found twice a year."
_PARTS = "A rule of the house: within a quarter, material of another lot arrives."
_MOUNT = "A rule of the house: cleaning and maintenance touch a camera within a month."
_QUARTER = "A rule of the house: a crew that has not practised for a quarter looks it up."

ITEMS: tuple[Dimension, ...] = (
    Dimension(
        "lighting",
        "Lighting envelope",
        (
            Item(
                "lighting.covered",
                "Has the model seen the light that falls on the parts today?",
                "At least 95 of 100 recent line images lie within the brightness, contrast and "
                "colour of the training images.",
                "Coverage of the line's recent images by the training data, with what lies outside "
                "named.",
                30,
                _SEASON,
                ENVELOPE,
            ),
            Item(
                "lighting.hours",
                "Was the light looked at in every hour in which the line produces?",
                "Every hour with recent line images, at dawn and at night too, is in the training "
                "data.",
                "Hours of recent line images beside those of the training data.",
                30,
                _SEASON,
                ENVELOPE,
            ),
            Item(
                "lighting.setup",
                "Is it written down which lamps light the part, and at which setting?",
                "The set-up on record names the lighting.",
                "The line's set-up.",
                180,
                _REBUILT,
                RECORDS,
            ),
            Item(
                "lighting.shielded",
                "Is daylight kept away from the part, or shown not to matter?",
                "A cover or a darkened cell is in place, or good and bad parts were judged alike "
                "with daylight and without.",
                "A photograph of the cover, or the figures of the trial, named in the statement.",
                180,
                _REBUILT,
                until="no instrument reports daylight at the part",
            ),
        ),
    ),
    Dimension(
        "parts",
        "Part variance",
        (
            Item(
                "parts.variants",
                "Has the model seen every kind of part that runs here?",
                "At least 95 of 100 recent line images lie, by every measure at once, where the "
                "training data have images.",
                "Coverage of the line's recent images by the training data.",
                90,
                _PARTS,
                ENVELOPE,
            ),
            Item(
                "parts.setup",
                "Is it on record which parts run here, and from whom?",
                "The set-up on record names product and supplier.",
                "The line's set-up.",
                180,
                _REBUILT,
                RECORDS,
            ),
            Item(
                "parts.limits",
                "Were the borderline parts shown to it, those that people argue about?",
                "The limit samples of the line were judged by the model, and quality agreed with "
                "what it said.",
                "The list of limit samples with what the model said of each.",
                365,
                "A rule of the house: limit samples wear, and are renewed every year.",
                until="the portal does not know which parts are limit samples",
            ),
        ),
    ),
    Dimension(
        "conveyor",
        "Conveyor dynamics",
        (
            Item(
                "conveyor.pace",
                "Is the model faster than the line?",
                "In 95 of 100 parts it answers within the cycle time of the set-up.",
                "The slowest twentieth of parts in the newest evaluation at the plant.",
                90,
                "A rule of the house: within a quarter, other work is put on the computer.",
                SCORES,
            ),
            Item(
                "conveyor.speed",
                "Were its images taken while the belt ran at full speed?",
                "Images taken at production speed are sharp, and judged as those of parts at rest.",
                "When and at which speed they were taken, and what the model said of them.",
                90,
                "A rule of the house: within a quarter, somebody changes the speed.",
                until="stations do not yet report the speed of their belt",
            ),
            Item(
                "conveyor.setup",
                "Is it on record how fast parts come, and how they lie?",
                "The set-up on record names the conveyor and the cycle time.",
                "The line's set-up.",
                180,
                _REBUILT,
                RECORDS,
            ),
        ),
    ),
    Dimension(
        "camera",
        "Camera stability",
        (
            Item(
                "camera.framing",
                "Does the camera still look at the same place?",
                "At least 95 of 100 recent line images are framed as the training images are.",
                "Framing of recent line images beside the training data's.",
                30,
                _MOUNT,
                ENVELOPE,
            ),
            Item(
                "camera.sharpness",
                "Are its images as sharp as those the model learned from?",
                "At least 95 of 100 recent line images are as sharp as the training images.",
                "Sharpness of recent line images beside the training data's.",
                30,
                _MOUNT,
                ENVELOPE,
            ),
            Item(
                "camera.setup",
                "Could somebody put the camera back exactly as it was?",
                "The set-up on record names camera, lens and mounting.",
                "The line's set-up.",
                180,
                _REBUILT,
                RECORDS,
            ),
            Item(
                "camera.fixed",
                "Would a knock or a shaking frame be noticed?",
                "Camera and lens are locked, and a mark or a target shows when they moved.",
                "A photograph of the mount and the mark, named in the statement.",
                180,
                _REBUILT,
                until="stations do not yet report that a camera moved",
            ),
        ),
    ),
    Dimension(
        "drift",
        "Drift monitoring",
        (
            Item(
                "drift.watched",
                "Would anybody notice that the parts of today look different?",
                "Inputs and decisions of the line are compared with those of the training data at "
                "least every week.",
                "Who compares what, where it is written down, and when they did last.",
                30,
                "A rule of the house: a comparison that nobody looked at for a month is none.",
                until="the portal has no drift monitors yet",
            ),
            Item(
                "drift.alarm",
                "Is it agreed at which figure somebody is called, and whom?",
                "The figure, who chose it from which data, and who is called are written down.",
                "The agreement, and one alarm that reached the person.",
                90,
                "A rule of the house: within a quarter, people on the list change.",
                until="the portal has no drift monitors yet",
            ),
            Item(
                "drift.scored",
                "When was the model last judged on parts whose truth is known?",
                "For every family of the line there is an evaluation at the plant.",
                "The newest evaluation at the plant.",
                30,
                "The fleet page calls an evaluation old after 30 days.",
                SCORED,
            ),
            Item(
                "drift.worker",
                "Is the machine alive that would see the drift?",
                "A worker of the plant has answered.",
                "Its last heartbeat.",
                1,
                "A worker reports three times a minute; a day without a word is no pause.",
                BEATS,
            ),
        ),
    ),
    Dimension(
        "rollback",
        "Rollback path",
        (
            Item(
                "rollback.target",
                "Is there something known to be good to go back to?",
                "Every station has a former version that decided there, or people who inspect in "
                "its place.",
                "What each station ran before.",
                180,
                _REBUILT,
                RECORDS,
            ),
            Item(
                "rollback.practised",
                "Did this crew put the line back, for practice?",
                "The crew on shift went back to the former version or to inspection by hand.",
                "Day, shift, who did it, and what came of it.",
                90,
                _QUARTER,
                until="the portal has no rollback drills yet",
            ),
            Item(
                "rollback.minutes",
                "How long does it take, with the network down too?",
                "From the decision to the first good part it took at most five minutes, without "
                "the network.",
                "The time taken, and how it was measured.",
                90,
                _QUARTER,
                until="the portal has no rollback drills yet",
            ),
            Item(
                "rollback.by_hand",
                "Can the line go on without any model?",
                "Who inspects by hand, where and with what is written down and was tried.",
                "The instruction, and the day on which it was tried.",
                180,
                _REBUILT,
                until="the portal has no rollback drills yet",
            ),
        ),
    ),
    Dimension(
        "ownership",
        "Ownership",
        (
            Item(
                "ownership.owner",
                "Who answers for the model on this line, and who in their place?",
                "Owner and deputy are declared, and both still work here.",
                "The line's declaration of ownership.",
                180,
                _REBUILT,
                RECORDS,
            ),
            Item(
                "ownership.authority",
                "Who may put the line back without asking anybody?",
                "A person with that right is declared, and still works here.",
                "The line's declaration of ownership.",
                180,
                _REBUILT,
                RECORDS,
            ),
            Item(
                "ownership.on_call",
                "Who is called at three in the morning?",
                "Somebody is on call for the line in every hour of the next seven days.",
                "The plant's roster.",
                7,
                "A rule of the house: rosters are made by the week.",
                RECORDS,
            ),
            Item(
                "ownership.runbook",
                "Does the person who is called know what to do?",
                "A runbook covers every family of the line, and somebody has found it right.",
                "The runbook, and the day of its last review.",
                365,
                "The portal calls a runbook old after a year: people, machines and numbers change.",
                REVIEW,
            ),
        ),
    ),
)

BY_SLUG: Mapping[str, Item] = {item.slug: item for one in ITEMS for item in one.items}
