from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from governance.selectors import retention as reads
from registry.domain import retention as rules
from registry.domain.errors import Conflict, Invalid
from registry.http import ScopedRequest, beside
from registry.models import ModelFamily, RetentionRule
from registry.services import retention

_REASON = "Stays on record, e.g. the clause of a contract, or who declared the product's end."


class RetentionForm(forms.Form):
    """Why and how long, with the reason that an auditor asks for."""

    classes = forms.MultipleChoiceField(
        label="What applies",
        choices=[(one.name, one.title) for one in rules.CLASSES],
        error_messages={"required": "Choose one or more."},
    )
    customer_years = forms.IntegerField(
        label="Years that the contract states",
        required=False,
        min_value=1,
        max_value=rules.MAX_CUSTOMER_YEARS,
        help_text="Only with the customer's class.",
    )
    life_ended_on = forms.DateField(
        label="The product's life ended on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Last day of production and service. Empty while the product is made or "
        "serviced.",
    )
    reason = forms.CharField(
        label="Why",
        max_length=retention.MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_REASON,
    )
    expects = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def family(request: ScopedRequest, slug: str) -> HttpResponse:
    """How long a family's records are kept, what may be purged now, and the next rule."""
    of = get_object_or_404(ModelFamily.objects.visible_to(request.scope), slug=slug)
    history = reads.history(request.scope, of)
    rule = history[0] if history and history[0].superseded_at is None else None
    form = RetentionForm(request.POST or None, initial=_initial(rule))
    status = 200
    if request.method == "POST":
        request.scope.require(retention.SETTER)
        status = 422
        if form.is_valid():
            try:
                made = retention.set_rule(request.scope, of, **form.cleaned_data)
            except (Invalid, Conflict) as refusal:
                beside(form, refusal)
                status = refusal.status
            else:
                messages.success(request, f"Retention rule {made.number} is in force.")
                return redirect("governance:retention", slug=of.slug)
    context = _context(request, of, history, form)
    return render(request, "governance/retention.html", context, status=status)


def _initial(rule: RetentionRule | None) -> dict[str, Any]:
    if rule is None:
        return {"expects": 0}
    return {
        "classes": rule.classes,
        "customer_years": rule.customer_years,
        "life_ended_on": rule.life_ended_on,
        "expects": rule.number,
    }


def _context(
    request: ScopedRequest, of: ModelFamily, history: list[RetentionRule], form: RetentionForm
) -> dict[str, Any]:
    rule = next((one for one in history if one.superseded_at is None), None)
    chosen = form["classes"].value() or []
    return {
        "family": of,
        "rule": rule,
        "sentence": rules.sentence(of.slug, rule.as_rule if rule else None),
        "applies": [one for one in rules.CLASSES if rule and one.name in rule.classes],
        "standing": reads.standing(request.scope, of, timezone.now()),
        "history": [
            (one, rules.sentence(of.slug, one.as_rule)) for one in history if one is not rule
        ],
        "form": form,
        "choices": [(one, one.name in chosen) for one in rules.CLASSES],
        "figures": [form[name] for name in ("customer_years", "life_ended_on")],
        "may_set": request.scope.may(retention.SETTER),
        "objection_days": rules.OBJECTION_DAYS,
    }
