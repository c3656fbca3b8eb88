from __future__ import annotations

from django.urls import path

from registry.web import (
    comparisons,
    families,
    jobs,
    ledger,
    loading,
    manifests,
    recipes,
    stages,
    uploads,
    versions,
)

app_name = "registry"
urlpatterns = [
    path("families/", families.index, name="family-list"),
    path("families/new/", families.new, name="family-new"),
    path("families/<slug:slug>/", families.detail, name="family-detail"),
    path("registry/", loading.use, name="use"),
    path("versions/", versions.index, name="version-list"),
    path("versions/compare/", comparisons.compare, name="version-compare"),
    path("versions/compare/order/", comparisons.order, name="version-compare-order"),
    path("versions/compare/jobs/<uuid:pk>/", comparisons.progress, name="version-compare-progress"),
    path("versions/<uuid:pk>/", versions.detail, name="version-detail"),
    path("versions/<uuid:pk>/publication/", versions.publish, name="version-publish"),
    path("versions/<uuid:pk>/stage/", stages.move, name="version-stage"),
    path("uploads/", uploads.index, name="submission-list"),
    path("uploads/<uuid:pk>/", uploads.detail, name="submission-detail"),
    path("uploads/<uuid:pk>/progress/", uploads.progress, name="submission-progress"),
    path("uploads/<uuid:pk>/withdrawal/", uploads.withdraw, name="submission-withdraw"),
    path("manifests/<uuid:pk>/", manifests.detail, name="manifest-detail"),
    path("recipes/", recipes.index, name="recipe-list"),
    path("recipes/new/", recipes.new, name="recipe-new"),
    path("recipes/new/check/", recipes.check, name="recipe-check"),
    path("recipes/compare/", recipes.pick, name="recipe-pick"),
    path("recipes/<uuid:pk>/", recipes.detail, name="recipe-detail"),
    path("recipes/<uuid:pk>/compare/<uuid:other>/", recipes.compare, name="recipe-compare"),
    path("ledger/", ledger.index, name="ledger"),
    path("ledger/check/", ledger.check, name="ledger-check"),
    path("ledger/export/", ledger.export, name="ledger-export"),
    path("ledger/verifier/", ledger.verifier, name="ledger-verifier"),
    path("jobs/", jobs.index, name="job-list"),
    path("jobs/<uuid:pk>/", jobs.detail, name="job-detail"),
    path("jobs/<uuid:pk>/progress/", jobs.progress, name="job-progress"),
    path("jobs/<uuid:pk>/cancellation/", jobs.cancel, name="job-cancel"),
    path("jobs/<uuid:pk>/retry/", jobs.retry, name="job-retry"),
]
