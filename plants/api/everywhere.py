from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from rest_framework import serializers

from plants.api.lines import LineOut
from plants.api.of_plant import ScopedRows
from plants.api.runbooks import RunbookOut
from plants.models import Line, Ownership, Runbook


class LineEverywhereOut(LineOut):
    plant = serializers.CharField(source="plant_id", read_only=True)
    owner = serializers.SerializerMethodField(help_text="The person's code; null: nobody.")

    class Meta(LineOut.Meta):
        fields = ("plant", *LineOut.Meta.fields, "owner")  # type: ignore[assignment]

    def get_owner(self, line: Any) -> str | None:
        return next((one.owner.code for one in line.current), None)


class RunbookEverywhereOut(RunbookOut):
    plant = serializers.CharField(source="plant_id", read_only=True)

    class Meta(RunbookOut.Meta):
        fields = ("plant", *RunbookOut.Meta.fields)  # type: ignore[assignment]


class Lines(ScopedRows):
    rows = (
        Line.objects.open()
        .filter(plant__closed_at=None)
        .prefetch_related(
            Prefetch(
                "ownerships", Ownership.objects.current().select_related("owner"), to_attr="current"
            )
        )
        .order_by("pk")
    )
    search = ("name", "code", "plant__name")
    filters = {"plant": "plant"}
    serializer_class = LineEverywhereOut


class Runbooks(ScopedRows):
    rows = (
        Runbook.objects.filter(retired_at=None).prefetch_related("families", "lines").order_by("pk")
    )
    search = ("title", "slug", "plant__name")
    filters = {"plant": "plant", "family": "families__slug"}
    serializer_class = RunbookEverywhereOut
