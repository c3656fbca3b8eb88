from __future__ import annotations

from django.urls import path

from registry.api import comparison, figures, ledger, recipes, uploads, version_comparison, views

app_name = "registry-api"
urlpatterns = [
    path("families/", views.Families.as_view(), name="families"),
    path("families/<slug:slug>/", views.FamilyDetail.as_view(), name="family"),
    path(
        "families/<slug:slug>/comparison/",
        comparison.FamilyComparison.as_view(),
        name="family-comparison",
    ),
    path(
        "families/<slug:slug>/standing/", figures.FamilyStanding.as_view(), name="family-standing"
    ),
    path("families/<slug:slug>/figures/", figures.FamilyFigures.as_view(), name="family-figures"),
    path("families/<slug:slug>/baseline/", views.FamilyBaseline.as_view(), name="family-baseline"),
    path(
        "families/<slug:slug>/versions/<slug:origin>/<str:semver>/",
        views.VersionByName.as_view(),
        name="version-by-name",
    ),
    path("recipes/", views.Recipes.as_view(), name="recipes"),
    path("recipes/schema/", views.RecipeSchema.as_view(), name="recipe-schema"),
    path("recipes/check/", recipes.RecipeCheck.as_view(), name="recipe-check"),
    path("recipes/<uuid:pk>/", views.RecipeDetail.as_view(), name="recipe"),
    path(
        "recipes/<uuid:pk>/resolution/",
        recipes.RecipeResolution.as_view(),
        name="recipe-resolution",
    ),
    path(
        "recipes/<uuid:pk>/compare/<uuid:other>/",
        recipes.RecipeDifference.as_view(),
        name="recipe-compare",
    ),
    path("manifests/", views.Manifests.as_view(), name="manifests"),
    path("manifests/<uuid:pk>/", views.ManifestDetail.as_view(), name="manifest"),
    path("versions/", views.Versions.as_view(), name="versions"),
    path(
        "versions/comparison/",
        version_comparison.VersionComparison.as_view(),
        name="version-comparison",
    ),
    path("versions/<uuid:pk>/", views.VersionDetail.as_view(), name="version"),
    path("versions/<uuid:pk>/figures/", figures.VersionFigures.as_view(), name="version-figures"),
    path("versions/<uuid:pk>/artifact/", views.VersionArtifact.as_view(), name="artifact"),
    path("versions/<uuid:pk>/stage/", views.VersionStage.as_view(), name="stage"),
    path("versions/<uuid:pk>/baseline/", views.VersionBaseline.as_view(), name="baseline"),
    path("submissions/", uploads.Submissions.as_view(), name="submissions"),
    path("submissions/<uuid:pk>/", uploads.SubmissionDetail.as_view(), name="submission"),
    path(
        "submissions/<uuid:pk>/announcement/",
        uploads.SubmissionAnnouncement.as_view(),
        name="submission-announcement",
    ),
    path("submissions/<uuid:pk>/file/", uploads.SubmissionFile.as_view(), name="submission-file"),
    path(
        "submissions/<uuid:pk>/withdrawal/",
        uploads.SubmissionWithdrawal.as_view(),
        name="submission-withdrawal",
    ),
    path("evaluations/", views.Evaluations.as_view(), name="evaluations"),
    path("evaluations/<uuid:pk>/", views.EvaluationDetail.as_view(), name="evaluation"),
    path("jobs/", views.Jobs.as_view(), name="jobs"),
    path("jobs/queues/", views.JobQueues.as_view(), name="queues"),
    path("jobs/<uuid:pk>/", views.JobDetail.as_view(), name="job"),
    path("jobs/<uuid:pk>/cancellation/", views.JobCancellation.as_view(), name="cancellation"),
    path("jobs/<uuid:pk>/retry/", views.JobRetry.as_view(), name="retry"),
    path("ledger/", views.Ledger.as_view(), name="ledger"),
    path("ledger/export/", ledger.LedgerExport.as_view(), name="ledger-export"),
    path("ledger/checkpoints/", ledger.Checkpoints.as_view(), name="ledger-checkpoints"),
    path("ledger/checks/", ledger.Checks.as_view(), name="ledger-checks"),
    path("ledger/checks/<uuid:pk>/", ledger.CheckDetail.as_view(), name="ledger-check"),
]
