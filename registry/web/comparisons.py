from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from registry.domain.errors import Conflict, Invalid
from registry.domain.jobs import JobKind
from registry.http import ScopedRequest, as_csv
from registry.models import Job, ModelVersion
from registry.selectors import comparison_document as documents
from registry.selectors import comparisons as reads
from registry.selectors import jobs as job_reads
from registry.selectors import version_choices
from registry.selectors import versions as version_reads
from registry.selectors.directory import choices, plants_of
from registry.services import jobs

_VIEWS = ("counts", "share")
_VERSIONS = ("family", "recipe", "artifact", "manifest", "parent__family", "baseline")


@require_safe
@login_required
def compare(request: ScopedRequest) -> HttpResponseBase:
    """Two versions side by side; without two, the way to choose them."""
    first, second = _named(request, "a"), _named(request, "b")
    if first is None or second is None or first == second:
        return _pick(request, first, second)
    found = reads.page(request.scope, first, second, request.GET.get("manifest", ""))
    exports = {"csv": _csv, "json": _json}
    if export := exports.get(request.GET.get("format", "")):
        return export(found)
    return render(request, "registry/version_compare.html", _context(request, found))


def _named(request: ScopedRequest, name: str) -> ModelVersion | None:
    """The version that the address names, if it names one; a 404 for one out of sight."""
    try:
        pk = UUID(request.GET.get(name, ""))
    except ValueError:
        return None
    rows = ModelVersion.objects.visible_to(request.scope).select_related(*_VERSIONS)
    found: ModelVersion = get_object_or_404(rows, pk=pk)
    return found


def _context(request: ScopedRequest, found: reads.Comparison) -> dict[str, Any]:
    view = request.GET.get("view", "")
    swapped: dict[str, Any] = {"a": found.second.pk, "b": found.first.pk}
    if "manifest" in request.GET:
        swapped["manifest"] = request.GET["manifest"]
    return {
        "found": found,
        "view": view if view in _VIEWS else _VIEWS[0],
        "swap_url": f"?{urlencode(swapped)}",
        "open_places": [one for one in found.places if one.may_order and _is_open(request, one)],
        "reason": job_reads.reason(found.job) if found.job else "",
        "scored": found.scored if request.GET.get("scored") == "all" else found.telling,
        "has_retired": "retired" in (found.first.stage, found.second.stage),
    }


def _is_open(request: ScopedRequest, place: reads.Place) -> bool:
    facts = plants_of(request).get(place.plant)
    return facts is not None and facts.standing != "closed"


def _csv(found: reads.Comparison) -> HttpResponseBase:
    return as_csv(documents.CSV_HEADER, documents.rows(found), "comparison")


def _json(found: reads.Comparison) -> HttpResponseBase:
    return JsonResponse(
        documents.document(found),
        headers={"Content-Disposition": 'attachment; filename="lineward-comparison.json"'},
    )


# --- Choosing ------------------------------------------------------------------------------------
def _pick(
    request: ScopedRequest, first: ModelVersion | None, second: ModelVersion | None
) -> HttpResponse:
    chosen, place = (second, "b") if first is None else (first, "a")
    parameters = request.GET.copy()
    if chosen is not None:
        parameters.setdefault("family", chosen.family.slug)
    listing = version_reads.listing(request.scope, parameters, choices(request))
    return render(
        request,
        "registry/version_pick.html",
        {
            "listing": listing,
            "chosen": chosen,
            "place": place,
            "is_same": first is not None and first == second,
            "suggestions": version_choices.suggested(request.scope, chosen) if chosen else [],
        },
    )


# --- Ordering the proof --------------------------------------------------------------------------
@require_POST
@login_required
def order(request: ScopedRequest) -> HttpResponse:
    """Have a plant's worker score both on the same rows."""
    first, second = _posted(request, "a"), _posted(request, "b")
    back = f"{reverse('registry:version-compare')}?{urlencode({'a': first.pk, 'b': second.pk})}"
    place = _place(request, first, second)
    request.scope.require_any(job_reads.ORDERERS, place.plant)
    wish = jobs.Wish(
        kind=JobKind.EVALUATE,
        plant_code=place.plant,
        family=first.family,
        dataset=place.dataset,
        recipe=first.recipe,
        parent=first,
        against=second,
    )
    if _is_under_way(request, first, second, place):
        messages.info(request, "This is under way already; the page follows it.")
        return redirect(back)
    try:
        jobs.enqueue(request.scope, wish)
    except (Invalid, Conflict) as refusal:
        messages.error(request, refusal.message)
        return redirect(back)
    messages.success(request, "Ordered; the plant's worker scores both on the same rows.")
    return redirect(back)


def _posted(request: ScopedRequest, name: str) -> ModelVersion:
    try:
        pk = UUID(request.POST.get(name, ""))
    except ValueError:
        raise Invalid(
            "Say which two versions to score.", fields={name: ["Choose a version."]}
        ) from None
    rows = ModelVersion.objects.visible_to(request.scope).select_related("family", "recipe")
    found: ModelVersion = get_object_or_404(rows, pk=pk)
    return found


def _place(request: ScopedRequest, first: ModelVersion, second: ModelVersion) -> reads.Place:
    """The data set to score on: one that the page offers, at a plant that is open."""
    wanted = (request.POST.get("plant", ""), request.POST.get("dataset", ""))
    for place in reads.places(request.scope, first, second):
        if (place.plant, place.dataset) == wanted and _is_open(request, place):
            return place
    raise Invalid(
        "Neither version is known to belong to this data set, or its plant is closed.",
        fields={"dataset": ["Choose one of the data sets on the page of the comparison."]},
    )


def _is_under_way(
    request: ScopedRequest, first: ModelVersion, second: ModelVersion, place: reads.Place
) -> bool:
    job = reads.newest_job(request.scope, first, second)
    return job is not None and not job.is_ended and job.plant_code == place.plant


@require_safe
@login_required
def progress(request: ScopedRequest, pk: UUID) -> HttpResponse:
    """How far the worker is; once it is done the page asks for itself again."""
    job = get_object_or_404(Job.objects.visible_to(request.scope), pk=pk)
    answer = render(request, "registry/_pair_progress.html", {"job": job})
    if job.is_ended:
        answer["HX-Refresh"] = "true"
    return answer
