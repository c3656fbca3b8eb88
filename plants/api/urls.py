from __future__ import annotations

from django.urls import path

from plants.api import account_urls, envelopes, people, report_urls, runs, search, worker

app_name = "plants-api"
urlpatterns = [
    # /worker/: the protocol between a plant's agent and the portal
    path("worker/enrolment/", worker.Enrolment.as_view(), name="enrolment"),
    path("worker/rotation/", worker.Rotation.as_view(), name="rotation"),
    path("worker/heartbeat/", worker.Heartbeat.as_view(), name="heartbeat"),
    path("worker/envelopes/", worker.Envelopes.as_view(), name="report-envelope"),
    path("worker/jobs/<uuid:job_id>/claim/", worker.Claim.as_view(), name="claim"),
    path("worker/jobs/<uuid:job_id>/progress/", worker.Progress.as_view(), name="progress"),
    path("worker/jobs/<uuid:job_id>/manifest/", worker.Manifest.as_view(), name="manifest"),
    path("worker/jobs/<uuid:job_id>/uploads/", worker.JobUploads.as_view(), name="job-uploads"),
    path("worker/jobs/<uuid:job_id>/parent/", worker.ParentArtifact.as_view(), name="parent"),
    path("worker/jobs/<uuid:job_id>/against/", worker.AgainstArtifact.as_view(), name="against"),
    path("worker/jobs/<uuid:job_id>/result/", worker.Result.as_view(), name="result"),
    path("worker/jobs/<uuid:job_id>/failure/", worker.Failure.as_view(), name="failure"),
    path("worker/jobs/<uuid:job_id>/refusal/", worker.Refusal.as_view(), name="refusal"),
    path("worker/jobs/<uuid:job_id>/cancellation/", worker.Cancellation.as_view(), name="stopped"),
    path("worker/uploads/<uuid:upload_id>/", worker.UploadParts.as_view(), name="upload"),
    path("search/", search.Search.as_view(), name="search"),
    path("runs/", runs.Runs.as_view(), name="runs"),
    path("runs/preview/", runs.RunPreview.as_view(), name="run-preview"),
    path("runs/<uuid:key>/", runs.RunDetail.as_view(), name="run"),
    # /plants/: sites and their credentials
    path("plants/", people.Plants.as_view(), name="plants"),
    path("plants/<slug:code>/", people.PlantDetail.as_view(), name="plant"),
    path("plants/<slug:code>/enrolment-codes/", people.EnrolmentCodes.as_view(), name="codes"),
    path("plants/<slug:code>/jobs/", people.PlantJobs.as_view(), name="plant-jobs"),
    path("plants/<slug:code>/credentials/", people.Credentials.as_view(), name="credentials"),
    path(
        "plants/<slug:code>/credentials/<uuid:pk>/revocation/",
        people.Revocation.as_view(),
        name="revocation",
    ),
    path(
        "plants/<slug:code>/lines/<slug:line>/envelope/",
        envelopes.Envelope.as_view(),
        name="line-envelope",
    ),
    *account_urls.urlpatterns,
    *report_urls.urlpatterns,
]
