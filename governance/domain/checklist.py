"""How ready a line is: questions score 0, 0.5 or 1, sections their sum, the line its weakest one.

As the ML Test Score has it (Breck et al. 2017): half a point for what people attest, a full one for
what a machine proves, the minimum over the sections; here proofs decay as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from governance.domain.checklist_items import ITEMS, Dimension, Item
from registry.domain.wording import counted, listed, number

Kind = Literal["measured", "attested"]
SIGNED_DAYS = 365  # A rule of the house: nobody's name stands longer for what nobody looked at.
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody or something said to a question.

    Attributes:
        is_live: read from the records at this very moment, so that it has no age.
    """

    item: str
    kind: Kind
    holds: bool
    said: str
    by: str
    at: datetime
    is_live: bool = False


class State(StrEnum):
    """What an item's answers come to."""

    PROVED = "proved"
    AGEING = "ageing"
    ATTESTED = "attested"
    DECAYED = "decayed"
    FAILS = "does not hold"
    UNANSWERED = "no answer"


STATES = tuple(state.value for state in State)


@dataclass(frozen=True, slots=True)
class ItemStanding:
    """One question with what its answers come to.

    Attributes:
        answer: the one that counts, or the last there was.
        falls_at: when the score falls unless somebody answers anew.
        falls_to: the score after that.
        now: when it was asked, in the zone in which dates are said.
    """

    item: Item
    state: State
    score: float
    answer: Answer | None
    falls_at: datetime | None
    falls_to: float
    now: datetime

    @property
    def words(self) -> str:
        """The state in words; a matrix of lines says none of them."""
        if self.answer is None:
            return "nobody has answered"
        if self.state is State.FAILS:
            return f"does not hold, {_said_by(self.answer)} {_ago(self.answer, self.now)}"
        return _words(self.answer, self.state, self.now, self.falls_at)

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer in date, good or bad."""
        return self.state not in (State.UNANSWERED, State.DECAYED)


@dataclass(frozen=True, slots=True)
class Section:
    """One dimension with its questions."""

    dimension: Dimension
    items: tuple[ItemStanding, ...]

    @property
    def title(self) -> str:
        """The dimension's name."""
        return self.dimension.title

    @property
    def slug(self) -> str:
        """The dimension's short name."""
        return self.dimension.slug

    @property
    def of(self) -> int:
        """How much there is to reach."""
        return len(self.items)

    @property
    def score(self) -> float:
        """Sum of its questions' scores."""
        return sum(one.score for one in self.items)

    @property
    def share(self) -> float:
        """The score as a share of what there is to reach."""
        return self.score / self.of

    @property
    def told(self) -> str:
        """The score in words."""
        return f"{number(self.score)} of {self.of}"

    @property
    def unanswered(self) -> int:
        """How many of its questions wait for an answer."""
        return sum(not one.is_answered for one in self.items)


@dataclass(frozen=True, slots=True)
class Standing:
    """All seven sections of a line."""

    sections: tuple[Section, ...]

    @property
    def items(self) -> list[ItemStanding]:
        """Every question in its order."""
        return [one for section in self.sections for one in section.items]

    @property
    def weakest(self) -> Section:
        """The section that decides; of equal ones the first."""
        return min(self.sections, key=lambda one: one.share)

    @property
    def readiness(self) -> float:
        """The least share of the seven, from 0 to 1."""
        return self.weakest.share

    @property
    def unanswered(self) -> list[ItemStanding]:
        """Questions without an answer in date."""
        return [one for one in self.items if not one.is_answered]

    @property
    def failing(self) -> list[ItemStanding]:
        """Questions whose answer is no."""
        return [one for one in self.items if one.state is State.FAILS]

    @property
    def next_to_decay(self) -> ItemStanding | None:
        """The question whose score falls first."""
        falling = [(one.falls_at, at, one) for at, one in enumerate(self.items) if one.falls_at]
        return min(falling)[2] if falling else None

    @property
    def scores(self) -> dict[str, float]:
        """The score of every question, by its slug."""
        return {one.item.slug: one.score for one in self.items}


def score(answers: Iterable[Answer], now: datetime) -> Standing:
    """What all answers of a line come to.

    Args:
        answers: in any order; of a kind and question the newest counts.
        now: in the zone in which dates are said.
    """
    found: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        found[answer.item].append(answer)
    return Standing(
        tuple(
            Section(one, tuple(standing_of(item, found[item.slug], now) for item in one.items))
            for one in ITEMS
        )
    )


# --- One question --------------------------------------------------------------------------------
def standing_of(item: Item, answers: Sequence[Answer], now: datetime) -> ItemStanding:
    """What the answers to one question come to.

    A no stands until somebody or something says yes after it; a yes decays. What the records say
    now does not overrule a person who says that it is not so.

    >>> from datetime import UTC
    >>> from governance.domain.checklist_items import BY_SLUG
    >>> now = datetime(2026, 11, 20, tzinfo=UTC)
    >>> pace, then = BY_SLUG["conveyor.pace"], now - timedelta(days=3)
    >>> found = standing_of(pace, [Answer("conveyor.pace", "measured", True, "", "", then)], now)
    >>> found.score, found.words
    (1.0, 'proved 3 days ago, decays on 15 February 2027')
    """
    latest = _latest(answers)
    if not latest:
        return ItemStanding(item, State.UNANSWERED, 0.0, None, None, 0.0, now)
    last_no = max((one for one in latest if not one.holds), key=_order, default=None)
    standing = [one for one in latest if last_no is None or _overrules(one, last_no)]
    if last_no and not standing:
        return ItemStanding(item, State.FAILS, 0.0, last_no, None, 0.0, now)
    # Of equal worth the younger one, since it lasts longer.
    best = max(standing, key=lambda one: (_worth(item, one, now), _order(one)))
    worth = _worth(item, best, now)
    falls_at = _falls_at(item, standing, now, worth) if worth else None
    falls_to = _best(item, standing, falls_at + _INSTANT) if falls_at else worth
    state = _state(best, worth)
    return ItemStanding(item, state, worth, best, falls_at, falls_to, now)


