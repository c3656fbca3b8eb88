"""How ready lines are: what people and workers answered, merged with what the records say now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from governance.domain import checklist as rules
from governance.domain.checklist import Answer, ItemStanding, Standing
from governance.models import LineProof, SignOff
from governance.selectors import checklist_facts, checklist_records
from plants.models import Line
from registry.domain.access import PlantScope
from registry.domain.wording import counted, listed, number


@dataclass(frozen=True, slots=True)
class LineStanding:
    """One line's checklist, and who has signed for it.

    Attributes:
        now: when it was asked, on the plant's clocks.
        sign_off: the newest one, in force or not.
    """

    line: Line
    now: datetime
    standing: Standing
    sign_off: SignOff | None

    @property
    def readiness(self) -> float:
        """The least share of its seven sections, from 0 to 1."""
        return self.standing.readiness

    @property
    def sentence(self) -> str:
        """How ready the line is."""
        return rules.sentence(self.line.name, self.standing)

    @property
    def decays_on(self) -> str:
        """The day on which a score falls next, if one does by itself."""
        falling = self.standing.next_to_decay
        return rules.day(falling.falls_at, self.now) if falling and falling.falls_at else ""

    @property
    def fallen(self) -> list[ItemStanding]:
        """Questions worth less than when somebody signed."""
        if self.sign_off is None:
            return []
        return rules.fallen(self.sign_off.scores.get("items", {}), self.standing)

    @property
    def signed_until(self) -> datetime | None:
        """When the sign-off ends, whatever happens."""
        if self.sign_off is None:
            return None
        return self.sign_off.signed_at + timedelta(days=rules.SIGNED_DAYS)

    @property
    def is_signed(self) -> bool:
        """Whether a sign-off is in force."""
        until = self.signed_until
        return until is not None and self.now < until and not self.fallen

    @property
    def not_signed(self) -> str:
        """Why no sign-off is in force; nothing where one is."""
        if self.sign_off is None:
            return f"Nobody has signed the checklist of {self.line.name}."
        signed = rules.day(self.sign_off.signed_at, self.now)
        if self.signed_until and self.now >= self.signed_until:
            return (
                f"{self.sign_off.person} signed on {signed}, more than {rules.SIGNED_DAYS} days "
                "ago: sign again."
            )
        if not self.fallen:
            return ""
        told = listed([f"“{one.item.question}”" for one in self.fallen])
        return (
            f"{self.sign_off.person} signed on {signed}; since then less speaks for {told}. "
            "Answer anew, or sign again."
        )

    @property
    def can_be_signed(self) -> bool:
        """Whether every question has an answer."""
        return not self.standing.unanswered


def standing_of(scope: PlantScope, line: Line, now: datetime | None = None) -> LineStanding:
    """How ready one line is."""
    return standings(scope, [line], now)[0]


def standings(
    scope: PlantScope, lines: Sequence[Line], now: datetime | None = None
) -> list[LineStanding]:
    """How ready these lines are, in their order; as many queries for many as for one."""
    asked = now or timezone.now()
    known = checklist_records.read(scope, lines, asked)
    given, signed = _given(scope, known.rows), _signed(scope, known.rows)
    found = []
    for line in lines:
        here = asked.astimezone(known.zones[line.plant_id])
        said = [*given[line.pk], *checklist_facts.answers(known, line.pk)]
        found.append(LineStanding(line, here, rules.score(said, here), signed.get(line.pk)))
    return found


def _given(scope: PlantScope, lines: Iterable[int]) -> Mapping[int, list[Answer]]:
    """The newest answer of each kind to each question."""
    alike = LineProof.objects.filter(
        line=OuterRef("line"), item=OuterRef("item"), kind=OuterRef("kind")
    )
    newest = alike.order_by("-given_at", "-pk").values("pk")[:1]
    rows = LineProof.objects.visible_to(scope).filter(line__in=lines, pk=Subquery(newest))
    found: defaultdict[int, list[Answer]] = defaultdict(list)
    columns = ("line_id", "item", "kind", "holds", "statement", "given_by", "given_at")
    for line, item, said, *rest in rows.order_by("given_at").values_list(*columns):
        kind: rules.Kind = "measured" if said == "measured" else "attested"
        found[line].append(Answer(item, kind, *rest))
    return found


def _signed(scope: PlantScope, lines: Iterable[int]) -> Mapping[int, SignOff]:
    newest = SignOff.objects.filter(line=OuterRef("line")).order_by("-signed_at", "-pk")
    rows = SignOff.objects.visible_to(scope).filter(
        line__in=lines, pk=Subquery(newest.values("pk")[:1])
    )
    return {one.line_id: one for one in rows.order_by()}


# --- What stands in a release's way --------------------------------------------------------------
def blockers(scope: PlantScope, line: Line, *, min_readiness: float) -> list[str]:
    """Why a line may not go further than shadow; nothing where it may."""
    return blocked_by(standing_of(scope, line), min_readiness=min_readiness)


def blocked_by(found: LineStanding, *, min_readiness: float) -> list[str]:
    """The same of a standing that was read already."""
    standing, said = found.standing, []
    if standing.unanswered:
        names = [
            f"{section.title.lower()} ({section.unanswered})"
            for section in standing.sections
            if section.unanswered
        ]
        waiting = counted(len(standing.unanswered), "question")
        said.append(
            f"{waiting} of the checklist of {found.line.name} without an answer: "
            f"{listed(names, 7)}."
        )
    if standing.readiness < min_readiness:
        said.append(
            f"{found.line.name} is {number(standing.readiness, 2)} ready and "
            f"{number(min_readiness, 2)} is asked for: "
            f"{standing.weakest.dimension.called} is the weakest, {standing.weakest.told}."
        )
    if not found.is_signed:
        said.append(found.not_signed)
    return said
