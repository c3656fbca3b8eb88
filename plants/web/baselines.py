from __future__ import annotations

import uuid
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Model, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from plants import selectors
from plants.models import Plant
from plants.services import orders
from registry.domain.access import CENTRE, Role
from registry.domain.errors import Conflict, Invalid, NotFound, PlatformError
from registry.domain.jobs import JobKind, JobState
from registry.http import ScopedRequest
from registry.models import Job, ModelFamily, ModelVersion, Recipe
from registry.selectors.baseline_flow import Flow, flow
from registry.services import jobs, versions

Row = TypeVar("Row", bound=Model)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    """One page that says where the flow stands; the address names all it is about."""
    request.scope.require(Role.DATA_SCIENTIST)
    sent = request.POST if request.method == "POST" else request.GET
    found = flow(request.scope, sent.get("family", ""), _uuid(sent, "job"), _uuid(sent, "version"))
    if request.method != "POST":
        return _page(request, found)
    act = _publish if sent.get("act") == "publish" else _train
    try:
        return act(request, found)
    except (Invalid, Conflict, NotFound) as refusal:
        return _page(request, found, refusal)


def _train(request: ScopedRequest, found: Flow) -> HttpResponse:
    """Order the training at the reference plant; the same click twice orders it once."""
    sent = request.POST
    recipe = _named(Recipe.objects.visible_to(request.scope), _uuid(sent, "recipe"))
    if found.family is None or recipe is None:
        raise Invalid("Choose a family and a recipe.", fields={"recipe": ["Choose a recipe."]})
    visible = ModelVersion.objects.visible_to(request.scope)
    wish = jobs.Wish(
        kind=JobKind.RETRAIN,
        plant_code=CENTRE,
        family=found.family,
        dataset=sent.get("dataset", ""),
        recipe=recipe,
        parent=_named(visible, _uuid(sent, "parent")),
        idempotency_key=sent.get("idempotency_key", "")[:100],
    )
    job = orders.order(request.scope, wish)
    return redirect(_address(family=found.family.slug, job=job.pk))


def _publish(request: ScopedRequest, found: Flow) -> HttpResponse:
    if found.family is None or found.version is None:
        raise Invalid("Choose the version to publish.")
    notes = request.POST.get("release_notes", "")
    versions.publish_baseline(request.scope, found.version, release_notes=notes)
    messages.success(request, f"{found.version} is the baseline now; every plant sees it offered.")
    return redirect(_address(family=found.family.slug, version=found.version.pk))


def _address(**named: object) -> str:
    return f"{reverse('plants:baseline-new')}?{urlencode(named)}"


def _named(rows: QuerySet[Row], pk: UUID | None) -> Row | None:
    return rows.filter(pk=pk).first() if pk else None


def _uuid(sent: QueryDict, name: str) -> UUID | None:
    try:
        return UUID(sent.get(name, ""))
    except ValueError:
        return None


def _page(
    request: ScopedRequest, found: Flow, refusal: PlatformError | None = None
) -> HttpResponse:
    kind = found.family.task_kind if found.family else ""
    recipes = Recipe.objects.visible_to(request.scope).filter(task_kind=kind)
    offers = selectors.offers_at(request.scope, CENTRE) if found.family else []
    served = _served(request, found.family)
    context = {
        "flow": found,
        "reference": Plant.objects.visible_to(request.scope).filter(pk=CENTRE).first(),
        "recipes": recipes.defer("document", "source"),
        # The first is the one proposed: what the family has used before is least likely a mistake.
        "offers": sorted(
            (offer for offer in offers if offer.kind == kind),
            key=lambda offer: offer.name not in served,
        ),
        "sent": request.POST,
        "wished_recipe": request.GET.get("recipe", ""),
        "key": uuid.uuid4().hex,
        "run_query": _run_query(found),
        "compare_url": _compare(found),
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return render(request, "plants/baseline_new.html", context, status=status)


def _served(request: ScopedRequest, family: ModelFamily | None) -> set[str]:
    """The centre's data sets on which a job of the family came to its end."""
    jobs = Job.objects.visible_to(request.scope).filter(
        family=family, plant_code=CENTRE, state=JobState.SUCCEEDED
    )
    return set(jobs.values_list("dataset", flat=True))


def _compare(found: Flow) -> str:
    if found.version is None or found.against is None:
        return ""
    sides = urlencode({"a": found.against.pk, "b": found.version.pk})
    return f"{reverse('registry:version-list')}compare/?{sides}"


def _run_query(found: Flow) -> str:
    if found.version is None or found.family is None:
        return ""
    wish = {"kind": "evaluate", "family": found.family.slug, "parent": found.version.pk}
    return urlencode(wish)
