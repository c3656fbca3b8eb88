from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from plants.services import access, credentials, tokens
from registry.domain.errors import NotAllowed


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an administrator, not by whoever finds the page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def client_address(request: HttpRequest) -> str | None:
    """Who asks, for the counting of failed log-ins: a header only where our proxy wrote it."""
    stated = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return stated.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR")


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    # A bearer without a token is a bearer all the same: it is refused, not asked for a session.
    return (token.strip() or "none") if kind.lower() == "bearer" else ""


class PersonalTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer lwu_…`; `request.auth` is the person's scope, or what is left of it.

    No page reads this header: a token cannot sign in, and so cannot issue another token.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        text = _bearer(request)
        if not text.startswith(f"{tokens.PREFIX}_"):
            return None
        try:
            token = tokens.authenticate(text)
        except NotAllowed as refusal:
            raise AuthenticationFailed(refusal.message, code=refusal.code) from refusal
        if token.reads_only and request.method not in SAFE_METHODS:
            raise PermissionDenied("This token only reads; use one that may write.")
        return token.user, access.scope_by(token)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="lineward"'


class PersonalTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names a person's token."""

    target_class = "plants.authentication.PersonalTokenAuthentication"
    name = "personalToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A person's token, lwu_…, issued under Account, Tokens.",
        }


class PlantCredentialAuthentication(BaseAuthentication):
    """`Authorization: Bearer lwp_…`; `request.auth` is the plant's scope."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = _bearer(request)
        if not token or token.startswith(f"{tokens.PREFIX}_"):
            return None
        try:
            credential = credentials.authenticate(token)
        except NotAllowed as refusal:
            raise AuthenticationFailed(refusal.message, code=refusal.code) from refusal
        return access.PlantAgent(credential), access.scope_of(credential)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="lineward"'


class PlantCredentialScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names the plant credential."""

    target_class = "plants.authentication.PlantCredentialAuthentication"
    name = "plantCredential"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A plant's credential, lwp_…"}


class SessionScopeScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names a signed-in person."""

    target_class = "plants.authentication.SessionScopeAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class SessionScopeAuthentication(SessionAuthentication):
    """A signed-in person; `request.auth` is their scope."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        return (found[0], access.scope_for(found[0])) if found else None
