from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry.domain import recipes as rules
from registry.domain import stress
from registry.domain.access import Role
from registry.domain.errors import Conflict, Invalid, PlatformError, TooLarge
from registry.domain.recipe_pipeline import pipeline
from registry.http import ScopedRequest, listed
from registry.models import Recipe
from registry.models.recipes import RecipeQuerySet
from registry.selectors import recipe_lines as lines
from registry.selectors import recipes as reads
from registry.selectors.directory import ORDER, RUN
from registry.selectors.jobs import may_order
from registry.selectors.recipe_drafts import examine
from registry.services import recipes

_SKELETON = """\
apiVersion: lineward.recipe/v1
name: my-recipe
version: 1.0.0
description: What it is for, in a sentence or two.
task: {kind: images, classes: dataset}
preprocess:
  - {op: resize@1, size: [128, 128]}
augment:
  - {op: rotate@1, degrees: 7}
model: {op: filterbank_linear@1, init: baseline}
train: {seed: 17}
gates:
  - {id: usable, metric: balanced_accuracy, min: 0.5, min_support: 20}
plant_may_set:
  augment.0.degrees: {min: 0, max: 15}
"""


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = reads.listing(request.scope, request.GET)
    may_publish = request.scope.may(Role.DATA_SCIENTIST)
    return listed(request, "registry/recipe_list.html", listing, "recipes", may_publish=may_publish)


@require_safe
@login_required
def detail(request: ScopedRequest, pk: UUID) -> HttpResponse:
    recipe = get_object_or_404(Recipe.objects.visible_to(request.scope), pk=pk)
    knobs = rules.knobs(recipe.document, recipes.catalogue())
    line = lines.versions_of(request.scope, recipe.name)
    context = {
        "recipe": recipe,
        "page": reads.page(request.scope, recipe, knobs),
        "stages": pipeline(recipe.document, knobs),
        "uses": lines.uses(request.scope, recipe),
        "line": line,
        "former": next(iter(line[line.index(recipe) + 1 :]), None),
        "may_publish": request.scope.may(Role.DATA_SCIENTIST),
        "next_url": f"{reverse('registry:recipe-new')}?from={recipe.pk}",
        "may_order": may_order(request.scope),
        "order_url": f"{reverse(ORDER)}?recipe={recipe.pk}",
        "run_url": f"{reverse(RUN)}?recipe={recipe.pk}",
    }
    return render(request, "registry/recipe_detail.html", context)


@require_safe
@login_required
def pick(request: ScopedRequest) -> HttpResponse:
    """The way from two choices to the comparison's own address; without them, the choices."""
    visible = Recipe.objects.visible_to(request.scope)
    chosen = [_named(visible, request.GET.get(side, "")) for side in ("a", "b")]
    before, after = chosen
    if before and after:
        return redirect("registry:recipe-compare", pk=before.pk, other=after.pk)
    context = {"choices": lines.choices(request.scope), "before": before, "after": after}
    return render(request, "registry/recipe_compare.html", context)


@require_safe
@login_required
def compare(request: ScopedRequest, pk: UUID, other: UUID) -> HttpResponse:
    visible = Recipe.objects.visible_to(request.scope)
    before = get_object_or_404(visible, pk=pk)
    after = get_object_or_404(visible, pk=other)
    context = {
        "comparison": lines.compare(before, after),
        "choices": lines.choices(request.scope),
        "before": before,
        "after": after,
    }
    return render(request, "registry/recipe_compare.html", context)


def _named(rows: RecipeQuerySet, pk: str) -> Recipe | None:
    try:
        return rows.filter(pk=UUID(pk)).first()
    except ValueError:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    request.scope.require(Role.DATA_SCIENTIST)
    if request.method != "POST":
        return _form(request, _start(request))
    source = request.POST.get("source", "")
    try:
        recipe = recipes.publish(request.scope, source=source)
    except (Invalid, Conflict, TooLarge) as refusal:
        return _form(request, source, refusal)
    messages.success(request, f"{recipe} is published.")
    return redirect(recipe)


@require_POST
@login_required
def check(request: ScopedRequest) -> HttpResponse:
    """Judge what stands in the editor; writes nothing. Scripts get the judgement alone."""
    request.scope.require(Role.DATA_SCIENTIST)
    source = request.POST.get("source", "")
    if not request.headers.get("HX-Request"):
        return _form(request, source)
    draft = examine(request.scope, source, recipes.catalogue())
    return render(request, "registry/_recipe_draft.html", {"draft": draft, "is_fragment": True})


def _start(request: ScopedRequest) -> str:
    """The text to begin with: the next version of a recipe that the address names."""
    visible = Recipe.objects.visible_to(request.scope)
    found = _named(visible, request.GET.get("from", ""))
    return lines.next_text(request.scope, found) if found else _SKELETON


def _form(
    request: ScopedRequest, source: str, refusal: PlatformError | None = None
) -> HttpResponse:
    operations = sorted(recipes.catalogue().values(), key=lambda one: (one.stage, one.name))
    draft = examine(request.scope, source, recipes.catalogue())
    context = {
        "source": source,
        "refusal": refusal,
        "draft": draft,
        "operations": operations,
        "perturbations": stress.PERTURBATIONS.values(),
    }
    status = refusal.status if refusal else 200
    return render(request, "registry/recipe_new.html", context, status=status)
