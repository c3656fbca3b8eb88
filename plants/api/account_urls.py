"""Addresses of people's accounts, and of one's own."""

from __future__ import annotations

from django.urls import path

from plants.api import account, accounts

_PERSON = "accounts/<str:username>"
urlpatterns = [
    path("accounts/", accounts.Accounts.as_view(), name="accounts"),
    path(f"{_PERSON}/", accounts.AccountDetail.as_view(), name="account"),
    path(f"{_PERSON}/closing/", accounts.AccountClosing.as_view(), name="account-closing"),
    path(f"{_PERSON}/opening/", accounts.AccountOpening.as_view(), name="account-opening"),
    path(f"{_PERSON}/roles/", accounts.AccountRoles.as_view(), name="account-roles"),
    path(f"{_PERSON}/roles/<int:pk>/", accounts.AccountRole.as_view(), name="account-role"),
    path("account/profile/", account.Profile.as_view(), name="profile"),
    path("account/tokens/", account.Tokens.as_view(), name="tokens"),
    path(
        "account/tokens/<uuid:pk>/revocation/",
        account.TokenRevocation.as_view(),
        name="token-revocation",
    ),
]
