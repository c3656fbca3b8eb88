"""A checkpoint: the ledger's digest at one entry, signed with a key that no database holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.domain.digests import canonical_json

# The purpose is part of what is signed: a signature made for one thing proves nothing else.
PURPOSE = b"lineward.ledger-checkpoint/v1\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the holder of a key vouches for.

    Attributes:
        number: 1, 2, 3 …; a number that is missing was taken away.
        sequence: the entry up to which the ledger is vouched for.
        digest: that entry's digest, which covers every entry before it.
        made_at: ISO 8601 in UTC.
        public_key: whose signature it is, 64 hex characters.
        signature: Ed25519 (RFC 8032) over the other five, 128 hex characters.
    """

    number: int
    sequence: int
    digest: str
    made_at: str
    public_key: str
    signature: str = ""

    def as_json(self) -> dict[str, Any]:
        """All of it, as an export and the copy beside the key hold it."""
        return asdict(self)


def from_json(document: Mapping[str, Any]) -> Checkpoint:
    """Read what `as_json` wrote.

    Raises:
        ValueError: a field is missing, unknown or of another type.
    """
    kinds = {"number": int, "sequence": int}
    names = Checkpoint.__slots__
    if set(document) != set(names):
        raise ValueError(f"A checkpoint has the fields {', '.join(names)}.")
    for name in names:
        kind = kinds.get(name, str)
        if type(document[name]) is not kind:
            raise ValueError(f"A checkpoint's {name} is {kind.__name__}.")
    return Checkpoint(**document)


def sign(private_key: bytes, number: int, sequence: int, digest: str, made_at: str) -> Checkpoint:
    """Vouch for the ledger up to an entry; `private_key` has 32 raw bytes.

    >>> made = sign(bytes(32), 1, 7, "ab" * 32, "2026-01-05T06:00:00.000000+00:00")
    >>> is_signed(made, {made.public_key}), is_signed(made, {"00" * 32})
    (True, False)
    """
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    public_key = key.public_key().public_bytes_raw().hex()
    unsigned = Checkpoint(number, sequence, digest, made_at, public_key)
    signature = key.sign(message(unsigned)).hex()
    return Checkpoint(number, sequence, digest, made_at, public_key, signature)


def message(checkpoint: Checkpoint) -> bytes:
    """The bytes that are signed: the purpose, then canonical JSON of all but the signature."""
    said = checkpoint.as_json()
    del said["signature"]
    return PURPOSE + canonical_json(said)


def is_signed(checkpoint: Checkpoint, trusted: Collection[str]) -> bool:
    """Whether a trusted key signed it as it stands."""
    if checkpoint.public_key not in trusted:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint.public_key))
        key.verify(bytes.fromhex(checkpoint.signature), message(checkpoint))
    except (InvalidSignature, ValueError):
        return False
    return True
