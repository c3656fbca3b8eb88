from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api.views import ScopedList, one
from registry.domain import submissions as rules
from registry.domain.access import ActorKind, PlantScope
from registry.domain.errors import NotFound
from registry.http import PartParser, part_offset, scope_of
from registry.models import DatasetManifest, ModelFamily, Submission
from registry.selectors import directory
from registry.selectors import uploads as reads
from registry.services import submission_files, submissions

_MOST_NAMED = 10  # data sets in a refusal


class SubmissionOut(serializers.ModelSerializer[Submission]):
    family = serializers.SlugRelatedField("slug", read_only=True)  # type: ignore[var-annotated]
    offset = serializers.IntegerField(source="upload.offset", default=0, read_only=True)
    size = serializers.IntegerField(source="upload.size", default=0, read_only=True)
    way_out = serializers.SerializerMethodField(
        help_text="Why it ended without a version, and what to do; empty otherwise."
    )
    page = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Submission
        fields = (
            "id",
            "plant_code",
            "family",
            "dataset",
            "manifest",
            "parent",
            "recipe",
            "signature",
            "file_name",
            "size",
            "offset",
            "code_commit",
            "training_notes",
            "claimed_metrics",
            "state",
            "code",
            "detail",
            "way_out",
            "version",
            "job",
            "submitted_by",
            "submitted_at",
            "ended_at",
            "page",
        )

    def get_way_out(self, submission: Submission) -> str:
        return reads.reason(submission)


class JudgementOut(serializers.Serializer[Any]):
    """What the plant's own evaluation came to."""

    metric = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    failed_gates = serializers.ListField(child=serializers.CharField())


class SubmissionDetailOut(SubmissionOut):
    version_name = serializers.CharField()
    evaluation = JudgementOut(allow_null=True)
    evaluation_state = serializers.CharField(help_text="Of the plant's job; empty without one.")
    evaluation_way_out = serializers.CharField()

    class Meta(SubmissionOut.Meta):
        fields = (  # type: ignore[assignment]
            *SubmissionOut.Meta.fields,
            "version_name",
            "evaluation",
            "evaluation_state",
            "evaluation_way_out",
        )


class SubmissionIn(serializers.Serializer[Any]):
    plant = serializers.SlugField(
        max_length=32, required=False, help_text="A plant's agent may leave it out."
    )
    family = serializers.SlugField(max_length=64)
    dataset = serializers.CharField(max_length=64, allow_blank=True, default="")
    manifest = serializers.UUIDField(required=False, allow_null=True)
    parent = serializers.CharField(  # type: ignore[assignment]
        max_length=64,
        allow_blank=True,
        default="",
        help_text="An id, `baseline`, `1.2.0` of the plant, or `centre/1.2.0`.",
    )
    recipe = serializers.CharField(
        max_length=120, allow_blank=True, default="", help_text="An id, or `name@1.0.0`."
    )
    classes = serializers.ListField(child=serializers.CharField(max_length=80), default=list)
    numeric = serializers.ListField(child=serializers.CharField(max_length=120), default=list)
    categorical = serializers.ListField(child=serializers.CharField(max_length=120), default=list)
    code_commit = serializers.CharField(max_length=200, allow_blank=True)
    training_notes = serializers.CharField(max_length=30_000, allow_blank=True)
    claimed_metrics = serializers.DictField(default=dict)


class FileIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=1_000)
    size = serializers.IntegerField(help_text="Bytes.", max_value=2**50)
    sha256 = serializers.CharField(
        max_length=64, allow_blank=True, default="", help_text="Of the whole file, if known."
    )
    head_bytes = serializers.IntegerField(min_value=0, max_value=2**20, default=0)
    head_sha256 = serializers.CharField(max_length=64, allow_blank=True, default="")
    anew = serializers.BooleanField(
        default=False, help_text="Drop what has arrived of another file."
    )


class StandingOut(serializers.Serializer[Any]):
    submission = serializers.UUIDField()
    offset = serializers.IntegerField()
    size = serializers.IntegerField()
    complete = serializers.BooleanField()
    state = serializers.CharField()


def _draft(scope: PlantScope, wanted: dict[str, Any]) -> submissions.Draft:
    """The declaration with names turned into rows; a name that leads nowhere is refused."""
    is_agent = scope.actor.kind is ActorKind.PLANT
    plant = wanted.get("plant") or (scope.actor.name if is_agent else "")
    if not plant:
        rules.refuse("plant", "It is not said for which plant.", "Write the plant's code.")
    submissions.require_submitter(scope, plant)
    _require_open(scope, plant)
    family = _family(scope, wanted["family"])
    parent = recipe = manifest = None
    if text := wanted["parent"]:
        parent = reads.version_named(scope, family, plant, text)
        if parent is None:
            rules.refuse("parent", f"There is no version {text}.", "Choose another, or none.")
    if text := wanted["recipe"]:
        recipe = reads.recipe_named(scope, text)
        if recipe is None:
            rules.refuse("recipe", f"There is no recipe {text}.", "Choose another, or none.")
    if pk := wanted.get("manifest"):
        manifest = one(DatasetManifest.objects.visible_to(scope), "manifest", pk=pk)
    _require_offered(scope, plant, family, wanted["dataset"] or (manifest and manifest.dataset))
    names = ("dataset", "classes", "numeric", "categorical")
    said = ("code_commit", "training_notes", "claimed_metrics")
    return submissions.Draft(
        plant_code=plant,
        family=family,
        parent=parent,
        recipe=recipe,
        manifest=manifest,
        **{name: wanted[name] for name in (*names, *said)},
    )


