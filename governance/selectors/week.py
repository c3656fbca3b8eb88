"""What changed in a week, for the mail that managers get on Mondays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from governance.selectors import champions, matrix, needs
from governance.selectors.matrix import Row
from plants import selectors as plants
from registry.domain import readings, wording
from registry.domain.access import CENTRE, PlantScope
from registry.models import Baseline, Job, ModelVersion
from registry.selectors import jobs

WEEK = timedelta(days=7)
_SHOWN = 8
_NEWS = {readings.BETTER: "became clearly better than", readings.WORSE: "fell clearly below"}


@dataclass(frozen=True, slots=True)
class Line:
    """One fact, and where to read on."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Section:
    """Facts of one kind; `more` of them are left out and stand at `url`."""

    title: str
    lines: list[Line]
    more: int
    url: str


@dataclass(frozen=True, slots=True)
class Week:
    """The summary of one person's fleet."""

    sentence: str
    needs_somebody: bool
    sections: list[Section]


def week(scope: PlantScope, now: datetime) -> Week:
    """What changed since a week ago, as far as the caller sees; the same queries for any fleet."""
    facts = [
        one
        for one in plants.directory(scope).values()
        if one.standing != "closed" and not one.is_centre
    ]
    found = matrix.read(scope, facts)
    rows, names = found.everything, {one.code: _plain(one.name) for one in facts}
    names[CENTRE] = "the centre"
    ended = list(jobs.needing_somebody(scope).defer("resolved_recipe"))
    sections = [
        _section(
            "Champions that changed",
            _changed(scope, rows, found.families, now),
            f"{reverse('governance:home')}?sort=worst",
        ),
        _section("New baselines", _baselines(scope, now), reverse("registry:family-list")),
        _section("New versions", _versions(scope, names, now), reverse("registry:version-list")),
        _section(
            "Jobs that ended without success",
            _ended(ended, names),
            f"{reverse('registry:job-list')}?state=needs-somebody",
        ),
        _section(
            "Plants without a worker that answers", _silent(rows, now), reverse("plants:plant-list")
        ),
        _section("Lines without an owner", _unowned(rows), f"{reverse('plants:lines')}?owned=no"),
    ]
    return Week(
        sentence=_plain(needs.sentence(rows, ended, now)),
        needs_somebody=bool(ended) or any(row.is_abnormal for row in rows),
        sections=[one for one in sections if one.lines],
    )


def _plain(text: str) -> str:
    """On one line: a name with line breaks could pretend to be another paragraph of the mail."""
    return " ".join(text.split())


def _section(title: str, lines: Iterator[Line], url: str) -> Section:
    found = list(lines)
    return Section(title, found[:_SHOWN], max(0, len(found) - _SHOWN), url)


def _changed(
    scope: PlantScope, rows: Sequence[Row], families: Sequence[champions.Family], now: datetime
) -> Iterator[Line]:
    """What fell first, furthest first: good news must not push bad news off the list."""
    codes = [row.facts.code for row in rows]
    before = champions.standings(scope, codes, families, now - WEEK)
    found = []
    for row in rows:
        for cell in row.cells:
            one, former = cell.standing, before.get((row.facts.code, cell.family.pk))
            if one is None or one.norm is None or one.reading not in _NEWS:
                continue
            if former is None or former.reading != one.reading:
                found.append((one.reading != readings.WORSE, one.difference or 0.0, row, cell, one))
    for _, _, row, cell, one in sorted(found, key=lambda entry: entry[:2]):
        yield Line(
            f"{_plain(row.facts.name)}: {cell.family.slug} {one.number} "
            f"{_NEWS[one.reading]} the baseline, {wording.interval(one.figure)} against "
            f"{wording.interval(one.norm or {})}",
            cell.url,
        )


def _baselines(scope: PlantScope, now: datetime) -> Iterator[Line]:
    rows = Baseline.objects.visible_to(scope).filter(published_at__gt=now - WEEK)
    for one in rows.select_related("version__family").defer("version__resolved_recipe"):
        text = f"{one.version.family.slug} {one.version.version}: {_plain(one.release_notes)}"
        yield Line(text, one.version.get_absolute_url())


def _versions(scope: PlantScope, names: dict[str, str], now: datetime) -> Iterator[Line]:
    rows = ModelVersion.objects.visible_to(scope).filter(registered_at__gt=now - WEEK)
    for one in rows.select_related("family").only("version", "origin", "family__slug"):
        where = names.get(one.origin, one.origin)
        yield Line(f"{one.family.slug} {one.version}, made at {where}", one.get_absolute_url())


def _ended(ended: Sequence[Job], names: dict[str, str]) -> Iterator[Line]:
    for job in ended:
        where = names.get(job.plant_code, job.plant_code)
        text = f"{job.get_kind_display().capitalize()} {job.dataset} at {where}: {jobs.reason(job)}"
        yield Line(text, job.get_absolute_url())


def _silent(rows: Sequence[Row], now: datetime) -> Iterator[Line]:
    for row in rows:
        seen: Any = row.facts.last_seen_at
        if not row.facts.is_at_work:
            since = wording.span((now - seen).total_seconds()) if seen else ""
            said = f"not heard from for {since}" if since else "no worker yet"
            yield Line(f"{_plain(row.facts.name)}: {said}", row.facts.url)


def _unowned(rows: Sequence[Row]) -> Iterator[Line]:
    for row in rows:
        for name in row.unowned:
            yield Line(f"{_plain(row.facts.name)}: {_plain(name)}", row.facts.url)
