"""One search over everything that a caller may know of: what it finds, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse

from plants.models import Line, Runbook, RunbookVersion
from plants.selectors import accounts
from plants.selectors.sites import PlantFacts, directory
from registry.domain.access import PlantScope
from registry.domain.search_words import Word, words
from registry.selectors import search as registry
from registry.selectors.search import Cut, Group, Hit

SHOWN_OF_EACH = 8
SHOWN_OF_ONE = 50
# The order in which kinds are shown: what a name mostly means comes first.
KINDS = (
    *("plants", "lines", "families", "versions", "recipes", "runbooks"),
    *("people", "jobs", "uploads", "manifests"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        exact: the page to go straight to, when the word was a whole id or digest of one thing.
    """

    words: tuple[Word, ...]
    groups: list[Group]
    exact: str = ""

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)


def search(scope: PlantScope, text: str, kind: str = "", page: int = 1) -> Found:
    """Everything that holds every word; of one kind a page at a time, where one is named."""
    wanted = words(text)
    if not wanted or not scope.sees(None):
        return Found(wanted, [])
    kinds = [kind] if kind in KINDS else list(KINDS)
    cut = Cut(0, SHOWN_OF_EACH)
    if kind in KINDS:
        cut = Cut((page - 1) * SHOWN_OF_ONE, page * SHOWN_OF_ONE)
    finders = _finders(scope, wanted, cut)
    groups = [finders[one]() for one in kinds]
    exact = [hit.url for group in groups for hit in group.hits if hit.is_exact]
    found = [group for group in groups if group.total]
    return Found(wanted, found, exact[0] if len(exact) == 1 else "")


def _finders(scope: PlantScope, wanted: Sequence[Word], cut: Cut) -> dict[str, Callable[[], Group]]:
    places = directory(scope)
    # The centre's code stands on what it published, whether or not its plant may be seen.
    codes = {
        word: {code for code, facts in places.items() if word.is_in(code, facts.name)}
        | {word.folded}
        for word in wanted
    }
    names, families, recipes = registry.known(scope, wanted, codes)
    return {
        "plants": lambda: _plants(places.values(), wanted, cut),
        "lines": lambda: _lines(scope, places, wanted, cut),
        "families": lambda: registry.families(families, wanted, cut),
        "versions": lambda: registry.versions(scope, wanted, names, cut),
        "recipes": lambda: registry.recipes(recipes, wanted, cut),
        "runbooks": lambda: _runbooks(scope, places, wanted, cut),
        "people": lambda: _people(scope, wanted, cut),
        "jobs": lambda: registry.jobs(scope, wanted, names, cut),
        "uploads": lambda: registry.uploads(scope, wanted, names, cut),
        "manifests": lambda: registry.manifests(scope, wanted, names, cut),
    }


def _plants(places: Iterable[PlantFacts], wanted: Sequence[Word], cut: Cut) -> Group:
    rows = [one for one in places if all(word.is_in(one.code, one.name) for word in wanted)]
    rows.sort(key=lambda one: (one.code not in {word.folded for word in wanted}, one.name))
    hits = [Hit(one.name, f"plant {one.code}, {one.standing}", one.url, one.code) for one in rows]
    return Group("plants", "Plants", len(rows), hits[cut.start : cut.stop])


def _lines(
    scope: PlantScope, places: dict[str, PlantFacts], wanted: Sequence[Word], cut: Cut
) -> Group:
    rows = [
        line
        for line in Line.objects.visible_to(scope).open()
        if all(
            word.is_in(line.code, line.name, line.plant_id, places[line.plant_id].name)
            for word in wanted
        )
        # A plant's name alone means the plant, not each of its lines.
        and any(word.is_in(line.code, line.name) for word in wanted)
    ]
    hits = [
        Hit(
            line.name,
            f"line {line.code} of {places[line.plant_id].name}",
            line.get_absolute_url(),
            f"{line.plant_id}/{line.code}",
        )
        for line in rows[cut.start : cut.stop]
    ]
    return Group("lines", "Lines", len(rows), hits)


def _runbooks(
    scope: PlantScope, places: dict[str, PlantFacts], wanted: Sequence[Word], cut: Cut
) -> Group:
    """By title or by the text in force; those whose title says it first."""
    texts = RunbookVersion.objects.filter(runbook=OuterRef("pk")).order_by("-number")
    rows = Runbook.objects.visible_to(scope).filter(retired_at__isnull=True)
    rows = rows.alias(text=Subquery(texts.values("markdown")[:1]))
    for word in wanted:
        at = [code for code, one in places.items() if word.is_in(code, one.name)]
        rows = rows.filter(
            Q(title__icontains=word.text)
            | Q(slug__icontains=word.text)
            | Q(text__icontains=word.text)
            | Q(plant__in=at)
        )
    found = list(rows)
    found.sort(key=lambda one: (not all(word.is_in(one.title) for word in wanted), one.title))
    hits = [
        Hit(
            one.title,
            f"runbook of {places[one.plant_id].name}, reviewed {one.reviewed_on:%Y-%m-%d}",
            one.get_absolute_url(),
            f"{one.plant_id}/{one.slug}",
        )
        for one in found[cut.start : cut.stop]
    ]
    return Group("runbooks", "Runbooks", len(found), hits)


def _people(scope: PlantScope, wanted: Sequence[Word], cut: Cut) -> Group:
    rows = [
        user
        for user in accounts.visible(scope).filter(is_active=True)
        if all(word.is_in(user.username, user.get_full_name()) for word in wanted)
    ]
    hits = [
        Hit(
            str(user),
            user.username,
            reverse("plants:account-detail", args=[user.username]),
            user.username,
        )
        for user in rows[cut.start : cut.stop]
    ]
    return Group("people", "People", len(rows), hits)
