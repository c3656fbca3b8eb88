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
            request = super().parse(stream, media_type, parser_context)
            _check_texts(request)
        except RecursionError:
            raise Invalid(
                "The request nests too deeply.", fields={"body": ["Nest fewer levels."]}
            ) from None
        return request


def _check_texts(value: Any, place: str = "body") -> None:
    """Refuse what JSON can write and no database keep: NUL, and half of a surrogate pair."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key, place)
            _check_texts(item, key if place == "body" else place)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item, place)
    elif isinstance(value, str) and ("\x00" in value or not _is_whole(value)):
        raise Invalid(
            "The request holds a NUL or half a character.",
            fields={place[:80]: ["Leave out NUL and unpaired surrogates."]},
        )


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
