from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from governance.domain.quorum import SEATS
from governance.domain.staleness import NODES, TESTS
from governance.models import ClearanceRecord, Release, ReleaseComment
from governance.selectors.releases import STATES
from governance.services.texts import MAX_TEXT
from plants.domain.desired_state import STAGES
from plants.models import Deployment

_MODES = [mode.value for mode in STAGES]
_VERDICTS = ["approve", "decline"]


def _said(text: str, example: str) -> Any:
    """A schema of a text of people's own."""
    return extend_schema_field(
        {"type": "string", "maxLength": MAX_TEXT, "description": text, "example": example}
    )


# --- What comes in -------------------------------------------------------------------------------
@_said("Why it should run there.", "It finds the scratches that the present one lets through.")
class ReasonField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TEXT, **kwargs)


@_said("What must hold for it to run; becomes part of the clearance.", "The lamp is cleaned daily.")
class ConditionsField(ReasonField): ...


@_said("In words; needed to decline.", "The hold-out has no parts of the new supplier.")
class CommentField(ReasonField): ...


class ReleaseIn(serializers.Serializer[Any]):
    plant = serializers.CharField(max_length=32, help_text="The plant's code.")
    line = serializers.CharField(max_length=31, help_text="The line's code.")
    version = serializers.UUIDField()
    mode = serializers.ChoiceField(
        choices=_MODES, help_text="How far it may go: shadow first, then canary, then active."
    )
    share = serializers.IntegerField(
        min_value=1,
        max_value=50,
        allow_null=True,
        default=None,
        help_text="Percent of the parts that a canary may judge; for a canary only.",
    )
    reason = ReasonField()
    renews = serializers.UUIDField(
        allow_null=True,
        default=None,
        help_text="The release of the same version on the same line that it follows.",
    )


class DecisionIn(serializers.Serializer[Any]):
    seat = serializers.ChoiceField(choices=SEATS, help_text="For whom you decide.")
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    conditions = ConditionsField(required=False, allow_blank=True, default="")
    comment = CommentField(required=False, allow_blank=True, default="")


class CommentIn(serializers.Serializer[Any]):
    text = CommentField()


class WithdrawalIn(serializers.Serializer[Any]):
    reason = ReasonField(required=False, allow_blank=True, default="")


class RevocationIn(serializers.Serializer[Any]):
    reason = ReasonField()


class StartIn(serializers.Serializer[Any]):
    station = serializers.CharField(max_length=31, help_text="Code of a station of the line.")
    mode = serializers.ChoiceField(
        choices=_MODES, required=False, default="", help_text="The release's own if left out."
    )
    share = serializers.IntegerField(
        min_value=1,
        max_value=50,
        allow_null=True,
        default=None,
        help_text="Of a canary; what was cleared if left out.",
    )


# --- What goes out -------------------------------------------------------------------------------
class ReleaseOut(serializers.ModelSerializer[Release]):
    version = serializers.UUIDField(source="version_id", read_only=True)
    name = serializers.CharField(source="version", read_only=True, help_text="Of the version.")
    plant = serializers.CharField(source="line.plant_id", read_only=True)
    line = serializers.CharField(source="line.code", read_only=True)
    mode = serializers.ChoiceField(choices=_MODES, read_only=True)
    state = serializers.SerializerMethodField()
    policy = serializers.IntegerField(source="policy.number", read_only=True)
    renews = serializers.UUIDField(source="renews_id", allow_null=True, read_only=True)

    class Meta:
        model = Release
        fields: tuple[str, ...] = (
            *("id", "version", "name", "plant", "line", "mode", "share", "reason", "state"),
            *("policy", "renews", "requested_by", "requested_at", "decide_by"),
            *("closed_by", "closed_at", "close_reason"),
        )

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, release: Release) -> str:
        return release.outcome or "open"


class SeatOut(serializers.Serializer[Any]):
    seat = serializers.ChoiceField(choices=SEATS, source="seat.name")
    asked = serializers.IntegerField(source="seat.asked", help_text="Persons who must agree.")
    approved_by = serializers.ListField(child=serializers.CharField(), source="seat.approved_by")
    missing = serializers.IntegerField(source="seat.missing")
    could = serializers.ListField(
        child=serializers.CharField(), help_text="Who may take it, as far as you may know."
    )


