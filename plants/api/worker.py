from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from plants.domain import protocol
from plants.services import credentials, envelopes, workers
from plants.services.access import PlantAgent
from registry.domain.errors import Invalid, NotFound
from registry.domain.jobs import JobKind, JobState
from registry.http import PartParser, part_offset, scope_of
from registry.models import ModelVersion, Upload
from registry.services import artifacts, jobs, leases, results


class IsPlantAgent(BasePermission):
    """The worker protocol is for machines: a signed-in person has no business here."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, PlantAgent)


class WorkerView(APIView):
    """One command of the protocol: checked against its schema, handed to one service."""

    permission_classes = (IsPlantAgent,)
    message = ""

    def body(self, request: Request) -> dict[str, Any]:
        return protocol.check(self.message, request.data)


def _plant_of(request: Request) -> str:
    return str(request.user.credential.plant_id)  # type: ignore[union-attr]


def _schema(message: str, summary: str, status: int = 200) -> Callable[[Any], Any]:
    return extend_schema(
        summary=summary,
        tags=["worker protocol"],
        request={"application/json": protocol.SCHEMAS[message]} if message else None,
        responses={status: OpenApiTypes.OBJECT},
    )


class EnrolmentThrottle(AnonRateThrottle):
    """Guessing 128 bits is hopeless; trying should be slow all the same."""

    rate = "30/min"


class Enrolment(APIView):
    """Exchange an enrolment code for a credential."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (EnrolmentThrottle,)

    @_schema("enrolment", "Enrol a plant's machine with a single-use code", 201)
    def post(self, request: Request) -> Response:
        body = protocol.check("enrolment", request.data)
        issued = credentials.enrol(body["code"])
        return Response(issued.as_json(), status=201, headers={"Cache-Control": "no-store"})


class Rotation(WorkerView):
    """A new credential beside the calling one."""

    answers_with_secret = True

    @_schema("", "Rotate this credential; the old one ends with the new one's first use", 201)
    def post(self, request: Request) -> Response:
        issued = credentials.rotate(request.user.credential)  # type: ignore[union-attr]
        return Response(issued.as_json(), status=201, headers={"Cache-Control": "no-store"})


class Heartbeat(WorkerView):
    """A worker says that it is there, and what it offers."""

    message = "heartbeat"

    @_schema("heartbeat", "Report that a worker is alive, and which data sets it offers")
    def post(self, request: Request) -> Response:
        body = self.body(request)
        worker = workers.beat(
            scope_of(request),
            plant_code=_plant_of(request),
            name=body["worker"],
            boot=body["boot"],
            agent_version=body["agent_version"],
            datasets=body["datasets"],
            operations=body["operations"],
            metrics=body.get("metrics"),
        )
        return Response({"seen": True, "time_zone": worker.plant.time_zone})


class Envelopes(WorkerView):
    """What a line's recent images look like."""

    message = "envelope"

    @_schema("envelope", "Report what a line's recent images look like, as counts", 201)
    def post(self, request: Request) -> Response:
        body = self.body(request)
        kept = envelopes.report_envelope(
            scope_of(request), _plant_of(request), body["line"], body["envelope"]
        )
        return Response({"line": kept.line.code, "images": kept.images}, status=201)


class Claim(WorkerView):
    """Take a job under lease."""

    message = "claim"

    @_schema("claim", "Claim a queued job; the reply is a signed order and a fencing token")
    def post(self, request: Request, job_id: UUID) -> Response:
        body = self.body(request)
        claim = leases.claim(scope_of(request), job_id, worker=body["worker"], boot=body["boot"])
        return Response(
            {
                "order": claim.order,
                "signature": claim.signature,
                "lease_seconds": claim.lease_seconds,
            }
        )


class Progress(WorkerView):
    """Renew the lease with progress; the reply carries a wish to cancel."""

    message = "progress"

    @_schema("progress", "Renew the lease and report progress; the reply may ask to cancel")
    def post(self, request: Request, job_id: UUID) -> Response:
        body = self.body(request)
        job = leases.report(
            scope_of(request),
            job_id,
            token=body["token"],
            state=JobState(body["state"]),
            progress=body["progress"],
        )
        return Response({"cancel": job.cancel_requested_at is not None})


class Manifest(WorkerView):
    """The anonymised description of the data that the job found."""

    message = "manifest"

    @_schema("manifest", "Report the anonymised manifest of the job's data set")
    def post(self, request: Request, job_id: UUID) -> Response:
        body = self.body(request)
        manifest = leases.attach_manifest(
            scope_of(request), job_id, token=body["token"], document=body["manifest"]
        )
        return Response({"manifest": str(manifest.pk), "digest": manifest.digest})


