from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from governance.domain import robustness
from governance.selectors.gate_slices import slices_of
from governance.web import charts
from registry.domain.report_slices import Slices
from registry.domain.wording import counted
from registry.http import ScopedRequest
from registry.models import Metric, ModelFamily, ModelVersion
from registry.selectors import exploring
from registry.selectors import versions as version_reads
from registry.selectors.directory import plants_of

KINDS = (
    ("", "all versions"),
    ("own", "the plant's own versions"),
    ("baseline", "the current baseline"),
)
_TABLE_ROWS = 60
# Plotly adds an empty style element and fills it by script; the package also brings the style
# sheet of a map library, the same text every time. Digests of exactly these two are let in.
_STYLES_OF_PLOTLY = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",
)
_View = TypeVar("_View", bound=Callable[..., HttpResponse])


def draws_charts(view: _View) -> _View:
    """Lets Plotly work on this page alone; it exports pictures as blobs, and asks for nothing."""
    allowed: _View = csp_update(
        {
            "style-src": ["'unsafe-hashes'", *_STYLES_OF_PLOTLY],
            "img-src": ["blob:"],
            "worker-src": ["'self'", "blob:"],
        }
    )(view)
    return allowed


@require_safe
@login_required
@draws_charts
def family(request: ScopedRequest, slug: str) -> HttpResponse:
    of = get_object_or_404(ModelFamily.objects.visible_to(request.scope), slug=slug)
    wish = _wish(request)
    page = exploring.family(request.scope, of, wish)
    names = {code: facts.name for code, facts in plants_of(request).items()}
    metric = Metric(of.primary_metric).label
    context: dict[str, Any] = {
        "family": of,
        "page": page,
        "wish": wish,
        "kinds": KINDS,
        "metric": metric,
        "options": [(code, names.get(code, code)) for code in page.plants],
        "sentence": _sentence(page.by_plant, names),
        "unlike": sum(row.reading == "not comparable yet" for row in page.by_plant),
        "too_few": sum(row.score.value is None for row in page.by_plant),
        "newest": sorted(page.over_time, key=lambda one: one.at, reverse=True)[:_TABLE_ROWS],
        "max_plants": exploring.MAX_PLANTS,
        "figures": {
            "plants": charts.by_plant(page.by_plant, names, metric),
            "time": charts.over_time(page.over_time, page.shown, names, metric),
        },
        "is_table": request.GET.get("view") == "table",
    }
    return render(request, "governance/explore_family.html", context)


def _wish(request: ScopedRequest) -> exploring.Wish:
    """What the address asks for; what it does not understand it leaves out."""
    kind = request.GET.get("kind", "")
    return exploring.Wish(
        plants=request.GET.getlist("plants")[: exploring.MAX_PLANTS],
        kind=kind if kind in dict(KINDS) else "",
        since=_date(request.GET.get("from", "")),
        until=_date(request.GET.get("to", "")),
    )


def _date(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:  # well formed, but no day: 2026-02-30
        return None


def _sentence(rows: list[exploring.AtPlant], names: dict[str, str]) -> str:
    """The answer: who is clearly below the baseline on its own rows."""
    compared = [row for row in rows if row.norm and row.reading != "the baseline itself"]
    if not compared:
        return (
            "No plant can be compared with the baseline yet: that takes an evaluation of both on "
            "the same rows."
        )
    worse = [row for row in compared if row.reading == "worse"]
    if not worse:
        return f"No plant of {len(compared)} that can be compared is clearly below the baseline."
    worst = names.get(worst_code := worse[0].score.plant, worst_code)
    verb = "is" if len(worse) == 1 else "are"
    return (
        f"{len(worse)} of {counted(len(compared), 'comparable plant')} {verb} clearly below "
        f"the baseline; {worst} is furthest down."
    )


class _Stress:
    """What the newest slices say, for a page: the sentences first, then a line for each level."""

    def __init__(self, slices: Slices) -> None:
        self.sentences = robustness.in_words(slices)
        self.plain = slices.plain
        self.levels = [(one, robustness.difference(one)) for one in slices.levels]


@require_safe
@login_required
@draws_charts
def version(request: ScopedRequest, pk: UUID) -> HttpResponse:
    rows = ModelVersion.objects.visible_to(request.scope).select_related(
        "family", "recipe", "artifact", "manifest", "job", "baseline"
    )
    of = get_object_or_404(rows, pk=pk)
    card = version_reads.page(request.scope, of)
    scores = exploring.version(request.scope, of)
    names = {code: facts.name for code, facts in plants_of(request).items()}
    metric = Metric(of.family.primary_metric).label
    shown = sorted({score.plant for score in scores})[: exploring.MAX_PLANTS]
    slices = slices_of(request.scope, [of]).get(of.pk)
    as_shares = request.GET.get("show") != "counts"
    figures = {"time": charts.over_time(scores, shown, names, metric)}
    if card.classes:
        figures["confusion"] = charts.confusion(card.confusion, as_shares=as_shares)
        figures["classes"] = charts.class_by_class(card.classes)
    if slices:
        figures["stress"] = charts.stress(slices)
    context: dict[str, Any] = {
        "version": of,
        "card": card,
        "stress": slices and _Stress(slices),
        "scores": scores[:_TABLE_ROWS],
        "all_scores": len(scores),
        "metric": metric,
        "as_shares": as_shares,
        "shown": shown,
        "figures": figures,
        "is_table": request.GET.get("view") == "table",
    }
    return render(request, "governance/explore_version.html", context)
