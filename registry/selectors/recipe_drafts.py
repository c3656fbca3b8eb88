"""A recipe while it is written: what is wrong and where, what it does, what it would follow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from registry.domain import lineage
from registry.domain import recipes as rules
from registry.domain.access import PlantScope
from registry.domain.errors import PlatformError
from registry.domain.operations import Catalogue
from registry.domain.recipe_diff import Section, by_section, content_changes, needed_part
from registry.domain.recipe_pipeline import Stage, pipeline
from registry.domain.recipe_yaml import BadYaml, Parsed, parse_with_places
from registry.models import Recipe

_PLACE = re.compile(r"^Line \d+, column \d+: ")
_MOST_SHOWN = 40  # a page of problems; the rest would hide the first


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct: where it stands in the document and in the text."""

    path: str
    sentence: str
    line: int | None

    @property
    def says(self) -> str:
        """The sentence as it goes on after the path, which most of them begin with."""
        rest = self.sentence.removeprefix(f"{self.path} ")
        return f": {rest}" if rest == self.sentence else f" {rest}"


@dataclass(slots=True)
class Draft:
    """What the portal makes of a text that is not published yet."""

    problems: list[Problem] = field(default_factory=list)
    more: int = 0
    name: str = ""
    version: str = ""
    digest: str = ""
    stages: list[Stage] = field(default_factory=list)
    follows: Recipe | None = None
    is_published: Recipe | None = None
    sections: list[Section] = field(default_factory=list)
    part: str = ""
    least: str = ""

    @property
    def is_publishable(self) -> bool:
        """Whether publishing it now would make a recipe."""
        return not self.problems and self.is_published is None

    @property
    def changes(self) -> int:
        """How many values differ from the version it follows."""
        return sum(len(section.changes) for section in self.sections)


def examine(scope: PlantScope, source: str, catalogue: Catalogue) -> Draft:
    """Judge a text as publishing would, and write nothing."""
    draft = Draft()
    try:
        parsed = parse_with_places(source)
    except BadYaml as refusal:
        # The page leads to the line already.
        said = _PLACE.sub("", refusal.message)
        draft.problems.append(Problem("document", said[:1].upper() + said[1:], refusal.line))
        return draft
    except PlatformError as refusal:
        draft.problems.append(Problem("document", refusal.message, None))
        return draft
    try:
        document = rules.canonical(parsed.document, catalogue)
        rules.check_successor(None, document)
    except PlatformError as refusal:
        _refuse(draft, refusal, parsed)
        return draft
    draft.name, draft.version = document["name"], document["version"]
    draft.digest = rules.digest(document)
    draft.stages = pipeline(document, rules.knobs(document, catalogue))
    _compare(scope, draft, document, parsed)
    return draft


def _refuse(draft: Draft, refusal: PlatformError, parsed: Parsed) -> None:
    fields = refusal.fields or {"version": [refusal.message]}
    found = [
        Problem(path, sentence, parsed.line_of(path))
        for path, sentences in fields.items()
        for sentence in sentences
    ]
    found.sort(key=lambda one: one.line or 0)
    draft.problems, draft.more = found[:_MOST_SHOWN], max(0, len(found) - _MOST_SHOWN)


def _compare(scope: PlantScope, draft: Draft, document: dict[str, Any], parsed: Parsed) -> None:
    line = list(Recipe.objects.visible_to(scope).filter(name=draft.name).defer("source"))
    line.sort(key=lambda one: lineage.parse(one.version))
    draft.is_published = next((one for one in line if one.digest == draft.digest), None)
    draft.follows = line[-1] if line else None
    if draft.follows is None or draft.is_published:
        return
    changes = content_changes(draft.follows.document, document)
    draft.sections = by_section(changes)
    draft.part = needed_part(changes)
    draft.least = str(lineage.parse(draft.follows.version).bump(needed_part(changes)))
    try:
        for earlier in line:
            rules.check_successor(earlier.document, document)
    except PlatformError as refusal:
        _refuse(draft, refusal, parsed)