class JobUploads(WorkerView):
    """Announce the artifact of a job."""

    message = "upload"

    @_schema("upload", "Announce an upload; announcing it again returns where it stands")
    def post(self, request: Request, job_id: UUID) -> Response:
        body = self.body(request)
        job = leases.holding(scope_of(request), job_id, body["token"])
        upload = artifacts.announce(
            scope_of(request), job, token=body["token"], sha256=body["sha256"], size=body["size"]
        )
        return _standing(upload)


class UploadParts(WorkerView):
    """Where an upload stands (HEAD), and its next part (PATCH), as in the tus protocol 1.0."""

    parser_classes = (PartParser,)

    @_schema("", "Ask where an upload stands")
    def get(self, request: Request, upload_id: UUID) -> Response:
        return _standing(artifacts.standing(scope_of(request), upload_id))

    @extend_schema(
        summary="Send the part that starts at Upload-Offset",
        tags=["worker protocol"],
        request={"application/offset+octet-stream": OpenApiTypes.BINARY},
        responses={200: OpenApiTypes.OBJECT},
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        part: Any = request.data or b""
        offset = part_offset(request)
        upload = artifacts.append(scope_of(request), upload_id, offset=offset, part=part)
        return _standing(upload)


def _standing(upload: Upload) -> Response:
    body = {
        "upload": str(upload.pk),
        "offset": upload.offset,
        "size": upload.size,
        "complete": upload.completed_at is not None,
    }
    return Response(
        body, headers={"Upload-Offset": str(upload.offset), "Cache-Control": "no-store"}
    )


class Result(WorkerView):
    """The outcome of a job, to be verified."""

    message = "result"

    @_schema("result", "Hand in the result; the portal verifies it before it counts")
    def post(self, request: Request, job_id: UUID) -> Response:
        body = self.body(request)
        token = body.pop("token")
        scope = scope_of(request)
        job = jobs.find(scope, job_id)
        missing = [name for name in protocol.RETRAIN_ONLY if name not in body]
        if job.kind == JobKind.RETRAIN and missing:
            raise Invalid(
                f"A retraining's result also carries {', '.join(missing)}.", code="bad-message"
            )
        job = results.finish(scope, job_id, token=token, result=body)
        return Response({"state": job.state})


class Failure(WorkerView):
    """The job ended without a result."""

    message = "failure"

    @_schema("failure", "Report a failure by code; the log stays at the plant")
    def post(self, request: Request, job_id: UUID) -> Response:
        body = self.body(request)
        job = leases.fail(
            scope_of(request),
            job_id,
            token=body["token"],
            code=body["code"],
            log_reference=body["log_reference"],
        )
        return Response({"state": job.state})


class Refusal(WorkerView):
    """The plant's own policy says no."""

    message = "refusal"

    @_schema("refusal", "Refuse a job by the plant's policy")
    def post(self, request: Request, job_id: UUID) -> Response:
        body = self.body(request)
        job = leases.refuse(scope_of(request), job_id, token=body["token"], code=body["code"])
        return Response({"state": job.state})


class Cancellation(WorkerView):
    """The worker has stopped, as it was asked to."""

    message = "cancellation"

    @_schema("cancellation", "Confirm that a job was stopped on request")
    def post(self, request: Request, job_id: UUID) -> Response:
        body = self.body(request)
        job = leases.confirm_cancel(scope_of(request), job_id, token=body["token"])
        return Response({"state": job.state})


class ParentArtifact(WorkerView):
    """The bytes of the version that a held job starts from or scores."""

    @extend_schema(
        summary="Fetch the parent version's bytes, their digest checked on the way",
        tags=["worker protocol"],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, job_id: UUID) -> Any:
        return _bytes_of(jobs.find(scope_of(request), job_id).parent, "parent")


class AgainstArtifact(WorkerView):
    """The bytes of the second version that an evaluation scores on the same rows."""

    @extend_schema(
        summary="Fetch the second version's bytes, their digest checked on the way",
        tags=["worker protocol"],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, job_id: UUID) -> Any:
        return _bytes_of(jobs.find(scope_of(request), job_id).against, "second")


def _bytes_of(version: ModelVersion | None, what: str) -> FileResponse:
    if version is None:
        raise NotFound(f"This job has no {what} version.")
    path = artifacts.checked_path(version.artifact)
    return FileResponse(path.open("rb"), content_type="application/octet-stream")
