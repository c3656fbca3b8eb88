from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from plants.domain.markdown import rendered
from plants.domain.reporting import age
from plants.models import Plant, Runbook, RunbookVersion
from plants.selectors import report_lists
from plants.selectors.reports import Reports
from plants.services import runbooks
from plants.web import report_forms as shapes
from plants.web.acts import Act, Confirmation, bound, carry_out, place
from registry.domain.access import Role
from registry.domain.errors import PlatformError
from registry.domain.text_diff import text_diff
from registry.http import ScopedRequest, listed
from registry.selectors.directory import choices

_WHO_MAY = "Engineers of the plant may write and review its runbooks."


@require_safe
@login_required
def everywhere(request: ScopedRequest) -> HttpResponseBase:
    """The runbooks of all plants."""
    listing = report_lists.runbooks(request.scope, request.GET, choices(request))
    return listed(request, "plants/runbooks.html", listing, "runbooks", **_today())


@require_safe
@login_required
def index(request: ScopedRequest, code: str) -> HttpResponseBase:
    """The runbooks of one plant."""
    plant = get_object_or_404(Plant.objects.visible_to(request.scope), pk=code)
    listing = report_lists.runbooks(request.scope, request.GET, plant_code=code)
    context = {
        "plant": plant,
        "may_report": _may(request, plant),
        "why_not": _WHO_MAY,
        "missing": [
            one
            for one in Reports(request.scope, plant).missing
            if one.noun in {"runbook", "runbooks"}
        ],
        **_today(),
    }
    return listed(request, "plants/runbook_list.html", listing, f"runbooks-{code}", **context)


def _today() -> dict[str, Any]:
    return {"today": timezone.now().date()}


def _may(request: ScopedRequest, plant: Plant) -> bool:
    return request.scope.may(Role.ENGINEER, plant.code) and plant.closed_at is None


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest, code: str) -> HttpResponse:
    """Write a runbook's first version."""
    plant = get_object_or_404(Plant.objects.visible_to(request.scope), pk=code)
    request.scope.require(Role.ENGINEER, code)
    data = request.POST if request.method == "POST" else None
    form = shapes.NewRunbookForm(data, scope=request.scope, plant=plant)
    status = 200
    if data is not None:
        status = 422
        if form.is_valid():
            try:
                made = runbooks.create(request.scope, plant_code=code, **form.cleaned_data)
            except PlatformError as refusal:
                place(refusal, form)
                status = refusal.status
            else:
                messages.success(request, "The runbook is on record.")
                return redirect(made)
    context = {"plant": plant, "form": form}
    return render(request, "plants/runbook_edit.html", context, status=status)


