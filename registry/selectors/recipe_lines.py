"""Recipes beside each other: two versions compared, and what plants made of one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max

from registry.domain import lineage
from registry.domain.access import PlantScope
from registry.domain.recipe_diff import (
    Change,
    Section,
    by_section,
    content_changes,
    needed_part,
)
from registry.domain.recipe_yaml import with_version, written
from registry.domain.text_diff import Line, text_diff
from registry.models import Job, MadeBy, ModelVersion, Recipe

_MOST_ROWS = 200  # plants times the choices they made; more than a page can say


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one recipe changes of another."""

    before: Recipe
    after: Recipe
    sections: list[Section]
    lines: list[Line]
    part: str

    @property
    def count(self) -> int:
        """How many values differ."""
        return sum(len(section.changes) for section in self.sections)

    @property
    def is_one_line(self) -> bool:
        """Whether both are versions of one name."""
        return self.before.name == self.after.name


def compare(before: Recipe, after: Recipe) -> Comparison:
    """Values that differ, by section, and the canonical texts line by line."""
    changes = content_changes(before.document, after.document)
    return Comparison(
        before,
        after,
        by_section(changes),
        text_diff(written(before.document), written(after.document)),
        needed_part(changes),
    )


def choices(scope: PlantScope) -> list[Recipe]:
    """Every recipe that may be compared: by name, newest version first."""
    rows = list(Recipe.objects.visible_to(scope).defer("document", "source"))
    rows.sort(key=lambda one: lineage.parse(one.version), reverse=True)
    rows.sort(key=lambda one: one.name)
    return rows


def versions_of(scope: PlantScope, name: str) -> list[Recipe]:
    """Every version of a name, newest first."""
    rows = list(Recipe.objects.visible_to(scope).filter(name=name))
    return sorted(rows, key=lambda one: lineage.parse(one.version), reverse=True)


def next_text(scope: PlantScope, recipe: Recipe) -> str:
    """The text to write the next version from: this one's, numbered after the newest."""
    newest = versions_of(scope, recipe.name)[0]
    number = str(lineage.parse(newest.version).bump("minor"))
    return with_version(recipe.source or written(recipe.document), number)


@dataclass(slots=True)
class Use:
    """One plant's use of one resolved form of a recipe."""

    plant_code: str
    digest: str
    jobs: int = 0
    last_at: datetime | None = None
    versions: list[ModelVersion] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def uses(scope: PlantScope, recipe: Recipe) -> list[Use]:
    """Which plant runs which digest of the recipe, and what it chose; three queries."""
    found: dict[tuple[str, str], Use] = {}
    jobs = Job.objects.visible_to(scope).filter(recipe=recipe, kind="retrain").order_by()
    counted = jobs.values_list("plant_code", "resolved_digest")
    for plant, digest, count, last in counted.annotate(Count("pk"), Max("requested_at")):
        found[plant, digest] = Use(plant, digest, count, last)
    for version in _versions(scope, recipe):
        key = (version.origin, version.resolved_digest)
        use = found.setdefault(key, Use(*key, last_at=version.registered_at))
        use.versions.append(version)
    _note_choices(scope, recipe, found)
    rows = sorted(found.values(), key=lambda use: (use.plant_code, use.digest))
    return rows[:_MOST_ROWS]


def _versions(scope: PlantScope, recipe: Recipe) -> list[ModelVersion]:
    # An uploaded version is judged by the recipe; its plant did not run it.
    made = ModelVersion.objects.visible_to(scope).filter(recipe=recipe, made_by=MadeBy.JOB)
    rows = made.select_related("family")
    return list(rows.only("origin", "version", "resolved_digest", "registered_at", "family__slug"))


def _note_choices(scope: PlantScope, recipe: Recipe, found: dict[tuple[str, str], Use]) -> None:
    """Read each digest's document once; a digest stands for one content."""
    digests = {digest for _, digest in found}
    documents: dict[str, dict[str, object]] = {}
    for rows in (Job.objects.visible_to(scope), ModelVersion.objects.visible_to(scope)):
        kept = rows.filter(resolved_digest__in=digests - documents.keys(), recipe=recipe)
        documents |= dict(
            kept.order_by().values_list("resolved_digest", "resolved_recipe").distinct()
        )
    for use in found.values():
        document = documents.get(use.digest)
        use.changes = content_changes(recipe.document, document) if document else []