def _family(scope: PlantScope, slug: str) -> ModelFamily:
    found: ModelFamily | None = ModelFamily.objects.visible_to(scope).filter(slug=slug).first()
    if found is None:
        raise NotFound(
            f"There is no family {slug}, or you may not know of it.",
            fields={"family": ["Write a family's name as the list of families has it."]},
        )
    return found


def _require_open(scope: PlantScope, code: str) -> None:
    """Only a plant that works can judge a model; raises Invalid, which names the field."""
    facts = directory.read(scope).get(code)
    if facts is None:
        rules.refuse("plant", f"There is no plant {code}.", "Write the code of a plant.")
    if facts.standing == "closed":
        rules.refuse(
            "plant",
            f"Plant {code} is closed; its workers judge no models.",
            "Write the code of a plant that is open.",
            code="closed",
        )


def _require_offered(
    scope: PlantScope, code: str, family: ModelFamily, dataset: str | None
) -> None:
    """Only data that the plant has can judge a model there; raises Invalid, which names the field.

    A plant whose workers have reported nothing yet may mean what they will report.
    """
    offers = directory.offers_at(scope, code)
    fitting = [one.name for one in offers if one.kind == family.task_kind]
    if not dataset or not offers or dataset in fitting:
        return
    kind = family.task_kind
    if not fitting:
        way_out = f"Plant {code} reports no data set of {kind}; put one there, so that it does."
    else:
        more = f" and {len(fitting) - _MOST_NAMED} more" if len(fitting) > _MOST_NAMED else ""
        named = ", ".join(fitting[:_MOST_NAMED]) + more
        way_out = (
            f"For {kind} there is {named}: write one of them, or let the plant's worker report "
            f"{dataset:.64} first."
        )
    rules.refuse(
        "dataset",
        f"The workers of plant {code} report no data set {dataset:.64} of {kind}.",
        way_out,
        code="no-such-dataset",
    )


def _detail(scope: PlantScope, submission: Submission) -> dict[str, Any]:
    page = reads.page(scope, submission)
    scored = page.evaluation
    gates = scored.gates if scored else []
    return {
        **SubmissionOut(submission).data,
        "version_name": str(submission.version) if submission.version else "",
        "evaluation": scored
        and {
            "metric": submission.family.primary_metric,
            "value": scored.value,
            "low": scored.low,
            "high": scored.high,
            "n": scored.n,
            "failed_gates": [gate["id"] for gate in gates if gate["outcome"] == "fail"],
        },
        "evaluation_state": page.job.state if page.job else "",
        "evaluation_way_out": page.job_reason,
    }


class Submissions(ScopedList):
    queryset = Submission.objects.select_related("family", "upload")
    serializer_class = SubmissionOut
    search = ("file_name", "family__slug", "dataset", "submitted_by", "code_commit")
    filters = {
        "plant": "plant_code",
        "state": "state",
        "family": "family__slug",
        "submitted_by": "submitted_by",
    }

    @extend_schema(
        summary="Declare a model trained elsewhere",
        description="By an engineer of the plant, by the plant's own agent, or, at the centre, by "
        "a data scientist. The same words again before a file is announced change nothing.",
        request=SubmissionIn,
        responses={201: SubmissionOut},
    )
    def post(self, request: Request) -> Response:
        wanted = SubmissionIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        scope = scope_of(request)
        made = submissions.open_submission(scope, _draft(scope, wanted.validated_data))
        return Response(SubmissionOut(made).data, status=201)


class SubmissionDetail(APIView):
    @extend_schema(
        summary="Where an upload stands, to the plant's evaluation",
        responses={200: SubmissionDetailOut},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        scope = scope_of(request)
        return Response(_detail(scope, submissions.find(scope, pk)))


class SubmissionAnnouncement(APIView):
    @extend_schema(
        summary="Announce the file; the same file again answers where it stands",
        request=FileIn,
        responses={200: StandingOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        wanted = FileIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        facts = dict(wanted.validated_data)
        anew = facts.pop("anew")
        file = submission_files.FileFacts(**facts)
        return _standing(submission_files.announce(scope_of(request), pk, file, anew=anew))


class SubmissionFile(APIView):
    """The bytes: asked after (GET, HEAD) and sent in parts (PATCH), as in the tus protocol 1.0."""

    parser_classes = (PartParser,)

    @extend_schema(summary="Ask where the file stands", responses={200: StandingOut})
    def get(self, request: Request, pk: UUID) -> Response:
        return _standing(submissions.find(scope_of(request), pk))

    @extend_schema(
        summary="Send the part that starts at Upload-Offset",
        request={"application/offset+octet-stream": OpenApiTypes.BINARY},
        responses={200: StandingOut},
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        part: Any = request.data or b""
        offset = part_offset(request)
        return _standing(submission_files.append(scope_of(request), pk, offset=offset, part=part))


def _standing(submission: Submission) -> Response:
    upload = submission.upload
    offset, size = (upload.offset, upload.size) if upload else (0, 0)
    body = {
        "submission": str(submission.pk),
        "offset": offset,
        "size": size,
        "complete": bool(upload and upload.completed_at),
        "state": submission.state,
    }
    return Response(body, headers={"Upload-Offset": str(offset), "Cache-Control": "no-store"})


class SubmissionWithdrawal(APIView):
    @extend_schema(
        summary="Give an upload up before its bytes are complete",
        request=None,
        responses={200: SubmissionOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        return Response(SubmissionOut(submissions.withdraw(scope_of(request), pk)).data)
