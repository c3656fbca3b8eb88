"""A data scientist's program loads a version on record by its name, and knows the bytes."""

from __future__ import annotations

import base64
import hashlib

import pytest
from django.test import Client

from registry.domain.access import Role
from registry.services import artifacts
from tests.factories.world import client_of


@pytest.fixture
def clara(world) -> Client:
    return client_of(world.central[Role.DATA_SCIENTIST])


def whole(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_version_has_one_name_and_a_family_one_baseline(clara, world):
    version = world.graz.version
    named = clara.get(f"/api/v1/families/surface/versions/graz/{version.version}/")
    assert named.json()["id"] == str(version.pk)
    baseline = clara.get("/api/v1/families/surface/baseline/").json()
    assert baseline["id"] == str(world.centre.version.pk)


@pytest.mark.parametrize(
    "name", ["versions/graz/9.9.9/", "versions/nowhere/0.1.0/", "versions/leipzig/{}/"]
)
def test_a_name_that_is_not_known_answers_404_whoever_owns_it(world, name):
    ines = client_of(world.graz.people[Role.ENGINEER])
    url = f"/api/v1/families/surface/{name.format(world.leipzig.version.version)}"
    assert ines.get(url).status_code == 404


def test_a_family_without_a_baseline_says_so(clara, world, settings):
    world.centre.version.baseline.delete()
    answer = clara.get("/api/v1/families/surface/baseline/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_the_bytes_name_their_digest_in_both_headers_and_as_the_etag(clara, world):
    version = world.graz.version
    answer = clara.get(f"/api/v1/versions/{version.pk}/artifact/")
    digest = hashlib.sha256(whole(answer))
    assert digest.hexdigest() == version.artifact_id
    assert answer["ETag"] == f'"{version.artifact_id}"'
    assert answer["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert answer["Digest"] == f"sha-256={version.artifact_id}"
    again = clara.get(
        f"/api/v1/versions/{version.pk}/artifact/", headers={"If-None-Match": answer["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_download_that_was_cut_goes_on(clara, world):
    version = world.graz.version
    url, data = f"/api/v1/versions/{version.pk}/artifact/", artifacts.read(version.artifact)
    rest = clara.get(url, headers={"Range": "bytes=100-", "If-Range": f'"{version.artifact_id}"'})
    assert rest.status_code == 206
    assert rest["Content-Range"] == f"bytes 100-{len(data) - 1}/{len(data)}"
    assert data[:100] + whole(rest) == data
    assert whole(clara.get(url, headers={"Range": "bytes=-7"})) == data[-7:]
    assert whole(clara.get(url, headers={"Range": "bytes=3-5"})) == data[3:6]


@pytest.mark.parametrize("odd", ["bytes=-", "bytes=1-2,4-5", "parts=1-2", "bytes=x-"])
def test_a_range_that_says_nothing_gets_everything(clara, world, odd):
    answer = clara.get(
        f"/api/v1/versions/{world.graz.version.pk}/artifact/", headers={"Range": odd}
    )
    assert answer.status_code == 200
    assert whole(answer)


def test_a_range_of_other_bytes_gets_everything_anew(clara, world):
    headers = {"Range": "bytes=100-", "If-Range": '"another file"'}
    answer = clara.get(f"/api/v1/versions/{world.graz.version.pk}/artifact/", headers=headers)
    assert answer.status_code == 200
    assert whole(answer)


@pytest.mark.parametrize("beyond", ["bytes=999999999-", "bytes=7-3", "bytes=-0"])
def test_a_range_that_is_not_there_is_refused(clara, world, beyond):
    answer = clara.get(
        f"/api/v1/versions/{world.graz.version.pk}/artifact/", headers={"Range": beyond}
    )
    assert (answer.status_code, answer.json()["code"]) == (416, "no-such-range")


@pytest.mark.parametrize(
    ("url", "word", "other"),
    [
        ("/api/v1/versions/", "graz", "nothing-like-it"),
        ("/api/v1/plants/", "GRAZ", "vienna"),
        ("/api/v1/families/", "surf", "seam"),
        ("/api/v1/jobs/", "surface graz", "surface linz"),
        ("/api/v1/recipes/", "small", "large"),
        ("/api/v1/manifests/", "graz", "linz"),
    ],
)
def test_lists_are_searched_as_the_pages_are(clara, world, url, word, other):
    assert clara.get(url, {"q": word}).json()["results"]
    assert clara.get(url, {"q": other}).json()["results"] == []
