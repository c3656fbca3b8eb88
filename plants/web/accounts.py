from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from plants.models import Membership, Plant, User
from plants.selectors import accounts as reads
from plants.services import accounts, sites
from registry.domain.access import ALLOWS, PlantScope, Role
from registry.domain.errors import NotFound, PlatformError
from registry.http import ScopedRequest, beside, listed
from registry.selectors import history
from registry.selectors.directory import choices

_CENTRALLY = "centrally"
_ROLES = [(role.value, role.value.replace("_", " ")) for role in Role]


class ProfileForm(forms.Form):
    """What pages show of a person."""

    name = forms.CharField(label="Name", max_length=200)
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Moments that belong to no plant are shown in it.",
        choices=lambda: [(zone, zone) for zone in sorted(zoneinfo.available_timezones())],
    )


class AccountForm(ProfileForm):
    """A new account."""

    username = forms.CharField(
        label="User name", max_length=150, help_text="Stands in the ledger; it never changes."
    )
    email = forms.EmailField(
        label="E-mail", required=False, help_text="The link to set a password is sent there."
    )
    field_order = ("username", "name", "email", "time_zone")


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = reads.listing(request.scope, request.GET, choices(request))
    return listed(
        request,
        "plants/account_list.html",
        listing,
        "people",
        meanings=[(role.value.replace("_", " "), text) for role, text in ALLOWS.items()],
        may_keep=request.scope.may(Role.ADMINISTRATOR),
        sees_sign_ins=reads.sees_sign_ins(request.scope),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def new(request: ScopedRequest) -> HttpResponse:
    """Make an account; the answer shows the link to set a password, this once."""
    request.scope.require(Role.ADMINISTRATOR)
    form = AccountForm(request.POST or None, initial={"time_zone": "UTC"})
    if request.method == "POST" and form.is_valid():
        try:
            user = accounts.create(request.scope, **form.cleaned_data)
        except PlatformError as refusal:
            beside(form, refusal)
        else:
            link = accounts.invite(request.scope, user, settings.PORTAL_URL)
            return _page(request, user.username, link=link)
    status = 422 if request.method == "POST" else 200
    return render(request, "plants/account_new.html", {"form": form}, status=status)


@require_safe
@login_required
def detail(request: ScopedRequest, username: str) -> HttpResponse:
    return _page(request, username)


def _page(request: ScopedRequest, username: str, link: str = "") -> HttpResponse:
    person = get_object_or_404(reads.with_roles(request.scope), username=username)
    scope = request.scope
    places = [
        (code, name) for code, name in choices(request) if scope.may(Role.ADMINISTRATOR, code)
    ]
    may_keep = scope.may(Role.ADMINISTRATOR)
    context: dict[str, Any] = {
        "person": person,
        "held": [(one, _may_withdraw(scope, one)) for one in person.held],
        "places": [(_CENTRALLY, "centrally"), *places] if may_keep else places,
        "roles": [(role, name, ALLOWS[Role(role)]) for role, name in _ROLES],
        "may_keep": may_keep,
        "is_own": person.username == scope.actor.name,
        "sees_sign_ins": reads.sees_sign_ins(scope),
        "events": history.of_subject(scope, f"user:{person.username}") if may_keep else [],
        "link": link,
    }
    return render(request, "plants/account_detail.html", context)


def _may_withdraw(scope: PlantScope, membership: Membership) -> bool:
    return scope.may(Role.ADMINISTRATOR, membership.plant_id)


def _person(request: ScopedRequest, username: str) -> User:
    person: User = get_object_or_404(reads.visible(request.scope), username=username)
    return person


@require_POST
@login_required
def grant(request: ScopedRequest, username: str) -> HttpResponse:
    person = _person(request, username)
    code = request.POST.get("place", "")
    plant = None
    if code != _CENTRALLY:
        plant = Plant.objects.visible_to(request.scope).filter(pk=code.replace("\x00", "")).first()
        if plant is None:
            raise NotFound("There is no such plant, or you hold no role there.")
    role = request.POST.get("role", "")
    if role not in set(Role):
        raise NotFound("There is no such role.")
    sites.grant_role(request.scope, person, Role(role), plant)
    messages.success(request, f"{person} is {role.replace('_', ' ')} {_where(plant)} now.")
    return redirect("plants:account-detail", username=person.username)


def _where(plant: Plant | None) -> str:
    return f"at {plant.name}" if plant else "centrally"


@require_POST
@login_required
def withdraw(request: ScopedRequest, username: str, pk: int) -> HttpResponse:
    person = _person(request, username)
    rows = Membership.objects.visible_to(request.scope).filter(user=person)
    membership = get_object_or_404(rows.select_related("user", "plant"), pk=pk)
    sites.withdraw_role(request.scope, membership)
    where = _where(membership.plant)
    messages.success(request, f"{person} is no longer {membership.get_role_display()} {where}.")
    # Who administers one plant only may have lost sight of the person with the role.
    if not reads.visible(request.scope).filter(pk=person.pk).exists():
        return redirect("plants:account-list")
    return redirect("plants:account-detail", username=person.username)


@require_POST
@login_required
@never_cache
def invite(request: ScopedRequest, username: str) -> HttpResponse:
    """The link is shown in the answer to this POST and nowhere else."""
    person = _person(request, username)
    return _page(request, username, accounts.invite(request.scope, person, settings.PORTAL_URL))


@require_POST
@login_required
def deactivate(request: ScopedRequest, username: str) -> HttpResponse:
    person = accounts.deactivate(request.scope, _person(request, username))
    messages.success(request, f"The account of {person} is closed; they are signed out everywhere.")
    return redirect("plants:account-detail", username=person.username)


@require_POST
@login_required
def reactivate(request: ScopedRequest, username: str) -> HttpResponse:
    person = accounts.reactivate(request.scope, _person(request, username))
    messages.success(request, f"The account of {person} is open again.")
    return redirect("plants:account-detail", username=person.username)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: ScopedRequest) -> HttpResponse:
    """A person's own name and time zone."""
    person = User.objects.get(username=request.scope.actor.name)
    start = {"name": person.get_full_name(), "time_zone": person.time_zone}
    form = ProfileForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.change(request.scope, person, **form.cleaned_data)
        except PlatformError as refusal:
            beside(form, refusal)
        else:
            messages.success(request, "Your profile is saved.")
            return redirect("plants:profile")
    status = 422 if request.method == "POST" else 200
    return render(request, "plants/profile.html", {"form": form, "person": person}, status=status)
