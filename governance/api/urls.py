from __future__ import annotations

from django.urls import path

from governance.api import clauses, fleet, policies, retention, summary

app_name = "governance-api"
_POLICIES = "families/<slug:slug>/policies"
urlpatterns = [
    path("fleet/", fleet.Fleet.as_view(), name="fleet"),
    path("ledger/clauses/", clauses.Clauses.as_view(), name="clauses"),
    path(f"{_POLICIES}/", policies.Policies.as_view(), name="policy-list"),
    path(f"{_POLICIES}/backtest/", policies.PolicyBackTest.as_view(), name="policy-backtest"),
    path(f"{_POLICIES}/<int:number>/", policies.PolicyDetail.as_view(), name="policy-detail"),
    path("families/<slug:slug>/retention/", retention.Retention.as_view(), name="retention"),
    path("versions/<uuid:pk>/gates/", policies.VersionGates.as_view(), name="version-gates"),
    path("account/summary/", summary.SummaryWish.as_view(), name="summary"),
    path("account/summary/preview/", summary.SummaryPreview.as_view(), name="summary-preview"),
]
