#!/usr/bin/env python3
"""Verifies an exported ledger with Python's standard library and the portal's public key alone.

    python verify_ledger.py ledger.jsonl --key KEY [--key OLDER] [--checkpoint KEPT.json]

KEY has 64 hex characters, or names a file that holds them. Ends with 0: intact; 1: broken, the
first broken entry named; 2: the file, the key or the checkpoint cannot be read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FORMAT = "lineward.ledger/1"
PURPOSE = b"lineward.ledger-checkpoint/v1\n"
GENESIS = "0" * 64
ENTRY = (
    "sequence",
    "recorded_at",
    "actor",
    "plant_code",
    "verb",
    "subject",
    "details",
    "previous_digest",
)
CHECKPOINT = ("number", "sequence", "digest", "made_at", "public_key")

# Ed25519 verification after RFC 8032, section 5.1: the field, the order, the curve, the base point.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


class Broken(Exception):
    """The ledger is not what was written."""


class Unusable(Exception):
    """There is nothing here that could be verified."""


def add(one: Point, other: Point) -> Point:
    """Sum of two points in extended homogeneous coordinates (RFC 8032, 5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    """A point added to itself `scalar` times."""
    total: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def decode(data: bytes) -> Point | None:
    """The point that 32 bytes stand for, if any (RFC 8032, 5.1.3)."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def _base() -> Point:
    point = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    assert point is not None  # noqa: S101
    return point


BASE = _base()


def is_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature fits (RFC 8032, 5.1.7)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, nonce = decode(public_key), decode(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(hashed, "little") % ORDER
    left, right = times(scalar, BASE), add(nonce, times(challenge, key))
    return not any((left[i] * right[2] - right[i] * left[2]) % P for i in (0, 1))


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no white space, and integral floats written as integers."""
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every line's number and object."""
    number = 1
    try:
        with path.open(encoding="utf-8") as file:
            for text in file:
                document = json.loads(text)
                if not isinstance(document, dict):
                    raise Unusable(f"Line {number} is no JSON object.")
                yield number, document
                number += 1
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise Unusable(f"Line {number} is not JSON, or cut off: {error}") from error


def check_checkpoint(document: dict[str, Any], keys: set[str]) -> None:
    """Refuse a checkpoint that no given key signed as it stands."""
    sequence = document.get("sequence")
    try:
        said = PURPOSE + canonical({name: document[name] for name in CHECKPOINT})
        key, signature = document["public_key"], bytes.fromhex(document["signature"])
        good = key in keys and is_signature(bytes.fromhex(key), said, signature)
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        raise Broken(f"entry {sequence}: its checkpoint is not signed with a key you gave")


class Chain:
    """What was read so far: how many entries, the last one's digest, what is signed."""

    def __init__(self, keys: set[str]) -> None:
        self.keys, self.last, self.digest = keys, 0, GENESIS
        self.checkpoints = self.signed_up_to = 0
        self.digests: dict[int, str] = {}
        self.wanted: set[int] = set()

    def take_entry(self, document: dict[str, Any]) -> None:
        """One more entry; it has to continue the chain."""
        expected = self.last + 1
        if document.get("sequence") != expected:
            raise Broken(f"entry {expected}: it is missing")
        if document.get("previous_digest") != self.digest:
            raise Broken(f"entry {expected}: it does not continue the entry before it")
        try:
            said = canonical({name: document[name] for name in ENTRY})
        except (KeyError, TypeError, ValueError) as error:
            raise Broken(f"entry {expected}: it is not an entry ({error})") from error
        if hashlib.sha256(said).hexdigest() != document.get("digest"):
            raise Broken(f"entry {expected}: its content was changed after it was written")
        self.last, self.digest = expected, str(document["digest"])
        if expected in self.wanted:
            self.digests[expected] = self.digest

    def take_checkpoint(self, document: dict[str, Any]) -> None:
        """A checkpoint; it stands behind the entry that it vouches for."""
        check_checkpoint(document, self.keys)
        if document["sequence"] > self.last:
            raise Broken(f"entry {self.last + 1}: it is missing")
        if document["sequence"] != self.last or document["number"] != self.checkpoints + 1:
            raise Broken(f"entry {document['sequence']}: its checkpoint is out of order")
        if document["digest"] != self.digest:
            raise Broken(
                f"entry {self.signed_up_to + 1}: from it to {self.last} something was rewritten"
            )
        self.checkpoints, self.signed_up_to = document["number"], self.last


def verify(path: Path, keys: set[str], kept: dict[str, Any] | None = None) -> Chain:
    """Read an export whole; raises `Broken` or `Unusable`."""
    chain = Chain(keys)
    if kept is not None:
        check_checkpoint(kept, keys)
        chain.wanted.add(kept["sequence"])
    announced = None
    for number, document in lines(path):
        kind = document.get("kind")
        if number == 1:
            if kind != "header" or document.get("format") != FORMAT:
                raise Unusable(f"This is no export of the format {FORMAT}.")
            announced = document.get("entries")
        elif kind == "entry":
            chain.take_entry(document)
        elif kind == "checkpoint":
            chain.take_checkpoint(document)
        else:
            raise Unusable(f"Line {number} is neither entry nor checkpoint.")
    if announced is None:
        raise Unusable("The file is empty.")
    _check_end(chain, announced, kept)
    return chain


def _check_end(chain: Chain, announced: Any, kept: dict[str, Any] | None) -> None:
    if announced != chain.last:
        raise Broken(f"entry {chain.last + 1}: the file ends here and announced {announced}")
    if chain.signed_up_to != chain.last:
        raise Broken(f"entry {chain.signed_up_to + 1}: from here on no checkpoint vouches")
    if kept is not None and chain.digests.get(kept["sequence"]) != kept["digest"]:
        raise Broken(f"entry {kept['sequence']}: the checkpoint you kept vouches for another")


def read_key(text: str) -> str:
    """A key as given, or from the file that is named."""
    path = Path(text)
    if len(text) != 64 and path.is_file():
        text = path.read_text(encoding="ascii", errors="replace")
    text = text.strip().lower()
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise Unusable("A key has 64 hex characters, or names a file that holds them.")
    return text


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Verify an exported ledger offline.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", action="append", required=True, help="64 hex characters or a file")
    parser.add_argument("--checkpoint", type=Path, help="one that was kept elsewhere")
    given = parser.parse_args(arguments)
    try:
        keys = {read_key(text) for text in given.key}
        kept = next(lines(given.checkpoint))[1] if given.checkpoint else None
        chain = verify(given.export, keys, kept)
    except Broken as found:
        sys.stdout.write(f"BROKEN at {found}\n")
        return 1
    except (Unusable, StopIteration) as found:
        sys.stdout.write(f"NOT VERIFIED: {found}\n")
        return 2
    sys.stdout.write(f"INTACT: {chain.last} entries, {chain.checkpoints} checkpoints, all signed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
