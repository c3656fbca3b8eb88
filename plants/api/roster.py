from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from plants.api.of_plant import (
    ListOfPlant,
    OfPlant,
    checked,
    line_named,
    one,
    person_named,
    zone_of,
)
from plants.domain.contacts import MAX_ADDRESS_CHARACTERS, MAX_RANK, may_see_addresses
from plants.domain.local_times import instant_of
from plants.domain.rosters import PRIMARY
from plants.models import ContactMethod, OnCallShift, Person
from plants.services import people, rosters
from registry.domain.errors import NotAllowed
from registry.http import scope_of

_TIME = "ISO 8601 with its offset, or as the plant's clocks show it."


class ContactOut(serializers.ModelSerializer[ContactMethod]):
    kind = serializers.CharField()

    class Meta:
        model = ContactMethod
        fields = ("id", "kind", "address", "rank")


class ContactIn(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=8, help_text="phone, sms or email")
    address = serializers.CharField(max_length=MAX_ADDRESS_CHARACTERS)
    rank = serializers.IntegerField(min_value=1, max_value=MAX_RANK, default=1)


class PersonOut(serializers.ModelSerializer[Person]):
    contacts = serializers.SerializerMethodField()

    class Meta:
        model = Person
        fields = ("code", "name", "left_at", "contacts")

    @extend_schema_field(ContactOut(many=True, allow_null=True))
    def get_contacts(self, person: Person) -> Any:
        """Null for who may not know the addresses."""
        if not self.context.get("sees_addresses"):
            return None
        return ContactOut(person.contacts.all(), many=True).data


class PersonIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=31)
    name = serializers.CharField(max_length=120)


class PersonNameIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)


def _shown(request: Request, person: Person) -> Any:
    sees = may_see_addresses(scope_of(request), person.plant_id)
    return PersonOut(person, context={"sees_addresses": sees}).data


class People(ListOfPlant):
    rows = Person.objects.prefetch_related("contacts").order_by("code")
    serializer_class = PersonOut

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            scope = scope_of(self.request)
            context["sees_addresses"] = may_see_addresses(scope, self.plant.code)
        return context

    @extend_schema(summary="Add a person", request=PersonIn, responses={201: PersonOut})
    def post(self, request: Request, code: str) -> Response:
        person = people.add(scope_of(request), plant_code=code, **checked(PersonIn, request))
        return Response(_shown(request, person), status=201)


class OfPerson(OfPlant):
    def person(self, code: str) -> Person:
        rows = Person.objects.visible_to(scope_of(self.request)).filter(plant=self.plant)
        return one(rows, "person", code=code)  # type: ignore[no-any-return]


class PersonDetail(OfPerson):
    @extend_schema(summary="One person", responses={200: PersonOut})
    def get(self, request: Request, code: str, person: str) -> Response:
        return Response(_shown(request, self.person(person)))

    @extend_schema(summary="Rename a person", request=PersonNameIn, responses={200: PersonOut})
    def patch(self, request: Request, code: str, person: str) -> Response:
        found = self.person(person)
        wanted = checked(PersonNameIn, request)
        renamed = people.rename(scope_of(request), found, name=wanted.get("name", found.name))
        return Response(_shown(request, renamed))

    @extend_schema(
        summary="Somebody left: addresses are forgotten, shifts end", responses={204: None}
    )
    def delete(self, request: Request, code: str, person: str) -> Response:
        people.leave(scope_of(request), self.person(person))
        return Response(status=204)


class Contacts(OfPerson):
    @extend_schema(
        summary="How to reach a person, first the one to try first",
        responses={200: ContactOut(many=True)},
    )
    def get(self, request: Request, code: str, person: str) -> Response:
        found = self.person(person)
        if not may_see_addresses(scope_of(request), code):
            raise NotAllowed(
                "Addresses are shown to operators and engineers of the plant, and to "
                "administrators.",
                code="role-missing",
            )
        return Response(ContactOut(found.contacts.all(), many=True).data)

    @extend_schema(
        summary="Add a way to reach a person, or rank it anew",
        request=ContactIn,
        responses={201: ContactOut},
    )
    def post(self, request: Request, code: str, person: str) -> Response:
        found = self.person(person)
        made = people.set_contact(scope_of(request), found, **checked(ContactIn, request))
        return Response(ContactOut(made).data, status=201)


class ContactDetail(OfPerson):
    @extend_schema(summary="Forget a way to reach a person", responses={204: None})
    def delete(self, request: Request, code: str, person: str, pk: int) -> Response:
        rows = ContactMethod.objects.visible_to(scope_of(request)).select_related("person")
        contact = one(rows.filter(person=self.person(person)), "contact", pk=pk)
        people.remove_contact(scope_of(request), contact)
        return Response(status=204)


class ShiftOut(serializers.ModelSerializer[OnCallShift]):
    person = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    line = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    level = serializers.CharField()

    class Meta:
        model = OnCallShift
        fields = ("id", "person", "line", "level", "starts_at", "ends_at", "entered_by")


class SpanIn(serializers.Serializer[Any]):
    starts_at = serializers.CharField(max_length=40, help_text=_TIME)
    ends_at = serializers.CharField(max_length=40, help_text=_TIME)


class ShiftIn(SpanIn):
    person = serializers.CharField(max_length=31, help_text="The person's code.")
    line = serializers.CharField(
        max_length=31, required=False, allow_blank=True, default="", help_text="Empty: every line."
    )
    level = serializers.CharField(max_length=10, default=PRIMARY, help_text="primary or secondary")


class Shifts(ListOfPlant):
    rows = OnCallShift.objects.select_related("person", "line").order_by("starts_at", "pk")
    filters = {"person": "person__code", "line": "line__code", "level": "level"}
    serializer_class = ShiftOut

    @extend_schema(summary="Put a person on call", request=ShiftIn, responses={201: ShiftOut})
    def post(self, request: Request, code: str) -> Response:
        wanted = checked(ShiftIn, request)
        zone = zone_of(self.plant)
        line = wanted["line"]
        made = rosters.enter(
            scope_of(request),
            person=person_named(request, self.plant, wanted["person"], "person"),
            line=line_named(request, self.plant, line) if line else None,
            level=wanted["level"],
            starts_at=instant_of(wanted["starts_at"], zone, "starts_at"),
            ends_at=instant_of(wanted["ends_at"], zone, "ends_at"),
        )
        return Response(ShiftOut(made).data, status=201)


class ShiftDetail(OfPlant):
    def shift(self, pk: int) -> OnCallShift:
        rows = OnCallShift.objects.visible_to(scope_of(self.request)).filter(plant=self.plant)
        return one(rows.select_related("person", "line"), "shift", pk=pk)  # type: ignore[no-any-return]

    @extend_schema(summary="One shift", responses={200: ShiftOut})
    def get(self, request: Request, code: str, pk: int) -> Response:
        return Response(ShiftOut(self.shift(pk)).data)

    @extend_schema(summary="Move a shift", request=SpanIn, responses={200: ShiftOut})
    def patch(self, request: Request, code: str, pk: int) -> Response:
        found, wanted, zone = self.shift(pk), checked(SpanIn, request), zone_of(self.plant)
        span = {
            name: instant_of(wanted[name], zone, name) if name in wanted else getattr(found, name)
            for name in ("starts_at", "ends_at")
        }
        return Response(ShiftOut(rosters.move(scope_of(request), found, **span)).data)

    @extend_schema(summary="Take a shift off the roster", responses={204: None})
    def delete(self, request: Request, code: str, pk: int) -> Response:
        rosters.remove(scope_of(request), self.shift(pk))
        return Response(status=204)
