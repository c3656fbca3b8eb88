from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api import serializers as shapes
from registry.api.views import one
from registry.domain.access import Role
from registry.domain.recipe_diff import by_section, content_changes
from registry.http import scope_of
from registry.models import Recipe
from registry.selectors import recipe_lines
from registry.selectors.recipe_drafts import examine
from registry.services import recipes


class ProblemOut(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="Where in the document, such as augment.0.degrees.")
    sentence = serializers.CharField(help_text="What is wrong, and the way out.")
    line = serializers.IntegerField(
        allow_null=True, help_text="Where in the text, counted from 1; null where nobody can say."
    )


class ChangeOut(serializers.Serializer[Any]):
    path = serializers.CharField()
    kind = serializers.CharField(help_text="added, removed or changed.")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class SectionOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    changes = ChangeOut(many=True)


class CheckOut(serializers.Serializer[Any]):
    is_publishable = serializers.BooleanField()
    problems = ProblemOut(many=True)
    more = serializers.IntegerField(help_text="Problems beyond those listed.")
    name = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    digest = serializers.CharField(allow_blank=True)
    follows = serializers.UUIDField(
        source="follows.pk",
        default=None,
        allow_null=True,
        help_text="The newest version of the name.",
    )
    is_published = serializers.UUIDField(
        source="is_published.pk",
        default=None,
        allow_null=True,
        help_text="The recipe that this text already is.",
    )
    sections = SectionOut(many=True, help_text="What differs from the version it follows.")
    part = serializers.CharField(allow_blank=True, help_text="major, minor or patch.")
    least = serializers.CharField(
        allow_blank=True, help_text="The least number that the change allows."
    )


class RecipeCheck(APIView):
    @extend_schema(
        summary="Judge a recipe as publishing would; nothing is written",
        request=shapes.RecipeIn,
        responses={200: CheckOut},
    )
    def post(self, request: Request) -> Response:
        scope = scope_of(request)
        scope.require(Role.DATA_SCIENTIST)
        wanted = shapes.RecipeIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        draft = examine(scope, wanted.validated_data["yaml"], recipes.catalogue())
        return Response(CheckOut(draft).data)


class ResolutionIn(serializers.Serializer[Any]):
    overrides = serializers.DictField(
        default=dict, help_text="Values by path, such as train.seed; those the recipe leaves open."
    )


class ResolutionOut(serializers.Serializer[Any]):
    document = serializers.JSONField(help_text="What a plant would run.")
    digest = serializers.CharField()
    sections = SectionOut(many=True, help_text="What differs from the recipe.")


class RecipeResolution(APIView):
    @extend_schema(
        summary="The document that an order with these values would run; nothing is written",
        request=ResolutionIn,
        responses={200: ResolutionOut},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        recipe = one(Recipe.objects.visible_to(scope_of(request)), "recipe", pk=pk)
        wanted = ResolutionIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        resolved, digest = recipes.resolve(recipe, wanted.validated_data["overrides"])
        sections = by_section(content_changes(recipe.document, resolved))
        body = {"document": resolved, "digest": digest, "sections": sections}
        return Response(ResolutionOut(body).data)


class DifferenceOut(serializers.Serializer[Any]):
    before = serializers.UUIDField(source="before.pk")
    after = serializers.UUIDField(source="after.pk")
    part = serializers.CharField(help_text="major, minor or patch.")
    sections = SectionOut(many=True)


class RecipeDifference(APIView):
    @extend_schema(
        summary="What one recipe changes of another, by section", responses={200: DifferenceOut}
    )
    def get(self, request: Request, pk: UUID, other: UUID) -> Response:
        rows = Recipe.objects.visible_to(scope_of(request))
        found = recipe_lines.compare(one(rows, "recipe", pk=pk), one(rows, "recipe", pk=other))
        return Response(DifferenceOut(found).data)
