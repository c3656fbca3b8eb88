"""Refusals are sentences: each error names what was wrong, where, and the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class PlatformError(Exception):
    """A refusal that people and programs may see; `registry.problems` turns it into an answer.

    Args:
        message: one sentence for a person; never a path, a file name or a traceback of a plant.
        code: stable machine name, kebab-case; defaults to the class's own.
        fields: messages per input field, so that a form can show them where they belong.
    """

    status = 400
    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = {name: list(texts) for name, texts in (fields or {}).items()}

    def __str__(self) -> str:
        return self.message


class Invalid(PlatformError):
    """The input breaks a rule that the sender can read and fix."""

    status = 422
    code = "invalid"


class NotFound(PlatformError):
    """It does not exist, or the caller may not know that it does."""

    status = 404
    code = "not-found"


class NotAllowed(PlatformError):
    """The caller may see it but not do this."""

    status = 403
    code = "not-allowed"


class Conflict(PlatformError):
    """The world has moved on: wrong state, stale fencing token, taken name, wrong offset."""

    status = 409
    code = "conflict"


class Busy(Conflict):
    """The same is being done at this moment; asking again helps."""

    code = "busy"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds


class Stale(PlatformError):
    """The caller decided on a state that is not the present one (If-Match)."""

    status = 412
    code = "stale"


class Gone(PlatformError):
    """It was valid once: an expired code, a revoked credential, an ended job."""

    status = 410
    code = "gone"


class TooLarge(PlatformError):
    """More bytes or rows than the declared limit."""

    status = 413
    code = "too-large"


class Unavailable(PlatformError):
    """A neighbour (broker, MLflow, verifier) does not answer now; trying again may help."""

    status = 503
    code = "unavailable"
