from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from governance.domain.checklist import ItemStanding, Section, State
from governance.domain.checklist_items import BY_SLUG, ENVELOPE
from governance.models import SignOff
from governance.selectors import readiness as lists
from governance.selectors.checklist import LineStanding, standing_of
from governance.services import checklists
from plants.models import Line
from registry.domain.access import Role
from registry.domain.errors import Conflict, Invalid
from registry.http import ScopedRequest, as_csv, beside
from registry.selectors.directory import choices

_SAY = f"Say in {checklists.MIN_STATEMENT} to {checklists.MAX_TEXT} characters what was seen."
_ANSWERS = (("", "Choose"), ("yes", "Yes, it holds"), ("no", "No, it does not"))
# Where what the records lack is entered: the page, and what its link says.
_MENDED = {
    "ownership.owner": ("plants:line-detail", "Declare owner and deputy"),
    "ownership.authority": ("plants:line-detail", "Declare who may put it back"),
    "ownership.on_call": ("plants:roster", "Fill the roster"),
    "ownership.runbook": ("plants:runbook-list", "Write or link a runbook"),
    "drift.worker": ("plants:plant-detail", "Enrol a worker"),
    "drift.scored": ("plants:plant-detail", "Order an evaluation"),
}


class AnswerForm(forms.Form):
    holds = forms.ChoiceField(label="Does the condition hold?", choices=_ANSWERS)
    statement = forms.CharField(
        label="What was seen",
        strip=True,
        min_length=checklists.MIN_STATEMENT,
        max_length=checklists.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages=dict.fromkeys(("required", "min_length", "max_length"), _SAY),
        help_text="When, by whom, and where the evidence is kept. It stays on record.",
    )


class SignForm(forms.Form):
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=checklists.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="May stay empty.",
    )


@dataclass(frozen=True, slots=True)
class Question:
    """One item with what the page can do about it: a word, or the way to the records."""

    found: ItemStanding
    form: forms.Form | None
    records_url: str = ""
    records: str = ""

    @property
    def name(self) -> str:
        """Of its dialog."""
        return f"answer-{self.found.item.anchor}"


# --- One line ------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def line(request: ScopedRequest, code: str, line: str) -> HttpResponse:
    """The checklist of one line, its answers and signatures."""
    rows = Line.objects.visible_to(request.scope).select_related("plant")
    found = get_object_or_404(rows, plant=code, code=line)
    if request.method != "POST":
        return _page(request, found)
    act = request.POST.get("do", "")
    return _sign(request, found) if act == "sign" else _answer(request, found)


def _answer(request: ScopedRequest, line: Line) -> HttpResponse:
    request.scope.require(Role.ENGINEER, line.plant_id)
    item = BY_SLUG.get(request.POST.get("item", ""))
    if item is None:
        raise Invalid("The checklist has changed meanwhile; open it again.", code="unknown-item")
    form = AnswerForm(request.POST, auto_id=f"{item.anchor}_%s")
    status = 422
    if form.is_valid():
        sent = form.cleaned_data
        try:
            checklists.attest(
                request.scope,
                line,
                item=item.slug,
                holds=sent["holds"] == "yes",
                statement=sent["statement"],
            )
        except (Invalid, Conflict) as refusal:
            beside(form, refusal)
            status = refusal.status
        else:
            messages.success(request, f"Your answer is on record: {item.question}")
            return redirect(f"{request.path}#{item.anchor}")
    return _page(request, line, {item.slug: form}, status=status)


def _sign(request: ScopedRequest, line: Line) -> HttpResponse:
    request.scope.require(Role.APPROVER, line.plant_id)
    form = SignForm(request.POST, auto_id="sign_%s")
    status = 422
    if form.is_valid():
        try:
            checklists.sign_off(request.scope, line, **form.cleaned_data)
        except (Invalid, Conflict) as refusal:
            beside(form, refusal)
            status = refusal.status
        else:
            messages.success(request, f"You have signed the checklist of {line.name}.")
            return redirect(request.path)
    return _page(request, line, sign=form, status=status)


def _page(
    request: ScopedRequest,
    line: Line,
    sent: dict[str, forms.Form] | None = None,
    *,
    sign: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    found = standing_of(request.scope, line)
    is_open = line.closed_at is None and line.plant.closed_at is None
    may_answer = is_open and request.scope.may(Role.ENGINEER, line.plant_id)
    may_sign = is_open and request.scope.may(Role.APPROVER, line.plant_id)
    signed = SignOff.objects.visible_to(request.scope).filter(line=line).order_by("-signed_at")
    context = {
        "line": line,
        "plant": line.plant,
        "found": found,
        "sections": [
            (section, [_question(one, found, may_answer, sent or {}) for one in section.items])
            for section in found.standing.sections
        ],
        "may_answer": may_answer,
        "may_sign": may_sign,
        "why_not": _why_not(found, may_sign=may_sign),
        "sign": sign or SignForm(auto_id="sign_%s"),
        "former": [one for one in signed if one != found.sign_off],
    }
    return render(request, "governance/checklist.html", context, status=status)


def _question(
    one: ItemStanding, of: LineStanding, may_answer: bool, sent: dict[str, forms.Form]
) -> Question:
    """A missing record is mended where records are kept, not by anybody's word."""
    item = one.item
    if one.state is State.FAILS and one.answer and one.answer.is_live:
        name, said = _MENDED.get(item.slug, ("plants:line-setup", "Report the set-up"))
        keys = [of.line.plant_id, *([of.line.code] if name.startswith("plants:line") else [])]
        return Question(one, None, reverse(name, args=keys), said)
    form = sent.get(item.slug) or AnswerForm(auto_id=f"{item.anchor}_%s")
    seen = reverse("plants:line-envelope", args=[of.line.plant_id, of.line.code])
    said = "What its images look like" if item.measured_by == ENVELOPE else ""
    return Question(one, form if may_answer else None, seen if said else "", said)


def _why_not(found: LineStanding, *, may_sign: bool) -> str:
    """Why the one who looks cannot sign now; nothing where they can."""
    if found.line.closed_at:
        return "The line is closed."
    if not found.can_be_signed:
        return "Every question has to have an answer first, even if it is no."
    return "" if may_sign else f"An approver of {found.line.plant.name} or a central one may sign."


# --- All lines -----------------------------------------------------------------------------------
@require_safe
@login_required
def readiness(request: ScopedRequest) -> HttpResponseBase:
    """Every line beside the seven sections."""
    found = lists.read(request.scope, request.GET, choices(request))
    if request.GET.get("format") == "csv":
        return as_csv(found.listing.export_header(), lists.export(found), "readiness")
    context: dict[str, Any] = {
        "listing": found.listing,
        "found": found,
        "lines": [
            (row, [_cell(row, section) for section in row.standing.sections])
            for row in found.listing.page.object_list
        ],
    }
    return render(request, "governance/readiness.html", context)


def _cell(row: LineStanding, section: Section) -> tuple[Section, int]:
    """A section, and how many of its scores fell since somebody signed: that is news."""
    mine = {one.item.slug for one in section.items}
    return section, sum(one.item.slug in mine for one in row.fallen)
