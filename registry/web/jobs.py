from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from registry.domain.jobs import JobState
from registry.http import ScopedRequest, listed
from registry.models import Job
from registry.selectors import jobs as reads
from registry.selectors import neighbours
from registry.selectors.directory import choices
from registry.services import jobs

# htmx: "the last answer of its kind"; the element stops asking.
STOP_POLLING = 286
_QUEUES_SHOWN = 5


def _visible(request: ScopedRequest, pk: UUID) -> Job:
    rows = Job.objects.visible_to(request.scope).select_related(
        "family",
        "recipe",
        "parent__family",
        "against__family",
        "manifest",
        "retry_of",
        "retried_as",
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = reads.listing(request.scope, request.GET, choices(request))
    may_order = reads.may_order(request.scope)
    queues = reads.queues(request.scope)
    return listed(
        request,
        "registry/job_list.html",
        listing,
        "jobs",
        may_order=may_order,
        queues=queues,
        longest=queues[:_QUEUES_SHOWN],
        shorter=queues[_QUEUES_SHOWN:],
    )


def _context(request: ScopedRequest, pk: UUID) -> dict[str, object]:
    job = _visible(request, pk)
    return {
        "job": job,
        "page": reads.page(request.scope, job),
        "may_order": reads.may_order(request.scope, job.plant_code),
        "may_cancel_now": not job.is_ended
        and job.state != JobState.VERIFYING
        and not job.cancel_requested_at,
        "may_retry_now": job.is_ended and job.state != JobState.SUCCEEDED,
    }


@require_safe
@login_required
def detail(request: ScopedRequest, pk: UUID) -> HttpResponse:
    context = _context(request, pk)
    job = context["job"]
    assert isinstance(job, Job)  # noqa: S101 - tells the type checker
    context["mlflow_url"] = neighbours.mlflow_run(request.scope, job)
    context["flower_url"] = neighbours.flower(request.scope)
    return render(request, "registry/job_detail.html", context)


@require_safe
@login_required
def progress(request: ScopedRequest, pk: UUID) -> HttpResponse:
    """The part of the page that moves; where the state has changed, everything that hangs on it."""
    context = _context(request, pk)
    job = context["job"]
    assert isinstance(job, Job)  # noqa: S101 - tells the type checker
    context["is_fragment"] = True
    context["has_moved"] = request.GET.get("seen") != f"{job.state}-{job.attempt}"
    status = STOP_POLLING if job.is_ended else 200
    return render(request, "registry/_progress.html", context, status=status)


@require_POST
@login_required
def cancel(request: ScopedRequest, pk: UUID) -> HttpResponse:
    job = jobs.cancel(request.scope, _visible(request, pk))
    word = "is cancelled" if job.is_ended else "will stop at its next report"
    messages.success(request, f"The job {word}.")
    return redirect(job)


@require_POST
@login_required
def retry(request: ScopedRequest, pk: UUID) -> HttpResponse:
    again = jobs.retry(request.scope, _visible(request, pk))
    messages.success(request, "Ordered again; this is the new job.")
    return redirect(again)
