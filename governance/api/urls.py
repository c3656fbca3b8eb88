from __future__ import annotations

from django.urls import path

from governance.api import fleet, summary

app_name = "governance-api"
urlpatterns = [
    path("fleet/", fleet.Fleet.as_view(), name="fleet"),
    path("account/summary/", summary.SummaryWish.as_view(), name="summary"),
    path("account/summary/preview/", summary.SummaryPreview.as_view(), name="summary-preview"),
]
