from __future__ import annotations

from django.urls import path

from governance.api import (
    campaigns,
    checklists,
    clauses,
    fleet,
    policies,
    releases,
    retention,
    summary,
)

app_name = "governance-api"
_POLICIES = "families/<slug:slug>/policies"
_STEP = "campaigns/<uuid:pk>/plants/<slug:code>"
_CHECKLIST = "plants/<slug:code>/lines/<slug:line>/checklist"
_RELEASE = "releases/<uuid:pk>"
urlpatterns = [
    path("fleet/", fleet.Fleet.as_view(), name="fleet"),
    path("ledger/clauses/", clauses.Clauses.as_view(), name="clauses"),
    path(f"{_POLICIES}/", policies.Policies.as_view(), name="policy-list"),
    path(f"{_POLICIES}/backtest/", policies.PolicyBackTest.as_view(), name="policy-backtest"),
    path(f"{_POLICIES}/<int:number>/", policies.PolicyDetail.as_view(), name="policy-detail"),
    path("campaigns/", campaigns.Campaigns.as_view(), name="campaign-list"),
    path("campaigns/<uuid:pk>/", campaigns.CampaignDetail.as_view(), name="campaign-detail"),
    path("campaigns/<uuid:pk>/halt/", campaigns.Halt.as_view(), name="campaign-halt"),
    path("campaigns/<uuid:pk>/resumption/", campaigns.Resume.as_view(), name="campaign-resume"),
    path("campaigns/<uuid:pk>/rollback/", campaigns.RollBack.as_view(), name="campaign-rollback"),
    path(f"{_STEP}/retry/", campaigns.Retry.as_view(), name="campaign-retry"),
    path(f"{_STEP}/skip/", campaigns.Skip.as_view(), name="campaign-skip"),
    path("readiness/", checklists.Readiness.as_view(), name="readiness"),
    path(f"{_CHECKLIST}/", checklists.Checklist.as_view(), name="checklist"),
    path(f"{_CHECKLIST}/attestations/", checklists.Attestations.as_view(), name="attestations"),
    path(f"{_CHECKLIST}/sign-off/", checklists.SignOffs.as_view(), name="sign-off"),
    path("families/<slug:slug>/retention/", retention.Retention.as_view(), name="retention"),
    path("versions/<uuid:pk>/gates/", policies.VersionGates.as_view(), name="version-gates"),
    path("approvals/", releases.MyApprovals.as_view(), name="approvals"),
    path("releases/", releases.Releases.as_view(), name="releases"),
    path(f"{_RELEASE}/", releases.ReleaseDetail.as_view(), name="release"),
    path(f"{_RELEASE}/approvals/", releases.ReleaseApprovals.as_view(), name="release-approvals"),
    path(f"{_RELEASE}/comments/", releases.ReleaseComments.as_view(), name="release-comments"),
    path(
        f"{_RELEASE}/withdrawal/", releases.ReleaseWithdrawal.as_view(), name="release-withdrawal"
    ),
    path(f"{_RELEASE}/clearance/", releases.ReleaseClearance.as_view(), name="release-clearance"),
    path(f"{_RELEASE}/start/", releases.ReleaseStart.as_view(), name="release-start"),
    path(
        "clearances/<uuid:pk>/revocation/",
        releases.ClearanceRevocation.as_view(),
        name="clearance-revocation",
    ),
    path("account/summary/", summary.SummaryWish.as_view(), name="summary"),
    path("account/summary/preview/", summary.SummaryPreview.as_view(), name="summary-preview"),
]
