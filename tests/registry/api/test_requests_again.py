"""Programs lose answers and hold old ones: keys for the first, ETags for the second."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry.domain.access import Role
from registry.domain.errors import Busy, Conflict
from registry.models import KeptAnswer, LedgerEntry, ModelFamily
from registry.services import kept_answers
from tests.factories.world import client_of

FAMILIES = "/api/v1/families/"
NEW = {"slug": "seams", "title": "Seams", "task_kind": "images"}


@pytest.fixture
def clara(world) -> Client:
    return client_of(world.central[Role.DATA_SCIENTIST])


def send(client, body=NEW, key="k-1", url=FAMILIES, **headers):
    given = {"Idempotency-Key": key, **headers} if key else headers
    return client.post(url, body, content_type="application/json", headers=given)


# --- Keys ----------------------------------------------------------------------------------------


def test_a_request_that_comes_again_gets_its_first_answer_and_is_done_once(clara, world):
    first = send(clara)
    entries = LedgerEntry.objects.count()
    again = send(clara)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert ModelFamily.objects.filter(slug="seams").count() == 1
    assert LedgerEntry.objects.count() == entries


def test_a_key_may_be_quoted_as_the_draft_writes_it(clara, world):
    assert send(clara, key='"k-1"').status_code == 201
    assert send(clara, key="k-1")["Idempotency-Replayed"] == "true"


def test_a_key_with_another_request_is_refused_and_nothing_is_done(clara, world):
    send(clara)
    other = send(clara, {**NEW, "slug": "other"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert other["Content-Type"] == "application/problem+json"
    assert not ModelFamily.objects.filter(slug="other").exists()


@pytest.mark.parametrize("key", ["x" * 101, "", '""', "with\ttab"])
def test_a_key_that_is_none_is_refused(clara, world, key):
    answer = clara.post(
        FAMILIES, NEW, content_type="application/json", headers={"Idempotency-Key": key}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-idempotency-key")
    assert not ModelFamily.objects.filter(slug="seams").exists()


def test_a_refusal_frees_the_key_for_the_corrected_request(clara, world):
    assert send(clara, {**NEW, "task_kind": "smells"}).status_code == 422
    assert KeptAnswer.objects.count() == 0
    assert send(clara).status_code == 201


def test_two_people_may_use_the_same_key(clara, world):
    assert send(clara).status_code == 201
    adam = client_of(world.central[Role.ADMINISTRATOR])
    answer = send(adam, {"code": "nova", "name": "Nova"}, url="/api/v1/plants/")
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer


def test_whoever_may_not_write_leaves_no_key(world):
    vera = client_of(world.graz.people[Role.VIEWER])
    assert send(vera).status_code == 403
    assert send(Client()).status_code == 401
    assert KeptAnswer.objects.count() == 0


def test_a_secret_is_not_kept_and_not_given_twice(world):
    ines = client_of(world.graz.people[Role.ENGINEER])
    url = "/api/v1/plants/graz/enrolment-codes/"
    first, again = (send(ines, {}, url=url) for _ in range(2))
    assert first.status_code == 201
    assert first["Cache-Control"] == "no-store"
    assert (again.status_code, again.json()["code"]) == (409, "already-answered")
    kept = KeptAnswer.objects.get()
    assert first.json()["code"] not in f"{kept.body}{kept.headers}"


def test_while_it_is_being_answered_the_second_one_waits(clara, world):
    send(clara)
    row = KeptAnswer.objects.get()
    KeptAnswer.objects.update(status=None, body=None)
    waits = send(clara)
    assert (waits.status_code, waits.json()["code"]) == (409, "busy")
    assert int(waits["Retry-After"]) > 0
    row.refresh_from_db()
    assert row.status is None


def test_a_crashed_attempt_holds_its_key_for_a_minute_only(world, clara):
    kept_answers.claim("person:x", "k", "d")
    with pytest.raises(Busy):
        kept_answers.claim("person:x", "k", "d")
    KeptAnswer.objects.update(kept_at=timezone.now() - timedelta(seconds=61))
    taken = kept_answers.claim("person:x", "k", "d")
    kept_answers.keep(taken, 201, {"a": 1}, {}, secret=False)
    assert kept_answers.claim("person:x", "k", "d") == kept_answers.Kept(201, {"a": 1}, {})


def test_of_two_that_take_over_the_first_to_finish_counts(world):
    slow = kept_answers.claim("person:x", "k", "d")
    KeptAnswer.objects.update(kept_at=timezone.now() - timedelta(seconds=61))
    assert isinstance(kept_answers.claim("person:x", "k", "d"), kept_answers.Claim)
    with pytest.raises(Conflict, match="took too long"):
        kept_answers.keep(slow, 201, {}, {}, secret=False)
    kept_answers.release(slow)
    assert KeptAnswer.objects.count() == 1


def test_a_crash_leaves_neither_work_nor_key(clara, world, monkeypatch):
    def crash(*_, **__):
        raise RuntimeError("power cut")

    monkeypatch.setattr(kept_answers, "keep", crash)
    with pytest.raises(RuntimeError, match="power cut"):
        send(clara)
    assert not ModelFamily.objects.filter(slug="seams").exists()
    assert KeptAnswer.objects.count() == 0


def test_answers_are_kept_for_a_day(clara, world):
    send(clara)
    KeptAnswer.objects.update(kept_at=timezone.now() - timedelta(hours=23))
    assert kept_answers.drop_stale() == 0
    KeptAnswer.objects.update(kept_at=timezone.now() - timedelta(hours=25))
    assert send(clara).status_code == 409  # the slug is taken: it was done again
    assert kept_answers.drop_stale() == 0


# --- ETags ---------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(clara, world):
    for url in (FAMILIES, f"{FAMILIES}surface/", f"/api/v1/versions/{world.graz.version.pk}/"):
        first = clara.get(url)
        again = clara.get(url, headers={"If-None-Match": first["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert again["ETag"] == first["ETag"]
        weak = clara.get(url, headers={"If-None-Match": f'"x", W/{first["ETag"]}'})
        assert weak.status_code == 304
        assert clara.get(url, headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_change_changes_the_etag(clara, world):
    before = clara.get(FAMILIES)["ETag"]
    send(clara, key=None)
    assert clara.get(FAMILIES, headers={"If-None-Match": before}).status_code == 200


def test_a_write_on_what_was_read_goes_through_once(clara, world):
    url = f"/api/v1/versions/{world.graz.version.pk}/"
    seen = clara.get(url)["ETag"]
    moved = send(clara, {"to": "candidate"}, None, f"{url}stage/", **{"If-Match": seen})
    assert moved.status_code == 200
    stale = send(clara, {"to": "draft"}, None, f"{url}stage/", **{"If-Match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert clara.get(url).json()["stage"] == "candidate"


def test_a_stale_write_with_a_key_leaves_the_key_free(clara, world):
    url = f"/api/v1/jobs/{world.graz.jobs['held'].pk}/"
    stale = send(clara, {}, "k", f"{url}cancellation/", **{"If-Match": '"old"'})
    assert stale.status_code == 412
    assert KeptAnswer.objects.count() == 0
    assert clara.get(url).json()["cancel_requested_at"] is None
    fresh = {"If-Match": clara.get(url)["ETag"]}
    assert send(clara, {}, "k", f"{url}cancellation/", **fresh).status_code == 200


def test_if_match_is_never_required_and_tells_strangers_nothing(world):
    stan = client_of(world.leipzig.people[Role.ENGINEER])
    url = f"/api/v1/jobs/{world.graz.jobs['held'].pk}/cancellation/"
    for headers in ({}, {"If-Match": '"old"'}, {"If-Match": "*"}):
        assert send(stan, {}, None, url, **headers).status_code == 404


# --- Lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["page_size=0", "page_size=501", "page_size=x", "page_size=-1"])
def test_a_page_of_a_senseless_size_is_refused(clara, world, asked):
    answer = clara.get(f"{FAMILIES}?{asked}")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["page_size"])


def test_a_word_that_a_list_does_not_know_is_refused_with_those_it_knows(clara, world):
    answer = clara.get("/api/v1/versions/?familly=surface")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-parameter")
    assert "family" in answer.json()["detail"]
