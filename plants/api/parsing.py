from __future__ import annotations

from typing import Any

from rest_framework.parsers import BaseParser

from registry.domain.errors import TooLarge
from registry.services import artifacts


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
