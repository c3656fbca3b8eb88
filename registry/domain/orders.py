"""A job order is signed by the portal: a plant runs nothing that the portal did not order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.domain.digests import canonical_json
from registry.domain.errors import Invalid

# The purpose is part of what is signed: a signature made for one thing proves nothing else.
_PURPOSE = b"lineward.job-order/v1\n"


def new_key() -> bytes:
    """A private Ed25519 key (RFC 8032), 32 raw bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key(private_key: bytes) -> str:
    """The public half as 64 hex characters; a plant pins it when it enrols."""
    key = Ed25519PrivateKey.from_private_bytes(private_key).public_key()
    return key.public_bytes_raw().hex()


def sign(private_key: bytes, order: Mapping[str, Any]) -> str:
    """Signature over the order's canonical JSON, 128 hex characters."""
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    return key.sign(_PURPOSE + canonical_json(dict(order))).hex()


def check_signature(pinned_key: str, order: Mapping[str, Any], signature: str) -> None:
    """Refuse an order that the holder of the pinned key did not sign as it stands.

    Raises:
        Invalid: the signature does not fit, or is no signature.

    >>> key = new_key()
    >>> order = {"job": "7", "attempt": 1}
    >>> check_signature(public_key(key), order, sign(key, order))
    >>> check_signature(public_key(key), {"job": "8", "attempt": 1}, sign(key, order))
    Traceback (most recent call last):
    registry.domain.errors.Invalid: The order is not signed by the portal this plant enrolled with.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(pinned_key))
        key.verify(bytes.fromhex(signature), _PURPOSE + canonical_json(dict(order)))
    except (InvalidSignature, ValueError) as error:
        raise Invalid(
            "The order is not signed by the portal this plant enrolled with.", code="order-invalid"
        ) from error