def _runbook(request: ScopedRequest, code: str, slug: str) -> Runbook:
    rows = Runbook.objects.visible_to(request.scope).select_related("plant")
    found = rows.prefetch_related("families", "lines__plant")
    return get_object_or_404(found, plant=code, slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def detail(request: ScopedRequest, code: str, slug: str) -> HttpResponse:
    """The runbook as it reads now."""
    runbook = _runbook(request, code, slug)
    acts = _acts(request, runbook)
    status = 200
    if request.method == "POST":
        request.scope.require(Role.ENGINEER, code)
        done, status = carry_out(request, acts)
        if done:
            return done
    versions = list(_versions(request, runbook))
    return _page(request, runbook, versions, versions[0], acts, status)


def _versions(request: ScopedRequest, runbook: Runbook) -> Any:
    rows = RunbookVersion.objects.visible_to(request.scope).filter(runbook=runbook)
    return rows.order_by("-number")


@require_safe
@login_required
def version(request: ScopedRequest, code: str, slug: str, number: int) -> HttpResponse:
    """The runbook as it read then."""
    runbook = _runbook(request, code, slug)
    versions = list(_versions(request, runbook))
    chosen = next((one for one in versions if one.number == number), None)
    if chosen is None:
        return redirect(runbook)
    return _page(request, runbook, versions, chosen, [], 200)


def _page(
    request: ScopedRequest,
    runbook: Runbook,
    versions: list[RunbookVersion],
    chosen: RunbookVersion,
    acts: list[Act],
    status: int,
) -> HttpResponse:
    may = _may(request, runbook.plant) and runbook.retired_at is None
    context = {
        "plant": runbook.plant,
        "runbook": runbook,
        "versions": versions,
        "chosen": chosen,
        "is_latest": chosen == versions[0],
        "html": mark_safe(rendered(chosen.markdown)),  # noqa: S308 - what it renders is sanitised
        "age": age(runbook.reviewed_on, timezone.now().date()),
        "may_report": may,
        "why_not": _WHO_MAY,
        "acts": acts if may else [],
    }
    return render(request, "plants/runbook_detail.html", context, status=status)


def _acts(request: ScopedRequest, runbook: Runbook) -> list[Act]:
    scope = request.scope
    links = {
        "title": runbook.title,
        "families": [family.slug for family in runbook.families.all()],
        "lines": [line.code for line in runbook.lines.all()],
    }
    describe = bound(
        request,
        "describe",
        shapes.RunbookLinks,
        scope=scope,
        plant=runbook.plant,
        initial=links,
    )
    return [
        Act(
            "review",
            "Found right",
            "Mark as reviewed",
            bound(
                request,
                "review",
                shapes.ReviewForm,
                initial={"reviewed_on": timezone.now().date()},
            ),
            lambda sent: runbooks.review(scope, runbook, on=sent["reviewed_on"]),
            "The review is noted.",
            "You have read the whole text and found it right.",
        ),
        Act(
            "describe",
            "Title, families and lines",
            "Change",
            describe,
            lambda sent: runbooks.describe(scope, runbook, **sent),
            "The runbook is changed.",
        ),
        Act(
            "retire",
            "Retire this runbook?",
            "Retire it",
            bound(request, "retire", Confirmation),
            lambda sent: runbooks.retire(scope, runbook),
            "The runbook is retired; its texts stay.",
            "It no longer counts for its families and lines. This cannot be undone.",
            is_danger=True,
        ),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: ScopedRequest, code: str, slug: str) -> HttpResponse:
    """Write the next version."""
    runbook = _runbook(request, code, slug)
    request.scope.require(Role.ENGINEER, code)
    latest = _versions(request, runbook)[0]
    data = request.POST if request.method == "POST" else None
    form = shapes.RunbookTextForm(data, initial={"markdown": latest.markdown})
    status = 200
    if data is not None:
        status = 422
        if form.is_valid():
            try:
                written = runbooks.write(request.scope, runbook, **form.cleaned_data)
            except PlatformError as refusal:
                place(refusal, form)
                status = refusal.status
            else:
                messages.success(request, _said(latest.number, written.number))
                return redirect(runbook)
    context = {"plant": runbook.plant, "runbook": runbook, "latest": latest, "form": form}
    return render(request, "plants/runbook_edit.html", context, status=status)


def _said(before: int, after: int) -> str:
    if before == after:
        return "The text is the same as before: there is no new version."
    return f"Version {after} is on record."


@require_safe
@login_required
def diff(request: ScopedRequest, code: str, slug: str) -> HttpResponse:
    """What two versions differ in."""
    runbook = _runbook(request, code, slug)
    versions = {str(one.number): one for one in _versions(request, runbook)}
    newest = next(iter(versions.values()))
    latter = versions.get(request.GET.get("to", ""), newest)
    former = versions.get(request.GET.get("from", ""), versions[str(max(1, latter.number - 1))])
    lines = text_diff(former.markdown, latter.markdown)
    context = {
        "plant": runbook.plant,
        "runbook": runbook,
        "versions": versions.values(),
        "former": former,
        "latter": latter,
        "lines": lines,
        "come": sum(line.kind == "come" for line in lines),
        "gone": sum(line.kind == "gone" for line in lines),
    }
    return render(request, "plants/runbook_diff.html", context)
