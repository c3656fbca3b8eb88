from __future__ import annotations

from typing import Any

from rest_framework.parsers import JSONParser

from registry.domain.errors import Invalid, TooLarge

# A recipe is the largest thing that people send; its parser takes far less than this.
MAX_BODY_BYTES = 2 * 1024 * 1024


class BoundedJSON(JSONParser):
    """JSON up to a size; more is refused before it is read."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            raise TooLarge(
                f"A request has at most {MAX_BODY_BYTES} bytes.",
                fields={"body": ["Send less at a time."]},
            )
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise Invalid(
                "The request nests too deeply.", fields={"body": ["Nest fewer levels."]}
            ) from None
