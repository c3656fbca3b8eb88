"""Reading a chain beside its checkpoints: whichever link is changed, the first broken is named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from registry.domain import checkpoints, ledger_chain
from registry.domain.checkpoints import Checkpoint
from registry.domain.ledger_chain import GENESIS, Fault, Reader

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
AT = "2026-01-05T06:00:00.000000+00:00"


@dataclass
class Entry:
    said: dict[str, Any]
    digest: str

    @property
    def sequence(self) -> int:
        return int(self.said["sequence"])

    @property
    def previous_digest(self) -> str:
        return str(self.said["previous_digest"])


def chain(subjects: str) -> list[Entry]:
    """One entry per letter."""
    made: list[Entry] = []
    for number, subject in enumerate(subjects, 1):
        said = {
            "sequence": number,
            "recorded_at": AT,
            "actor": "person:ines",
            "plant_code": "graz",
            "verb": "version.registered",
            "subject": f"version:{subject}",
            "details": {"size": 1.0, "name": "Größe"},
            "previous_digest": made[-1].digest if made else GENESIS,
        }
        made.append(Entry(said, ledger_chain.digest(said)))
    return made


def signed(entries: list[Entry], *at: int, key: bytes = KEY) -> list[Checkpoint]:
    return [
        checkpoints.sign(key, number, sequence, entries[sequence - 1].digest, AT)
        for number, sequence in enumerate(at, 1)
    ]


def read(entries: list[Entry], vouched: list[Checkpoint]) -> Fault | int:
    """The fault, or up to which entry it is signed."""
    trusted = {signed(entries, 1)[0].public_key}
    reader = Reader(vouched, trusted)
    for entry in entries:
        if fault := reader.take(entry, ledger_chain.digest(entry.said)):
            return fault
    return reader.finish() or reader.signed_up_to


def test_what_was_written_is_intact_and_signed_as_far_as_the_last_checkpoint() -> None:
    entries = chain("abcdef")
    assert read(entries, []) == 0
    assert read(entries, signed(entries, 2, 5)) == 5
    assert read(entries, signed(entries, 2, 6)) == 6


def test_a_chain_written_anew_from_one_entry_on_meets_the_checkpoint() -> None:
    vouched = signed(chain("abcdef"), 2, 5)
    fault = read(chain("abXdef"), vouched)
    assert fault == Fault(
        3,
        "an entry from 3 to 5 was rewritten with all that follow: checkpoint 2 vouches for another "
        "digest",
    )
    assert read(chain("abcdeX"), vouched) == 5  # what nobody vouched for yet


def test_an_end_that_was_cut_off_is_missed() -> None:
    vouched = signed(chain("abcdef"), 2, 5)
    assert read(chain("abc"), vouched) == Fault(
        4, "entries are missing at the end: checkpoint 2 vouches for entry 5"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digest", "ab" * 32),
        ("made_at", "2020-01-05T06:00:00.000000+00:00"),
        ("sequence", 4),
        ("signature", "00" * 64),
        ("signature", "no hex"),
        ("signature", ""),
        ("public_key", "00" * 32),
        ("number", 3),
    ],
)
def test_a_changed_checkpoint_is_named(field: str, value: Any) -> None:
    entries = chain("abcdef")
    first, second = signed(entries, 2, 5)
    fault = read(entries, [first, replace(second, **{field: value})])
    assert isinstance(fault, Fault)
    assert "checkpoint" in fault.reason
    assert 3 <= fault.sequence <= 5


def test_a_checkpoint_of_another_key_counts_for_nothing() -> None:
    entries = chain("abc")
    fault = read(entries, signed(entries, 2, key=OTHER_KEY))
    assert fault == Fault(2, "its checkpoint 1 is not signed with a key that counts")


def test_a_checkpoint_that_was_taken_away_is_missed() -> None:
    entries = chain("abcdef")
    vouched = signed(entries, 2, 4, 6)
    assert read(entries, [vouched[0], vouched[2]]) == Fault(3, "checkpoint 2 is missing")


def test_two_checkpoints_with_one_number_do_not_pass() -> None:
    entries = chain("abcdef")
    (first,) = signed(entries, 2)
    (other,) = signed(entries, 3)
    fault = read(entries, [first, other])
    assert fault == Fault(3, "two checkpoints that differ have number 1")


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.pop("signature"),
        lambda one: one.update(more=1),
        lambda one: one.update(number="1"),
        lambda one: one.update(number=True),
        lambda one: one.update(digest=None),
    ],
)
def test_what_is_no_checkpoint_is_refused(change: Any) -> None:
    document = signed(chain("a"), 1)[0].as_json()
    assert checkpoints.from_json(document).as_json() == document
    change(document)
    with pytest.raises(ValueError, match="A checkpoint"):
        checkpoints.from_json(document)