class NodeChangeOut(serializers.Serializer[Any]):
    node = serializers.ChoiceField(choices=NODES)
    sentence = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class RetestOut(serializers.Serializer[Any]):
    test = serializers.ChoiceField(choices=list(TESTS))
    sentence = serializers.CharField()
    is_done = serializers.BooleanField(help_text="Done since the change.")


class ApprovalOut(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="approval.pk")
    person = serializers.CharField(source="approval.person")
    seat = serializers.ChoiceField(choices=SEATS, source="approval.seat")
    verdict = serializers.ChoiceField(choices=_VERDICTS, source="approval.verdict")
    conditions = serializers.CharField(source="approval.conditions")
    comment = serializers.CharField(source="approval.comment")
    decided_at = serializers.DateTimeField(source="approval.decided_at")
    is_current = serializers.BooleanField(help_text="False: the person has decided anew since.")
    is_fresh = serializers.BooleanField(help_text="False: it does not count as things stand.")
    changes = NodeChangeOut(many=True, help_text="What is no longer as the person saw it.")
    retests = RetestOut(many=True, help_text="The fewest tests that answer those changes.")


class CommentOut(serializers.ModelSerializer[ReleaseComment]):
    class Meta:
        model = ReleaseComment
        fields = ("id", "person", "text", "said_at")


class ClearanceOut(serializers.ModelSerializer[ClearanceRecord]):
    ceiling = serializers.ChoiceField(choices=_MODES, read_only=True)
    conditions = serializers.ListField(child=serializers.CharField(), read_only=True)
    release = serializers.UUIDField(source="release_id", read_only=True)

    class Meta:
        model = ClearanceRecord
        fields = (
            *("id", "release", "ceiling", "max_share", "conditions", "readiness", "issued_by"),
            *("issued_at", "expires_at", "revoked_at", "revoked_by", "revoke_reason"),
        )


class IntentionOut(serializers.ModelSerializer[Deployment]):
    """What a station is meant to run; what it does, it has not reported yet."""

    station = serializers.CharField(source="station.code", read_only=True)
    mode = serializers.ChoiceField(choices=_MODES, read_only=True)

    class Meta:
        model = Deployment
        fields = ("id", "station", "mode", "share", "started_by", "started_at")


class ReleaseDetailOut(ReleaseOut):
    """A release with all that decides on it; made of a `ReleasePage`."""

    sentence = serializers.CharField(source="page.sentence", read_only=True)
    in_the_way = serializers.ListField(
        child=serializers.CharField(),
        source="page.in_the_way",
        read_only=True,
        help_text="Empty: it may be cleared and started, if it is open or its clearance in date.",
    )
    seats = SeatOut(many=True, source="page.seats", read_only=True)
    approvals = ApprovalOut(many=True, source="page.decisions", read_only=True)
    changes = NodeChangeOut(
        many=True, source="page.changes", read_only=True, help_text="Since it was proposed."
    )
    retests = RetestOut(many=True, source="page.retests", read_only=True)
    comments = CommentOut(many=True, source="page.comments", read_only=True)
    clearance = ClearanceOut(source="page.clearance", allow_null=True, read_only=True)
    deployments = IntentionOut(
        many=True, source="page.running", read_only=True, help_text="Meant to run by it now."
    )

    class Meta(ReleaseOut.Meta):
        fields = (
            *("sentence", "in_the_way", *ReleaseOut.Meta.fields, "seats", "approvals", "changes"),
            *("retests", "comments", "clearance", "deployments"),
        )


class WaitingOut(serializers.Serializer[Any]):
    release = ReleaseOut()
    seats = serializers.ListField(
        child=serializers.ChoiceField(choices=SEATS), help_text="Missing seats that you may take."
    )
    is_review = serializers.BooleanField(
        help_text="True: you agreed, and what you saw has changed since."
    )
    changes = NodeChangeOut(many=True, help_text="What changed; empty unless it is a review.")
    retests = RetestOut(many=True, help_text="The fewest tests that answer those changes.")
    deployments = IntentionOut(
        many=True, source="running", help_text="Meant to run by it, if it was cleared before."
    )
