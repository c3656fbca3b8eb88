from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from plants.domain.contacts import may_see_addresses
from plants.models import ContactMethod, Ownership, Person, Plant
from plants.services import people
from plants.web import report_forms as shapes
from plants.web.acts import Act, Confirmation, bound, carry_out
from registry.domain.access import Role
from registry.http import ScopedRequest

_KEEPERS = (Role.ENGINEER, Role.ADMINISTRATOR)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def index(request: ScopedRequest, code: str) -> HttpResponse:
    """The people of one plant; how to reach them only for who may know."""
    scope = request.scope
    plant = get_object_or_404(Plant.objects.visible_to(scope), pk=code)
    sees = may_see_addresses(scope, code)
    contacts: Any = ContactMethod.objects.visible_to(scope)
    if not sees:
        contacts = contacts.none()
    owned: Any = Ownership.objects.visible_to(scope).current().select_related("line")
    everybody: list[Person] = list(
        Person.objects.visible_to(scope)
        .filter(plant=plant)
        .prefetch_related(Prefetch("contacts", contacts), Prefetch("owns", owned))
    )
    may = any(scope.may(role, code) for role in _KEEPERS) and plant.closed_at is None
    acts = _acts(request, plant, everybody) if may else []
    status = 200
    if request.method == "POST":
        scope.require_any(_KEEPERS, code)
        done, status = carry_out(request, acts)
        if done:
            return done
    context = {
        "plant": plant,
        "here": [person for person in everybody if person.left_at is None],
        "left": [person for person in everybody if person.left_at],
        "sees_addresses": sees,
        "may_report": may,
        "acts": acts,
    }
    return render(request, "plants/person_list.html", context, status=status)


def _acts(request: ScopedRequest, plant: Plant, everybody: list[Person]) -> list[Act]:
    scope = request.scope
    acts = [
        Act(
            "add",
            "Add a person",
            "Add",
            bound(request, "add", shapes.CodeForm),
            lambda sent: people.add(scope, plant_code=plant.code, **sent),
            "The person is added; add a number by which to reach them.",
        )
    ]
    for person in everybody:
        if person.left_at is None:
            acts += _person_acts(request, person)
    return acts


def _person_acts(request: ScopedRequest, person: Person) -> list[Act]:
    scope, code = request.scope, person.code
    acts = [
        Act(
            f"rename:{code}",
            f"Rename {person.name}",
            "Rename",
            bound(request, f"rename:{code}", shapes.NameForm, initial={"name": person.name}),
            lambda sent: people.rename(scope, person, **sent),
            "The name is changed.",
        ),
        Act(
            f"contact:{code}",
            f"How to reach {person.name}",
            "Add",
            bound(request, f"contact:{code}", shapes.ContactForm),
            lambda sent: people.set_contact(scope, person, **sent),
            "The contact is kept.",
        ),
        Act(
            f"leave:{code}",
            f"Has {person.name} left the plant?",
            "Has left",
            bound(request, f"leave:{code}", Confirmation),
            partial(_leave, scope, person),
            "Noted. Declare somebody else for the lines that were theirs.",
            "Numbers and addresses are forgotten, shifts end now. This cannot be undone.",
            is_danger=True,
        ),
    ]
    return acts + [_forget(request, contact) for contact in person.contacts.all()]


def _leave(scope: Any, person: Person, sent: dict[str, Any]) -> None:
    people.leave(scope, person)


def _forget(request: ScopedRequest, contact: ContactMethod) -> Act:
    name = f"forget:{contact.pk}"
    return Act(
        name,
        "Forget this contact?",
        "Forget",
        bound(request, name, Confirmation),
        lambda sent: people.remove_contact(request.scope, contact),
        "The contact is forgotten.",
        f"{contact} of {contact.person.name}.",
        is_danger=True,
    )
