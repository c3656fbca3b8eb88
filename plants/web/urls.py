from __future__ import annotations

from django.urls import path

from plants.web import (
    accounts,
    baselines,
    envelopes,
    openings,
    orders,
    plants,
    report_urls,
    runs,
    tokens,
    uploads,
)
from plants.web import search as search_pages

app_name = "plants"
urlpatterns = [
    path("people/", accounts.index, name="account-list"),
    path("new-account/", accounts.new, name="account-new"),
    path("people/<str:username>/", accounts.detail, name="account-detail"),
    path("people/<str:username>/roles/", accounts.grant, name="account-grant"),
    path(
        "people/<str:username>/roles/<int:pk>/withdrawal/",
        accounts.withdraw,
        name="account-withdraw",
    ),
    path("people/<str:username>/password-link/", accounts.invite, name="account-invite"),
    path("people/<str:username>/closing/", accounts.deactivate, name="account-close"),
    path("people/<str:username>/opening/", accounts.reactivate, name="account-open"),
    path("account/profile/", accounts.profile, name="profile"),
    path("search/", search_pages.index, name="search"),
    path("search/suggestions/", search_pages.suggestions, name="search-suggestions"),
    path("plants/", plants.index, name="plant-list"),
    path("plants/new/", openings.new, name="plant-new"),
    path("plants/<slug:code>/", plants.detail, name="plant-detail"),
    path("plants/<slug:code>/enrolment-codes/", plants.issue_code, name="plant-issue-code"),
    path(
        "plants/<slug:code>/credentials/<uuid:pk>/revocation/",
        plants.revoke,
        name="credential-revoke",
    ),
    path("plants/<slug:code>/lines/<slug:line>/envelope/", envelopes.page, name="line-envelope"),
    path("jobs/new/", orders.new, name="job-new"),
    path("uploads/new/", uploads.new, name="upload-new"),
    path("baselines/new/", baselines.new, name="baseline-new"),
    path("runs/new/", runs.new, name="run-new"),
    path("runs/<uuid:key>/", runs.detail, name="run-detail"),
    path("account/tokens/", tokens.index, name="token-list"),
    path("account/tokens/<uuid:pk>/revocation/", tokens.revoke, name="token-revoke"),
    *report_urls.urlpatterns,
]
