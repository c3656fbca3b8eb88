from __future__ import annotations

from django.urls import path

from governance.web import (
    api,
    campaigns,
    checklists,
    clauses,
    explore,
    gate,
    home,
    policies,
    releases,
    retention,
    summary,
)

app_name = "governance"
urlpatterns = [
    path("families/<slug:slug>/explore/", explore.family, name="explore-family"),
    path("versions/<uuid:pk>/explore/", explore.version, name="explore-version"),
    path("families/<slug:slug>/retention/", retention.family, name="retention"),
    path("families/<slug:slug>/policy/", policies.family, name="policies"),
    path("families/<slug:slug>/policy/<int:number>/", policies.policy, name="policy"),
    path("versions/<uuid:pk>/gates/", policies.version, name="version-gates"),
    path("approvals/", releases.approvals, name="approvals"),
    path("releases/", releases.index, name="releases"),
    path("releases/new/", releases.new, name="release-new"),
    path("releases/<uuid:pk>/", releases.detail, name="release"),
    path("campaigns/", campaigns.index, name="campaigns"),
    path("campaigns/new/", campaigns.new, name="campaign-new"),
    path("campaigns/<uuid:pk>/", campaigns.detail, name="campaign"),
    path("campaigns/<uuid:pk>/act/", campaigns.act, name="campaign-act"),
    path("readiness/", checklists.readiness, name="readiness"),
    path("plants/<slug:code>/lines/<slug:line>/checklist/", checklists.line, name="checklist"),
    path("", home.home, name="home"),
    path("ledger/clauses/", clauses.clauses, name="clauses"),
    path("account/summary/", summary.settings, name="summary"),
    path("account/summary/preview/", summary.preview, name="summary-preview"),
    path("api/", api.reference, name="api"),
    path("auth/check/", gate.check, name="gate"),
]
