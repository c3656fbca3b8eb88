"""How a person can be reached, and who may know; an address is personal data."""

from __future__ import annotations

import re

from registry.domain.access import ActorKind, PlantScope, Role
from registry.domain.errors import Invalid

KINDS = ("phone", "sms", "email")
MAX_ADDRESS_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3: a path without its brackets
MAX_RANK = 9
# ITU-T E.164: a plus, a country code that does not begin with 0, 15 digits at most; the shortest
# numbers in use have seven.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SEPARATORS = re.compile(r"[\s()./-]")
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{3,253}\Z)"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)


def checked_address(kind: str, address: str) -> str:
    """The address as it is kept: a number without its spaces, an e-mail address as it is.

    Raises:
        Invalid: it is no such address.

    >>> checked_address("phone", "+43 (316) 555-0101")
    '+433165550101'
    >>> checked_address("email", " anna@graz.example ")
    'anna@graz.example'
    >>> checked_address("sms", "0316 555")
    Traceback (most recent call last):
    registry.domain.errors.Invalid: 0316 555 is no telephone number with its country code.
    """
    if kind not in KINDS:
        raise Invalid(
            f"{kind[:40]} is no way to reach a person.",
            fields={"kind": [f"Choose one of: {', '.join(KINDS)}."]},
        )
    text = address.strip()
    if kind == "email":
        if len(text) > MAX_ADDRESS_CHARACTERS or not _EMAIL.fullmatch(text):
            raise Invalid(
                "This is no e-mail address.",
                fields={"address": ["Write it like anna.huber@plant.example."]},
            )
        return text
    number = _SEPARATORS.sub("", text)
    if not _E164.fullmatch(number):
        raise Invalid(
            f"{text[:40]} is no telephone number with its country code.",
            fields={"address": ["Write it with its country code, e.g. +43 316 5550101."]},
        )
    return number


def may_see_addresses(scope: PlantScope, plant_code: str) -> bool:
    """Operators and engineers of the plant, who call, and administrators, who keep the list.

    Other central roles read the whole fleet and see names only; so does the plant's agent, which
    calls nobody.
    """
    if scope.actor.kind is ActorKind.PLANT:
        return False
    return scope.may(Role.OPERATOR, plant_code) or scope.may(Role.ADMINISTRATOR, plant_code)
