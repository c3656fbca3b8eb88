"""The verifier that a stranger runs: alone, with nothing of ours beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import checkpoints, offline_verifier
from registry.domain.digests import canonical_json
from tests.registry.domain.test_ledger_chain import AT, KEY, OTHER_KEY, chain, signed

# RFC 8032, section 7.1: tests 1 to 3 and "SHA(abc)"; public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
            "b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
            "1d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
            "c6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
            "ebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431"
            "e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_published_signatures_fit_and_changed_ones_do_not(
    key: str, message: str, signature: str
) -> None:
    parts = [bytes.fromhex(part) for part in (key, message, signature)]
    assert offline_verifier.is_signature(*parts)
    assert not offline_verifier.is_signature(parts[0], parts[1] + b"!", parts[2])
    assert not offline_verifier.is_signature(parts[0], parts[1], parts[2][:-1] + b"\x20")
    assert not offline_verifier.is_signature(parts[0], parts[1], parts[2][:-1])
    assert not offline_verifier.is_signature(b"\xff" * 32, parts[1], parts[2])


@given(st.binary(max_size=80), st.binary(min_size=32, max_size=32), st.integers(0, 511))
def test_it_agrees_with_the_library_on_any_message(message: bytes, seed: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert offline_verifier.is_signature(key, message, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << (bit % 8)
    assert not offline_verifier.is_signature(key, message, bytes(flipped))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ).filter(lambda value: "Infinity" not in json.dumps(value))
)
def test_its_canonical_json_is_the_ledgers(value: object) -> None:
    assert offline_verifier.canonical(value) == canonical_json(value)


def export(folder: Path, subjects: str = "abcdef", *at: int, key: bytes = KEY) -> list[str]:
    """The lines of an export whose last entry is signed."""
    entries = chain(subjects)
    vouched = {one.sequence: one for one in signed(entries, *(at or (2, len(entries))), key=key)}
    lines = [{"kind": "header", "format": "lineward.ledger/1", "entries": len(entries)}]
    for entry in entries:
        lines.append({"kind": "entry", **entry.said, "digest": entry.digest})
        if entry.sequence in vouched:
            lines.append({"kind": "checkpoint", **vouched[entry.sequence].as_json()})
    return [json.dumps(line) for line in lines]


def public(key: bytes = KEY) -> str:
    return checkpoints.sign(key, 1, 1, "ab" * 32, AT).public_key


def run(folder: Path, lines: list[str], *options: str, key: str = "") -> tuple[int, str]:
    """A stranger's machine: a copy of the script, the file, and Python without site-packages."""
    script = folder / "verify_ledger.py"
    shutil.copy(offline_verifier.__file__, script)
    file = folder / "ledger.jsonl"
    file.write_text("\n".join(lines) + ("\n" if lines else ""), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-S", script, file, "--key", key or public(), *options],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.strip()


def test_an_untouched_export_is_intact(tmp_path: Path) -> None:
    lines = export(tmp_path)
    assert run(tmp_path, lines) == (0, "INTACT: 6 entries, 2 checkpoints, all signed")
    key = tmp_path / "public.key"
    key.write_text(public() + "\n")
    assert run(tmp_path, lines, key=str(key))[0] == 0
    empty = [json.dumps({"kind": "header", "format": "lineward.ledger/1", "entries": 0})]
    assert run(tmp_path, empty)[0] == 0


def changed(lines: list[str], number: int, **fields: object) -> list[str]:
    return [
        json.dumps({**json.loads(line), **fields}) if at == number else line
        for at, line in enumerate(lines)
    ]


def test_whatever_is_changed_the_first_broken_entry_is_named(tmp_path: Path) -> None:
    lines = export(tmp_path)  # header, 1, 2, checkpoint, 3, 4, 5, 6, checkpoint
    cases = {
        "BROKEN at entry 3: its content was changed": changed(lines, 4, actor="person:mallory"),
        "BROKEN at entry 2: it does not continue": changed(lines, 2, previous_digest="f" * 64),
        "BROKEN at entry 2: it is missing": lines[:2] + lines[3:],
        "BROKEN at entry 4: it is missing": [*lines[:5], lines[6], lines[5], *lines[7:]],
        "BROKEN at entry 6: the file ends here and announced 6": lines[:7],
        "BROKEN at entry 3: from here on no checkpoint": lines[:8],
        "BROKEN at entry 2: its checkpoint is not signed": changed(lines, 3, digest="a" * 64),
        "BROKEN at entry 6: its checkpoint is out of order": lines[:3] + lines[4:],
        "BROKEN at entry 1: it is not an entry": changed(lines, 1, details={"a": float("nan")}),
    }
    for said, export_lines in cases.items():
        code, answer = run(tmp_path, export_lines)
        assert (code, answer[: len(said)]) == (1, said)


def test_a_ledger_written_anew_with_another_key_is_broken(tmp_path: Path) -> None:
    assert run(tmp_path, export(tmp_path, "Xbcdef", key=OTHER_KEY))[0] == 1
    assert run(tmp_path, export(tmp_path), key=public(OTHER_KEY))[0] == 1


def test_a_checkpoint_kept_elsewhere_tells_a_shorter_or_other_ledger(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(signed(chain("abcdef"), 5)[0].as_json()))
    with_kept = ("--checkpoint", str(kept))
    assert run(tmp_path, export(tmp_path), *with_kept)[0] == 0
    said = "BROKEN at entry 5: the checkpoint you kept vouches for another"
    assert run(tmp_path, export(tmp_path, "abc"), *with_kept) == (1, said)
    assert run(tmp_path, export(tmp_path, "abXdef"), *with_kept) == (1, said)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["{}"],
        ["[1, 2]"],
        ["{"],
        ['{"kind": "header", "format": "lineward.ledger/2", "entries": 0}'],
        ['{"kind": "header", "format": "lineward.ledger/1", "entries": 0}', '{"kind": "other"}'],
        ["[" * 100_000],
    ],
)
def test_what_is_no_export_is_not_verified(tmp_path: Path, lines: list[str]) -> None:
    code, answer = run(tmp_path, lines)
    assert code == 2
    assert answer.startswith("NOT VERIFIED: ")


def test_a_cut_line_and_a_wrong_key_are_not_verified(tmp_path: Path) -> None:
    lines = export(tmp_path)
    assert run(tmp_path, [*lines[:4], lines[4][:40]])[0] == 2
    assert run(tmp_path, lines, key="no key")[0] == 2
    assert run(tmp_path, lines, "--checkpoint", str(tmp_path / "none.json"))[0] == 2
