"""Identity is content: canonical JSON and SHA-256 name recipes, manifests, orders and bytes."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from typing import Any

_SHA256 = re.compile(r"[0-9a-f]{64}")


def canonical_json(value: Any) -> bytes:
    """Encode a JSON value as UTF-8 bytes that depend on its content alone.

    Keys sorted, no white space, no escapes beyond JSON's own, finite numbers only; an integral
    float is written as an integer, so that `1.0` read from YAML and `1` from JSON are one value.

    >>> canonical_json({"b": [1.0, 2.5], "a": "é"}).decode()
    '{"a":"é","b":[1,2.5]}'
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"A JSON object's key must be text, not {key!r}.")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def sha256(data: bytes) -> str:
    """Lower-case hex SHA-256 of bytes (64 characters)."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    """SHA-256 of a value's canonical JSON.

    >>> digest_of({"a": 1}) == digest_of({"a": 1.0})
    True
    """
    return sha256(canonical_json(value))


def keyed_digest(key: bytes, data: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104): equal rows match within a plant, nobody else can test a guess."""
    return hmac.new(key, data, hashlib.sha256).hexdigest()


def is_sha256(text: object) -> bool:
    """Whether text is a lower-case hex SHA-256.

    >>> is_sha256("ab" * 32), is_sha256("AB" * 32), is_sha256(7)
    (True, False, False)
    """
    return isinstance(text, str) and _SHA256.fullmatch(text) is not None
