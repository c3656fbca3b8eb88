from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from registry.domain.access import portal_scope
from registry.models import LedgerCheck, LedgerCheckpoint, LedgerEntry
from registry.services import checkpoints, ledger, ledger_checks
from tests.registry.triggers import without_triggers

PAGE = "registry:ledger"


@pytest.fixture
def written(shown, clara, client):
    """Facts of Graz and of the centre, by those who may."""
    client.force_login(clara)
    client.post(reverse("registry:version-stage", args=[shown.local.pk]), {"to": "candidate"})
    assert LedgerEntry.objects.filter(verb="version.stage-moved", plant_code="graz").exists()
    return shown


def page(client, **query):
    return client.get(reverse(PAGE), query).content.decode()


def test_an_entry_is_a_sentence_that_leads_to_what_it_is_about(client, written, clara):
    text = page(client)
    assert "moved from draft to candidate" in text
    assert written.local.get_absolute_url() in text
    assert "It has not been read whole yet" in text


def test_entries_are_searched_filtered_and_exported(client, written, clara):
    assert "moved from draft" in page(client, q="stage-moved clara", kind="version")
    month = f"{timezone.now():%Y-%m}"
    assert "moved from draft" in page(client, month=month, plant="graz")
    for nothing in ({"q": "nothing-like-it"}, {"kind": "token"}, {"q": "clara", "kind": "job"}):
        assert "No entry matches." in page(client, **nothing)
    for odd in ({"month": "1999-01"}, {"month": "x"}, {"kind": "'"}):
        assert "moved from draft" in page(client, **odd)  # what is not understood is left out
    answer = client.get(reverse(PAGE), {"format": "csv", "kind": "version"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[0]["verb"] == "version.stage-moved"
    assert rows[0]["digest"] == LedgerEntry.objects.get(sequence=rows[0]["sequence"]).digest


def test_a_plants_people_read_their_own_entries_and_not_the_chain(client, written, vera):
    client.force_login(vera)
    text = page(client)
    assert "moved from draft to candidate" in text
    assert 'id="standing"' not in text
    assert client.get(reverse("registry:ledger-export")).status_code == 403


def test_an_administrator_has_it_read_and_sees_that_it_is_intact(client, adam):
    with transaction.atomic():
        ledger.record(portal_scope("test"), "plant.opened", "plant:graz", plant_code="graz")
    client.force_login(adam)
    answer = client.post(reverse("registry:ledger-check"), follow=True).content.decode()
    assert "is on its way" in answer
    assert 'hx-trigger="every 3s"' in answer

    checkpoints.make()
    ledger_checks.run_asked(str(LedgerCheck.objects.get().pk))

    text = page(client)
    assert "Intact: " in text
    assert "is on its way" not in text
    assert f"Signed up to entry {LedgerCheckpoint.objects.get().sequence}" in text


def test_a_broken_chain_is_news(client, written, adam):
    with without_triggers("registry_ledgerentry"):
        LedgerEntry.objects.filter(sequence=1)._raw_delete(LedgerEntry.objects.db)
    ledger_checks.run(ledger_checks.ask(portal_scope("nightly check")))
    client.force_login(adam)
    text = page(client)
    assert "Broken at entry 1:" in text
    assert "notice--red" in text


def test_who_may_not_ask_is_told_who_may(client, written, clara):
    text = page(client)
    assert "Central auditors and administrators may have the ledger read" in text
    assert client.post(reverse("registry:ledger-check")).status_code == 403
    assert not LedgerCheck.objects.exists()


def test_what_the_page_hands_out_verifies_itself(client, written, adam, tmp_path: Path):
    client.force_login(adam)
    files = {"ledger.jsonl": "registry:ledger-export", "verify.py": "registry:ledger-verifier"}
    for name, address in files.items():
        (tmp_path / name).write_bytes(b"".join(client.get(reverse(address))))
    key = page(client).split("--key ")[1].split("<")[0]
    command = [sys.executable, "-I", "-S", "verify.py", "ledger.jsonl", "--key", key]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:6]) == (0, "INTACT")
