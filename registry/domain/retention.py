"""How long a family's records are kept: which clocks run, until when, and why; the longest wins."""

from __future__ import annotations

from calendar import month_name, monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from registry.domain.errors import Invalid
from registry.domain.wording import counted, listed

IATF = "iatf"
AI_ACT_LOGS = "ai_act_logs"
AI_ACT_DOCUMENTS = "ai_act_documents"
CUSTOMER = "customer"

# IATF 16949:2016, 7.5.3.2.1: as long as the product is active for production and service, and one
# calendar year more.
IATF_CALENDAR_YEARS = 1
# Regulation (EU) 2024/1689, Articles 19(1) and 26(6): logs, at least so long.
AI_ACT_LOG_MONTHS = 6
# The same, Article 18(1): technical documentation, after the system was put into service.
AI_ACT_DOCUMENT_YEARS = 10
# A customer's own list goes to 50 years after the last part (General Motors).
MAX_CUSTOMER_YEARS = 50
# A rule of the house: nobody shortens a period and purges by it before others could object.
OBJECTION_DAYS = 30
_EARLIEST = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """One reason to keep records.

    Attributes:
        asks: what it asks for, for people.
        source: where that is written.
    """

    name: str
    title: str
    asks: str
    source: str


CLASSES: tuple[RetentionClass, ...] = (
    RetentionClass(
        IATF,
        "Life of the product, plus one calendar year",
        "Until 31 December of the year after the product's life in production and service ended; "
        "for ever while that end is not declared.",
        "IATF 16949:2016, 7.5.3.2.1",
    ),
    RetentionClass(
        AI_ACT_LOGS,
        "Logs of a high-risk system, six months",
        "At least six months after a version was last in use.",
        "Regulation (EU) 2024/1689, Articles 19(1) and 26(6)",
    ),
    RetentionClass(
        AI_ACT_DOCUMENTS,
        "Technical documentation of a high-risk system, ten years",
        "Ten years after a version was last in use, which is no earlier than when it was put into "
        "service.",
        "Regulation (EU) 2024/1689, Article 18(1)",
    ),
    RetentionClass(
        CUSTOMER,
        "Years that a customer's contract states",
        "So many years after a version was last in use.",
        "the contract, named in the reason",
    ),
)
BY_NAME = {one.name: one for one in CLASSES}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is set for a family.

    Attributes:
        customer_years: stated by contract; only with the class `customer`.
        life_ended_on: the last day of production and service; None while it is not declared.
        set_on: the day from which the rule stands.
    """

    classes: tuple[str, ...]
    customer_years: int | None = None
    life_ended_on: date | None = None
    set_on: date | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What is known of one version's use.

    Attributes:
        is_in_use: whether it is meant to run anywhere now.
        last_used_on: the last day it was meant to run; None if it never was.
        retired_on: None while it is not retired, or where the day is not on record.
    """

    is_in_use: bool = False
    last_used_on: date | None = None
    retired_on: date | None = None

    @property
    def closed_on(self) -> date | None:
        """The day from which periods count; None while there is none."""
        if self.is_in_use or self.retired_on is None:
            return None
        return max(self.retired_on, self.last_used_on or self.retired_on)


@dataclass(frozen=True, slots=True)
class Until:
    """The last day something is kept; None while a clock runs that has no end yet."""

    day: date | None
    because: str

    def is_over(self, today: date) -> bool:
        """Whether no clock runs any more.

        >>> Until(date(2027, 12, 31), "").is_over(date(2027, 12, 31))
        False
        >>> Until(date(2027, 12, 31), "").is_over(date(2028, 1, 1))
        True
        """
        return self.day is not None and today > self.day


def keep_until(rule: Rule | None, use: Use) -> Until:
    """Until when a version of a family is kept, by the longest of its clocks.

    >>> keep_until(None, Use()).because
    'no retention rule is set, so everything is kept for ever'
    >>> ended = Rule(("iatf",), life_ended_on=date(2026, 12, 31))
    >>> keep_until(ended, Use(retired_on=date(2026, 5, 3))).day
    datetime.date(2027, 12, 31)
    >>> keep_until(Rule(("iatf",)), Use(retired_on=date(2026, 5, 3))).day is None
    True
    """
    if rule is None or not rule.classes:
        return Until(None, "no retention rule is set, so everything is kept for ever")
    if use.is_in_use:
        return Until(None, "it is in use")
    clocks = [_clock(name, rule, use) for name in rule.classes]
    running = next((one for one in clocks if one.day is None), None)
    return running or _objected(rule, max(clocks, key=lambda one: one.day or date.max))


def _objected(rule: Rule, longest: Until) -> Until:
    """The longest clock, and no purge before a new rule could be objected to."""
    if rule.set_on is None or longest.day is None:
        return longest
    day = rule.set_on + timedelta(days=OBJECTION_DAYS)
    if day <= longest.day:
        return longest
    began = f"its rule, set on {said(rule.set_on)}, counts after {OBJECTION_DAYS} days"
    return Until(day, f"{longest.because}; {began}")