def _latest(answers: Sequence[Answer]) -> list[Answer]:
    if len(answers) < 2:
        return list(answers)
    found: dict[Kind, Answer] = {}
    for one in sorted(answers, key=lambda one: one.at):
        found[one.kind] = one
    return list(found.values())


def _overrules(one: Answer, last_no: Answer) -> bool:
    return one.holds and not one.is_live and _order(one) > _order(last_no)


def _order(one: Answer) -> tuple[datetime, bool]:
    """By time; of the same instant a measurement counts as the later word."""
    return one.at, one.kind == "measured"


def _worth(item: Item, one: Answer, now: datetime) -> float:
    """What a yes is worth by now.

    >>> from datetime import UTC
    >>> from governance.domain.checklist_items import BY_SLUG
    >>> now = datetime(2026, 11, 20, tzinfo=UTC)
    >>> def worth(kind, days):
    ...     given = Answer("", kind, True, "", "", now - timedelta(days=days))
    ...     return _worth(BY_SLUG["lighting.covered"], given, now)
    >>> [worth("measured", days) for days in (30, 31, 60, 61)]
    [1.0, 0.5, 0.5, 0.0]
    >>> [worth("attested", days) for days in (30, 31)]
    [0.5, 0.0]
    """
    if one.is_live:
        return 1.0
    is_word, age = one.kind == "attested", now - one.at
    if age <= item.age:
        return 0.5 if is_word else 1.0
    return 0.5 if not is_word and age <= 2 * item.age else 0.0


def _best(item: Item, answers: Sequence[Answer], at: datetime) -> float:
    return max(_worth(item, one, at) for one in answers)


def _falls_at(
    item: Item, answers: Sequence[Answer], now: datetime, worth: float
) -> datetime | None:
    """The last moment at which the question is worth what it is now; none: it is read anew."""
    if any(one.is_live for one in answers):
        return None
    ends = sorted(one.at + item.age * times for one in answers for times in (1, 2))
    return next(end for end in ends if end >= now and _best(item, answers, end + _INSTANT) < worth)


def _state(best: Answer, worth: float) -> State:
    if not worth:
        return State.DECAYED
    if best.kind == "attested":
        return State.ATTESTED
    return State.PROVED if worth == 1 else State.AGEING


# --- In words ------------------------------------------------------------------------------------
def _words(best: Answer, state: State, now: datetime, falls_at: datetime | None) -> str:
    if best.is_live:
        return "proved now, by the portal's own records"
    verb = "attested" if best.kind == "attested" else "proved"
    given = f"{verb} {_ago(best, now)}"
    if state is State.DECAYED:
        return f"{given}, which is too long ago to count"
    half = ", which counts half by now" if state is State.AGEING else ""
    return f"{given}{half}, decays on {day(falls_at, now)}" if falls_at else given


def _said_by(one: Answer) -> str:
    if one.is_live:
        return "as the portal's records say"
    return "measured" if one.kind == "measured" else f"{one.by} said"


def _ago(one: Answer, now: datetime) -> str:
    if one.is_live:
        return "now"
    days = (now - one.at).days
    return f"{counted(days, 'day')} ago" if days > 0 else "today"


def day(moment: datetime, now: datetime) -> str:
    """A day as a sentence says it, with its year where that is another.

    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 20, tzinfo=UTC)
    >>> day(datetime(2026, 12, 4, tzinfo=UTC), now), day(datetime(2027, 3, 4, tzinfo=UTC), now)
    ('4 December', '4 March 2027')
    """
    local = moment.astimezone(now.tzinfo)
    year = f" {local.year}" if local.year != now.year else ""
    return f"{local.day} {local:%B}{year}"


def sentence(name: str, standing: Standing) -> str:
    """How ready a line is and why not more, in one or two sentences."""
    if standing.readiness == 1:
        return f"{name} is ready: all {len(standing.items)} conditions are proved and fresh."
    waiting = len(standing.unanswered)
    rest = ""
    if waiting:
        rest = f" {counted(waiting, 'question')} {'has' if waiting == 1 else 'have'} no answer."
    return f"{name} is {number(standing.readiness, 2)} ready: {_why(standing)}.{rest}"


def _why(standing: Standing) -> str:
    least = [one for one in standing.sections if one.share == standing.readiness]
    names = listed([one.dimension.called for one in least])
    if not any(one.score == 1 for section in least for one in section.items):
        return f"nobody has proved {names}"
    verb = "is" if len(least) == 1 else "are"
    return f"{names} {verb} the weakest, with {least[0].told} points"


# --- Signed --------------------------------------------------------------------------------------
def fallen(signed: Mapping[str, float], standing: Standing) -> list[ItemStanding]:
    """Questions that are worth less than when somebody signed for them."""
    return [one for one in standing.items if one.score < signed.get(one.item.slug, 0.0)]
