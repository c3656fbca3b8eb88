"""The life of a job: its states, and who may cause which transition."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from registry.domain.errors import Conflict


class JobKind(StrEnum):
    """The pieces of work a plant's worker runs."""

    RETRAIN = "retrain"
    EVALUATE = "evaluate"


class JobState(StrEnum):
    """Where a job stands; the last five and `succeeded` are ends."""

    QUEUED = "queued"
    LEASED = "leased"
    PREPARING = "preparing"
    RUNNING = "running"
    UPLOADING = "uploading"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    GATE_FAILED = "gate_failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED = frozenset(
    {
        JobState.SUCCEEDED,
        JobState.FAILED,
        JobState.GATE_FAILED,
        JobState.REFUSED,
        JobState.CANCELLED,
        JobState.EXPIRED,
    }
)
HELD = frozenset({JobState.LEASED, JobState.PREPARING, JobState.RUNNING, JobState.UPLOADING})
MAX_ATTEMPTS = 2  # a job that lost its worker twice is the likely reason that it was lost


class Party(StrEnum):
    """Who may act on a job: people and the clock, the lease holder, or the portal's verifier."""

    PERSON = "person"
    HOLDER = "lease holder"
    VERIFIER = "verifier"
    CLOCK = "clock"


_Moves = Mapping[tuple[JobState, JobState], frozenset[Party]]
_HOLDER, _PERSON = frozenset({Party.HOLDER}), frozenset({Party.PERSON})
_VERIFIER, _CLOCK = frozenset({Party.VERIFIER}), frozenset({Party.CLOCK})

MOVES: _Moves = {
    (JobState.QUEUED, JobState.LEASED): _HOLDER,
    (JobState.QUEUED, JobState.CANCELLED): _PERSON,
    (JobState.QUEUED, JobState.EXPIRED): _CLOCK,
    (JobState.LEASED, JobState.PREPARING): _HOLDER,
    (JobState.PREPARING, JobState.RUNNING): _HOLDER,
    (JobState.RUNNING, JobState.UPLOADING): _HOLDER,
    (JobState.RUNNING, JobState.VERIFYING): _HOLDER,
    (JobState.UPLOADING, JobState.VERIFYING): _HOLDER,
    (JobState.VERIFYING, JobState.SUCCEEDED): _VERIFIER,
    (JobState.VERIFYING, JobState.GATE_FAILED): _VERIFIER,
    (JobState.VERIFYING, JobState.FAILED): _VERIFIER,
    (JobState.VERIFYING, JobState.EXPIRED): _CLOCK,
    **{(state, JobState.QUEUED): _CLOCK for state in HELD},
    **{(state, JobState.FAILED): frozenset({Party.HOLDER, Party.CLOCK}) for state in HELD},
    **{(state, JobState.REFUSED): _HOLDER for state in HELD},
    **{(state, JobState.CANCELLED): frozenset({Party.HOLDER, Party.CLOCK}) for state in HELD},
    **{(state, JobState.EXPIRED): _CLOCK for state in HELD},
}


def check_move(before: JobState, after: JobState, party: Party) -> None:
    """Refuse a transition that the table does not give to this party.

    Raises:
        Conflict: the transition is not legal, or not this party's to cause.

    >>> check_move(JobState.QUEUED, JobState.LEASED, Party.HOLDER)
    >>> check_move(JobState.VERIFYING, JobState.SUCCEEDED, Party.HOLDER)
    Traceback (most recent call last):
    registry.domain.errors.Conflict: A job goes from verifying to succeeded by its verifier only.
    """
    parties = MOVES.get((before, after))
    if parties is None:
        raise Conflict(f"A job cannot go from {before} to {after}.", code="illegal-transition")
    if party not in parties:
        names = " or ".join(sorted(parties))
        raise Conflict(
            f"A job goes from {before} to {after} by its {names} only.", code="illegal-transition"
        )


# Codes that may cross the plant's boundary, and what a person can do about each. Nothing else of
# a failure leaves the plant: texts and tracebacks can carry file names and pixels.
FAILURE_CODES: Mapping[str, str] = {
    "dataset-missing": "The plant has no data set of that name; check the plant's data folder.",
    "dataset-invalid": "The data set breaks the data contract; run check-data at the plant.",
    "too-few-rows": "The data set has fewer rows, of a class or in all, than the recipe's data "
    "contract asks; label more parts at the plant and order it again.",
    "unknown-labels": "The data set has labels that the recipe's classes do not name; correct the "
    "labels, or publish a recipe that takes the plant's own classes.",
    "signature-mismatch": "The version expects other inputs or classes than the data set has; "
    "choose a version and a data set that belong together.",
    "parity-failed": "The exported graph did not agree with the native model; report the recipe.",
    "unsupported-operation": "The plant's agent does not know an operation; update the agent.",
    "extra-missing": "The plant's agent lacks an optional install that the recipe needs; install "
    "it at the plant, as the agent's log names it.",
    "out-of-memory": "The plant's machine ran out of memory; use fewer or smaller images.",
    "too-slow": "The job ran longer than the recipe allows; order it with a smaller model or data "
    "set, or raise train.max_minutes in the recipe's next version.",
    "artifact-too-large": "The exported model is larger than the recipe allows; choose a smaller "
    "model, or raise export.max_mb in the recipe's next version.",
    "artifact-digest": "The bytes that arrived differ from the bytes announced; order it again.",
    "order-invalid": "The agent could not verify the portal's signature; enrol the plant again.",
    "worker-lost": "The worker stopped answering twice; look at the plant's machine and its log.",
    "verifier-refused": "The artifact broke a rule of the verifier; the job names rule and node: "
    "change that operation in the recipe, or the model that was uploaded.",
    "report-invalid": "The reported figures contradict each other; update the plant's agent.",
    "internal": "The agent failed unexpectedly; the plant's log has the details.",
}
REFUSAL_CODES: Mapping[str, str] = {
    "policy-recipe": "The plant's policy does not allow this recipe; ask the plant to add it to "
    "its policy.yaml.",
    "policy-requester": "The plant's policy does not take orders from this requester; ask one of "
    "the plant's engineers to order it.",
    "policy-hours": "The plant's policy does not run jobs at this hour; order it again in the "
    "hours that its policy.yaml allows.",
    "policy-egress": "The result is larger than the plant's policy lets out; choose a smaller "
    "model, or ask the plant to raise the limit in its policy.yaml.",
    "policy-kind": "The plant's policy does not run this kind of job; ask the plant to allow it "
    "in its policy.yaml.",
}
