from __future__ import annotations

from typing import Any

from rest_framework.parsers import BaseParser, JSONParser

from plants.domain import protocol
from registry.domain.errors import Invalid, TooLarge
from registry.services import artifacts


class BoundedJSON(JSONParser):
    """JSON up to the protocol's size; more is refused before it is read."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > protocol.MAX_BODY_BYTES:
            raise TooLarge(
                f"A message has at most {protocol.MAX_BODY_BYTES} bytes.",
                fields={"body": ["Send a shorter message."]},
            )
        try:
            message = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise Invalid(
                "The message nests too deeply.",
                code="bad-message",
                fields={"body": [f"Nest at most {protocol.MAX_DEPTH} levels."]},
            ) from None
        # Before any field is looked at: an answer that quotes half a character cannot be sent.
        protocol.check_plain(message)
        return message


class PartParser(BaseParser):
    """The bytes of one part of an upload."""

    media_type = "application/offset+octet-stream"

    # The base class expects parsed fields; a part of a file is its bytes.
    def parse(  # type: ignore[override]
        self, stream: Any, media_type: Any = None, parser_context: Any = None
    ) -> bytes:
        data: bytes = stream.read(artifacts.MAX_PART_BYTES + 1)
        if len(data) > artifacts.MAX_PART_BYTES:
            raise TooLarge(f"A part has at most {artifacts.MAX_PART_BYTES} bytes.")
        return data
