from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from plants.api.of_plant import ListOfPlant, OfPlant, checked, family_named, line_named, one
from plants.models import Runbook, RunbookVersion
from plants.selectors.reports import Reports
from plants.services import runbooks
from registry.domain.text_diff import text_diff
from registry.http import scope_of


class RunbookOut(serializers.ModelSerializer[Runbook]):
    families = serializers.SlugRelatedField[Any](slug_field="slug", many=True, read_only=True)
    lines = serializers.SlugRelatedField[Any](slug_field="code", many=True, read_only=True)

    class Meta:
        model = Runbook
        fields = (
            *("slug", "title", "families", "lines"),
            *("reviewed_on", "reviewed_by", "created_at", "retired_at"),
        )


class RunbookTextOut(serializers.ModelSerializer[RunbookVersion]):
    class Meta:
        model = RunbookVersion
        fields = ("number", "markdown", "change_note", "written_by", "written_at")


class RunbookLinksIn(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=120)
    families = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=200
    )
    lines = serializers.ListField(
        child=serializers.CharField(max_length=31), required=False, max_length=200
    )


class RunbookIn(RunbookLinksIn):
    slug = serializers.SlugField(max_length=64)
    markdown = serializers.CharField(trim_whitespace=False)


class RunbookTextIn(serializers.Serializer[Any]):
    markdown = serializers.CharField(trim_whitespace=False)
    change_note = serializers.CharField(max_length=200, default="", allow_blank=True)
    is_review = serializers.BooleanField(default=False)


class ReviewIn(serializers.Serializer[Any]):
    reviewed_on = serializers.DateField(required=False, help_text="Today, if it is left out.")


class _OfRunbooks(OfPlant):
    def links(self, wanted: dict[str, Any]) -> dict[str, Any]:
        request = self.request
        found: dict[str, Any] = {}
        if "families" in wanted:
            slugs = wanted["families"]
            found["families"] = [family_named(request, slug, "families") for slug in slugs]
        if "lines" in wanted:
            codes = wanted["lines"]
            found["lines"] = [line_named(request, self.plant, code, "lines") for code in codes]
        return found


class Runbooks(_OfRunbooks, ListOfPlant):
    rows = Runbook.objects.prefetch_related("families", "lines").order_by("slug")
    filters = {"family": "families__slug", "line": "lines__code"}
    serializer_class = RunbookOut

    @extend_schema(
        summary="Write a runbook's first version", request=RunbookIn, responses={201: RunbookOut}
    )
    def post(self, request: Request, code: str) -> Response:
        wanted = checked(RunbookIn, request)
        made = runbooks.create(
            scope_of(request),
            plant_code=code,
            slug=wanted["slug"],
            title=wanted["title"],
            markdown=wanted["markdown"],
            **self.links(wanted),
        )
        return Response(RunbookOut(made).data, status=201)


class OfRunbook(_OfRunbooks):
    def runbook(self, slug: str) -> Runbook:
        rows = Runbook.objects.visible_to(scope_of(self.request)).filter(plant=self.plant)
        found = rows.prefetch_related("families", "lines")
        return one(found, "runbook", slug=slug)  # type: ignore[no-any-return]


class RunbookDetail(OfRunbook):
    @extend_schema(summary="One runbook", responses={200: RunbookOut})
    def get(self, request: Request, code: str, slug: str) -> Response:
        return Response(RunbookOut(self.runbook(slug)).data)

    @extend_schema(
        summary="Change a runbook's title and what it is for",
        request=RunbookLinksIn,
        responses={200: RunbookOut},
    )
    def patch(self, request: Request, code: str, slug: str) -> Response:
        found = self.runbook(slug)
        wanted = checked(RunbookLinksIn, request)
        links = {"families": found.families.all(), "lines": found.lines.all()}
        changed = runbooks.describe(
            scope_of(request),
            found,
            title=wanted.get("title", found.title),
            **(links | self.links(wanted)),
        )
        return Response(RunbookOut(changed).data)

    @extend_schema(summary="Retire a runbook; its texts stay", responses={204: None})
    def delete(self, request: Request, code: str, slug: str) -> Response:
        runbooks.retire(scope_of(request), self.runbook(slug))
        return Response(status=204)


class RunbookVersions(OfRunbook, ListOfPlant):
    rows = RunbookVersion.objects.order_by("-number")
    plant_field = "runbook__plant"
    serializer_class = RunbookTextOut

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows.filter(runbook=self.runbook(self.kwargs["slug"]))

    @extend_schema(
        summary="Write the next version; the same text again changes nothing",
        request=RunbookTextIn,
        responses={201: RunbookTextOut},
    )
    def post(self, request: Request, code: str, slug: str) -> Response:
        found = self.runbook(slug)
        written = runbooks.write(scope_of(request), found, **checked(RunbookTextIn, request))
        return Response(RunbookTextOut(written).data, status=201)


class RunbookVersionDetail(OfRunbook):
    @extend_schema(summary="A runbook as it read then", responses={200: RunbookTextOut})
    def get(self, request: Request, code: str, slug: str, number: int) -> Response:
        rows = RunbookVersion.objects.visible_to(scope_of(request))
        version = one(rows.filter(runbook=self.runbook(slug)), "version", number=number)
        return Response(RunbookTextOut(version).data)


class DiffIn(serializers.Serializer[Any]):
    before = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="By default the one before."
    )
    after = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="By default the newest."
    )


class DiffLineOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["same", "gone", "come", "skip"])
    text = serializers.CharField()


class DiffOut(serializers.Serializer[Any]):
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    lines = DiffLineOut(many=True, help_text="What differs, with a few lines around it.")


class RunbookDiff(OfRunbook):
    @extend_schema(
        summary="What two versions of a runbook differ in",
        parameters=[DiffIn],
        responses={200: DiffOut},
    )
    def get(self, request: Request, code: str, slug: str) -> Response:
        wanted = DiffIn(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        rows = RunbookVersion.objects.visible_to(scope_of(request))
        texts = rows.filter(runbook=self.runbook(slug)).order_by("-number")
        after = one(texts, "version", **_numbered(asked.get("after")))
        before = asked.get("before") or max(1, after.number - 1)
        former = one(texts, "version", number=before)
        lines = text_diff(former.markdown, after.markdown)
        body = {"before": former.number, "after": after.number, "lines": lines}
        return Response(DiffOut(body).data)


def _numbered(number: int | None) -> dict[str, int]:
    return {} if number is None else {"number": number}


class RunbookReview(OfRunbook):
    @extend_schema(
        summary="Say that a runbook was found right", request=ReviewIn, responses={200: RunbookOut}
    )
    def post(self, request: Request, code: str, slug: str) -> Response:
        found = self.runbook(slug)
        day = checked(ReviewIn, request).get("reviewed_on")
        return Response(RunbookOut(runbooks.review(scope_of(request), found, on=day)).data)


class MissingOut(serializers.Serializer[Any]):
    sentence = serializers.CharField()
    action = serializers.CharField()
    url = serializers.CharField()
    is_urgent = serializers.BooleanField()


class Missing(OfPlant):
    @extend_schema(
        summary="What a plant has not reported, in words, worst first",
        responses={200: MissingOut(many=True)},
    )
    def get(self, request: Request, code: str) -> Response:
        found = Reports(scope_of(request), self.plant).missing
        return Response(MissingOut(found, many=True).data)