def _clock(name: str, rule: Rule, use: Use) -> Until:
    if name == IATF:
        return _life_of_the_product(rule, use)
    years, months = _period(name, rule)
    source = BY_NAME[name].source
    began = use.closed_on
    if began is None:
        return Until(None, f"its time does not count before it is retired ({source})")
    span = counted(years, "year") if years else counted(months, "month")
    since = "it was last in use" if began == use.last_used_on else "it was retired"
    words = f"{span} from {said(began)}, when {since} ({source})"
    return Until(later(began, years=years, months=months), words)


def _life_of_the_product(rule: Rule, use: Use) -> Until:
    source = BY_NAME[IATF].source
    if rule.life_ended_on is None:
        return Until(None, f"the end of the product's life is not declared ({source})")
    # What served after the declared end says that the life went on.
    ended = max(rule.life_ended_on, use.last_used_on or rule.life_ended_on)
    day = date(ended.year + IATF_CALENDAR_YEARS, 12, 31)
    words = f"the product's life ended on {said(ended)}, plus one calendar year ({source})"
    return Until(day, words)


def _period(name: str, rule: Rule) -> tuple[int, int]:
    """Years and months of a class that counts from a version's end."""
    if name == AI_ACT_LOGS:
        return 0, AI_ACT_LOG_MONTHS
    if name == AI_ACT_DOCUMENTS:
        return AI_ACT_DOCUMENT_YEARS, 0
    return rule.customer_years or MAX_CUSTOMER_YEARS, 0


def later(day: date, *, years: int = 0, months: int = 0) -> date:
    """A day so much later; where the calendar lacks it, the first one after it: never too early.

    >>> later(date(2024, 2, 29), years=10), later(date(2024, 2, 29), years=4)
    (datetime.date(2034, 3, 1), datetime.date(2028, 2, 29))
    >>> later(date(2026, 8, 31), months=6), later(date(2026, 12, 1), months=6)
    (datetime.date(2027, 3, 1), datetime.date(2027, 6, 1))
    """
    month = day.month - 1 + months
    year, month = day.year + years + month // 12, month % 12 + 1
    if day.day > monthrange(year, month)[1]:
        return date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, day.day)


def said(day: date) -> str:
    """A day as a sentence says it.

    >>> said(date(2027, 12, 31))
    '31 December 2027'
    """
    return f"{day.day} {month_name[day.month]} {day.year}"


def sentence(family: str, rule: Rule | None) -> str:
    """What a rule comes to, for people.

    >>> sentence("surface-defects", None)
    'Nothing is set for surface-defects: its records are kept for ever, and nothing may be purged.'
    >>> print(sentence("surface-defects", Rule(("iatf",))))
    Records of surface-defects are kept until the product's life ends, plus one calendar year; its \
end is not declared, so nothing may be purged.
    """
    if rule is None or not rule.classes:
        return (
            f"Nothing is set for {family}: its records are kept for ever, and nothing may be "
            "purged."
        )
    spans = _spans(rule)
    longest = ", whichever is longest" if len(rule.classes) > 1 else ""
    if IATF not in rule.classes:
        last = " after a version was last in use" + longest
        return f"Records of {family} are kept {listed(spans, len(spans))}{last}."
    others = f", and {listed(spans, len(spans))} after a version was last in use" if spans else ""
    if rule.life_ended_on is None:
        return (
            f"Records of {family} are kept until the product's life ends, plus one calendar year"
            f"{others}{longest}; its end is not declared, so nothing may be purged."
        )
    last_day = date(rule.life_ended_on.year + IATF_CALENDAR_YEARS, 12, 31)
    return (
        f"Records of {family} are kept until {said(last_day)}, one calendar year after the "
        f"product's life ended on {said(rule.life_ended_on)}{others}{longest}."
    )


def _spans(rule: Rule) -> list[str]:
    periods = (_period(name, rule) for name in rule.classes if name != IATF)
    return [
        counted(years, "year") if years else f"at least {counted(months, 'month')}"
        for years, months in periods
    ]


def check(rule: Rule, today: date) -> Rule:
    """The rule with its classes in order.

    Raises:
        Invalid: a class is unknown or named twice, or the figures do not belong to the classes.
    """
    problems = dict(_problems(rule, today))
    if problems:
        raise Invalid("The rule has fields to correct.", fields=problems)
    return replace(rule, classes=tuple(name for name in BY_NAME if name in rule.classes))


def _problems(rule: Rule, today: date) -> Iterator[tuple[str, list[str]]]:
    known, years, ended = set(rule.classes), rule.customer_years, rule.life_ended_on
    if not known or not known <= BY_NAME.keys() or len(known) != len(rule.classes):
        yield "classes", [f"Choose one or more of {', '.join(BY_NAME)}, each once."]
    if CUSTOMER in known and not (years and 1 <= years <= MAX_CUSTOMER_YEARS):
        yield (
            "customer_years",
            [f"Say how many years the contract states, 1 to {MAX_CUSTOMER_YEARS}."],
        )
    if CUSTOMER not in known and years is not None:
        yield "customer_years", ["Choose the customer's class with it, or leave it out."]
    if ended is not None and IATF not in known:
        yield "life_ended_on", ["Choose the class for the life of the product, or leave it out."]
    elif ended is not None and not _EARLIEST <= ended <= today:
        yield (
            "life_ended_on",
            [f"Give a day from {said(_EARLIEST)} to today: it has ended by then."],
        )
