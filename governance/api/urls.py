from __future__ import annotations

from django.urls import path

from governance.api import checklists, clauses, fleet, policies, retention, summary

app_name = "governance-api"
_POLICIES = "families/<slug:slug>/policies"
_CHECKLIST = "plants/<slug:code>/lines/<slug:line>/checklist"
urlpatterns = [
    path("fleet/", fleet.Fleet.as_view(), name="fleet"),
    path("ledger/clauses/", clauses.Clauses.as_view(), name="clauses"),
    path(f"{_POLICIES}/", policies.Policies.as_view(), name="policy-list"),
    path(f"{_POLICIES}/backtest/", policies.PolicyBackTest.as_view(), name="policy-backtest"),
    path(f"{_POLICIES}/<int:number>/", policies.PolicyDetail.as_view(), name="policy-detail"),
    path("families/<slug:slug>/retention/", retention.Retention.as_view(), name="retention"),
    path("readiness/", checklists.Readiness.as_view(), name="readiness"),
    path(f"{_CHECKLIST}/", checklists.Checklist.as_view(), name="checklist"),
    path(f"{_CHECKLIST}/attestations/", checklists.Attestations.as_view(), name="attestations"),
    path(f"{_CHECKLIST}/sign-off/", checklists.SignOffs.as_view(), name="sign-off"),
    path("versions/<uuid:pk>/gates/", policies.VersionGates.as_view(), name="version-gates"),
    path("account/summary/", summary.SummaryWish.as_view(), name="summary"),
    path("account/summary/preview/", summary.SummaryPreview.as_view(), name="summary-preview"),
]
