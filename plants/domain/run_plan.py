"""Which plants a run can be sent to, and what would probably become of it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_NAMED_CLASSES = 4


@dataclass(frozen=True, slots=True)
class Need:
    """What a run asks of a plant's data.

    Attributes:
        kind: what a row is; empty while nothing is chosen.
        min_rows: what the recipe's data contract asks.
        classes: the only labels that the run can take; empty where it takes any.
    """

    kind: str
    min_rows: int = 0
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A data set at a plant; `rows` and `classes` are None where nobody has said.

    Attributes:
        has_served: whether jobs of the run's family have used it; None where no family is chosen.
    """

    name: str
    kind: str
    rows: int | None = None
    classes: tuple[str, ...] | None = None
    has_served: bool | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a plant before anything is sent there; `standing` as its page says it."""

    standing: str
    datasets: tuple[Held, ...] = ()
    may_order: bool = True


@dataclass(frozen=True, slots=True)
class Prospect:
    """One plant in a run: the data sets that fit, why it is left out, what is doubtful.

    Attributes:
        reason: why nothing can be sent there; empty where it can.
        doubts: why the plant's worker will probably refuse it.
        notes: what may delay it.
    """

    fitting: tuple[Held, ...] = ()
    chosen: Held | None = None
    reason: str = ""
    doubts: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

    @property
    def is_sound(self) -> bool:
        """Whether it can be sent and nothing known speaks against it."""
        return not self.reason and not self.doubts


def prospect(need: Need, plant: Standing, wish: str = "") -> Prospect:
    """Judge one plant; the wished data set stands if it fits, else the best that does.

    Best is what nothing speaks against, and of several what the family has used before: a plant
    with strips and solar cells has two data sets of images, and only one is meant.

    >>> prospect(Need("images", 40), Standing("at work", (Held("caps", "images", 12),))).doubts
    ('caps has 12 rows; the data contract asks for 40.',)
    """
    if plant.standing == "closed":
        return Prospect(reason="The plant is closed; its workers take no jobs.")
    if not plant.may_order:
        return Prospect(reason="You may not order there; it takes the role of an engineer.")
    if not need.kind:
        return Prospect()
    fitting = tuple(one for one in plant.datasets if one.kind == need.kind)
    if not fitting:
        return Prospect(reason=f"No worker there names a data set of {need.kind}.")
    named = [one for one in fitting if one.name == wish]
    chosen = min(named or fitting, key=lambda one: (len(_doubts(need, one)), not one.has_served))
    return Prospect(
        fitting=fitting,
        chosen=chosen,
        doubts=_doubts(need, chosen),
        notes=_notes(need, plant, chosen) + _unfamiliar(fitting, chosen),
    )


def _doubts(need: Need, held: Held) -> tuple[str, ...]:
    found = []
    if held.rows is not None and held.rows < need.min_rows:
        found.append(
            f"{held.name} has {held.rows} rows; the data contract asks for {need.min_rows}."
        )
    strange = _strange(need.classes, held.classes or ())
    if strange:
        found.append(f"{held.name} has classes that this run does not take: {_named(strange)}.")
    return tuple(found)


def _notes(need: Need, plant: Standing, held: Held) -> tuple[str, ...]:
    found = []
    if plant.standing == "silent":
        found.append("Its worker is silent; the job waits until one answers.")
    if held.rows is None:
        found.append(f"How many rows {held.name} has is not known yet.")
    if need.classes and held.classes is None:
        found.append(f"The classes of {held.name} are not on record yet.")
    return tuple(found)


def _unfamiliar(fitting: Sequence[Held], chosen: Held) -> tuple[str, ...]:
    if len(fitting) == 1 or chosen.has_served is not False:
        return ()
    return (f"No job of this family has used {chosen.name} yet; make sure that it is meant.",)


def _strange(known: Sequence[str], found: Sequence[str]) -> list[str]:
    return [name for name in found if name not in known] if known else []


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_CLASSES
    text = ", ".join(names[:_NAMED_CLASSES])
    return f"{text} and {more} more" if more > 0 else text
