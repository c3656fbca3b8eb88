"""A search finds everything that holds every word, and nothing that the caller may not know of."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plants.models import Line, Runbook, RunbookVersion
from plants.selectors.search import SHOWN_OF_EACH, search
from registry.domain.access import Actor, ActorKind, PlantScope, Role, portal_scope
from registry.models import Baseline, Submission
from tests.registry import rows

pytestmark = pytest.mark.django_db
ALL = portal_scope("test")


def of(code: str) -> PlantScope:
    return PlantScope(Actor(ActorKind.PERSON, "ines"), at={code: frozenset({Role.ENGINEER})})


def found(scope, text, kind="") -> dict[str, list[str]]:
    """Titles by kind."""
    groups = search(scope, text, kind).groups
    return {group.kind: [hit.title for hit in group.hits] for group in groups}


def ids(scope, text, kind) -> list[str]:
    return [
        hit.id for group in search(scope, text).groups if group.kind == kind for hit in group.hits
    ]


@pytest.fixture
def surface():
    return rows.a_family(slug="surface-defects", title="Surface defects")


@pytest.fixture
def fleet(graz, leipzig, surface):
    """A version, a job, a line and a runbook at each of two plants."""
    made = {}
    for plant in (graz, leipzig):
        made[plant.code] = rows.a_version(surface, origin=plant.code)
        rows.a_job(plant.code, family=surface)
        line = Line.objects.create(plant=plant, code="line-2", name="Casting line 2")
        book = Runbook.objects.create(
            plant=plant,
            slug="too-many-rejects",
            title="Too many rejects",
            reviewed_on=date(2026, 3, 1),
            reviewed_by="ines",
        )
        book.lines.add(line)
        RunbookVersion.objects.create(
            runbook=book, number=1, markdown="Call the lamp supplier.", written_by="ines"
        )
        RunbookVersion.objects.create(
            runbook=book, number=2, markdown="Clean the lens.", written_by="ines"
        )
    return made


def test_every_word_has_to_match(fleet):
    assert found(ALL, "graz surface")["versions"] == ["surface-defects 1.0.0"]
    assert len(found(ALL, "surface")["versions"]) == 2
    assert "versions" not in found(ALL, "graz weld")
    assert found(ALL, "graz surface 1.0")["versions"] == ["surface-defects 1.0.0"]
    assert "versions" not in found(ALL, "graz surface 2.0")


def test_each_kind_is_found_by_what_people_call_it(fleet, graz, leipzig):
    assert found(ALL, "Graz")["plants"] == ["Graz"]
    assert found(ALL, "casting graz")["lines"] == ["Casting line 2"]
    assert found(ALL, "surface DEFECTS")["families"] == ["Surface defects"]
    assert found(ALL, "rejects leipzig")["runbooks"] == ["Too many rejects"]
    assert found(ALL, "lens graz")["runbooks"] == ["Too many rejects"]
    assert len(found(ALL, "retrain graz")["jobs"]) == 1
    assert found(ALL, "castings leipzig")["manifests"] == ["castings of leipzig"]
    recipe = fleet["graz"].recipe
    assert found(ALL, recipe.name)["recipes"] == [str(recipe)]


def test_a_runbook_is_found_by_the_text_in_force_only(fleet):
    assert "runbooks" not in found(ALL, "supplier")


def test_a_plants_name_alone_does_not_list_its_lines(fleet):
    assert "lines" not in found(ALL, "graz")


@pytest.mark.parametrize(
    "name",
    [
        lambda version: version.artifact_id[:8],
        lambda version: version.artifact_id.upper(),
        lambda version: version.code_commit[:7],
        lambda version: version.manifest.digest[:12],
        lambda version: str(version.pk),
        lambda version: version.pk.hex[:9],
    ],
    ids=["artifact", "ARTIFACT", "commit", "manifest", "id", "id-prefix"],
)
def test_a_version_is_found_by_the_beginning_of_what_made_it(fleet, name):
    assert str(fleet["graz"].pk) in ids(ALL, name(fleet["graz"]), "versions")


def test_a_whole_id_or_digest_of_one_thing_leads_straight_to_it(fleet):
    version = fleet["graz"]
    for name in (version.pk, version.pk.hex, version.artifact_id):
        assert search(ALL, str(name)).exact == version.get_absolute_url()
    assert search(ALL, version.recipe.digest).exact == version.recipe.get_absolute_url()
    assert search(ALL, version.manifest.digest).exact == version.manifest.get_absolute_url()
    assert search(ALL, version.artifact_id[:20]).exact == ""
    assert search(ALL, f"graz {version.pk}").exact == ""
    rows.a_version(version.family, artifact=version.artifact)
    assert search(ALL, version.artifact_id).exact == ""


def test_the_exact_number_comes_before_the_baseline_before_the_newest(surface, graz):
    made = {
        number: rows.a_version(surface, version=number) for number in ("1.2.0", "1.2.1", "1.2.2")
    }
    Baseline.objects.create(
        family=surface, version=made["1.2.1"], release_notes="x", published_by="clara"
    )
    assert [title.split()[-1] for title in found(ALL, "surface 1.2")["versions"]] == [
        "1.2.1",
        "1.2.2",
        "1.2.0",
    ]
    assert found(ALL, "surface v1.2.0")["versions"] == ["surface-defects 1.2.0"]
    assert found(ALL, "1.2.0")["versions"] == ["surface-defects 1.2.0"]


def test_versions_of_a_named_family_come_before_those_of_a_recipe_of_that_name(surface, graz):
    rows.a_version(surface, version="1.2.0")
    paint = rows.a_family(slug="paint-finish", title="Paint finish")
    rows.a_version(paint, recipe=rows.a_recipe(name="surface-standard"), version="1.2.0")
    assert found(ALL, "surf 1.2")["versions"] == ["surface-defects 1.2.0", "paint-finish 1.2.0"]


def test_a_group_counts_all_and_shows_the_first(surface, graz):
    for number in range(SHOWN_OF_EACH + 3):
        rows.a_version(surface, version=f"1.{number}.0")
    versions = next(one for one in search(ALL, "surface").groups if one.kind == "versions")
    assert (versions.total, len(versions.hits)) == (SHOWN_OF_EACH + 3, SHOWN_OF_EACH)
    every = search(ALL, "surface", "versions").groups[0]
    assert (every.total, len(every.hits)) == (SHOWN_OF_EACH + 3, SHOWN_OF_EACH + 3)
    assert search(ALL, "surface", "versions", page=2).groups == [] or (
        search(ALL, "surface", "versions", page=2).groups[0].hits == []
    )


def test_nothing_of_another_plant_is_found_or_counted(fleet):
    theirs = fleet["leipzig"]
    job = theirs.manifest
    for text in (
        *("leipzig", str(theirs.pk), theirs.artifact_id, theirs.artifact_id[:10]),
        *(job.digest, "leipzig surface", "leipzig casting", "leipzig rejects"),
    ):
        kinds = found(of("graz"), text)
        assert not {"plants", "lines", "versions", "jobs", "runbooks", "manifests"} & set(kinds), (
            text
        )
    mine = {group.kind: group.total for group in search(of("graz"), "surface").groups}
    assert mine["versions"] == 1
    assert {group.kind: group.total for group in search(of("graz"), "rejects").groups} == {
        "runbooks": 1
    }


def test_a_published_baseline_is_found_by_everybody(surface, graz):
    central = rows.a_version(surface, origin="centre", version="3.0.0")
    assert "versions" not in found(of("graz"), "centre 3.0.0")
    Baseline.objects.create(
        family=surface, version=central, release_notes="x", published_by="clara"
    )
    assert found(of("graz"), "centre 3.0.0")["versions"] == ["surface-defects 3.0.0"]


def test_somebody_without_a_role_finds_nothing(fleet):
    nobody = PlantScope(Actor(ActorKind.PERSON, "new"))
    assert search(nobody, "surface").groups == []


@pytest.mark.parametrize(
    "text",
    [
        *("%", "_", "100%", "a_b", "' OR 1=1 --", '"', "\\", "\x00", "gr\x00az%", "*", "?"),
        *("\u202egraz\u202c", "Škofja 漢字 مرحبا", "🙂", "\ud800", "x" * 10_000, "a " * 5_000),
        *("-", "----", "0" * 65, "f" * 33, "\u0130", "NULL", "1.", "v", "..", "1.2.3.4.5"),
    ],
)
def test_hostile_texts_find_what_they_say_and_break_nothing(fleet, text):
    kinds = found(ALL, text)
    if text in {"%", "_", "*", "?", "100%", "a_b", "\\"}:
        assert kinds == {}


def test_accents_and_case_do_not_matter(db):
    rows.a_family(slug="pouzdro", title="Pouzdro ložiska")
    assert found(ALL, "LOZISKA")["families"] == ["Pouzdro ložiska"]


def test_the_number_of_questions_does_not_grow(fleet, surface):
    with CaptureQueriesContext(connection) as few:
        search(ALL, "surface graz")
    for number in range(12):
        rows.a_version(surface, origin="graz", version=f"2.{number}.0")
        rows.a_job("graz", family=surface)
    with CaptureQueriesContext(connection) as many:
        search(ALL, "surface graz")
    assert len(many) <= len(few) + 2  # a count for each kind that has more than it shows


def test_programs_search_as_people_do(client, clara, fleet):
    client.force_login(clara)
    answer = client.get("/api/v1/search/", {"q": "graz surface"})
    assert answer.status_code == 200
    body = answer.json()
    kinds = {group["kind"]: group for group in body["groups"]}
    assert kinds["versions"]["total"] == 1
    assert kinds["versions"]["hits"][0]["url"] == fleet["graz"].get_absolute_url()
    assert body["words"] == ["graz", "surface"]
    one = client.get("/api/v1/search/", {"q": "surface", "kind": "versions", "page": 1}).json()
    assert [group["kind"] for group in one["groups"]] == ["versions"]
    assert client.get("/api/v1/search/").json()["groups"] == []


@pytest.mark.parametrize(
    "wish", [{"q": "a\x00b"}, {"q": "a", "kind": "secrets"}, {"q": "a", "page": 0}]
)
def test_programs_are_told_what_they_asked_wrongly(client, clara, wish):
    client.force_login(clara)
    answer = client.get("/api/v1/search/", wish)
    assert answer.status_code == 422
    assert answer.json()["fields"]


def test_an_upload_is_found_by_its_file_within_its_plant(fleet):
    version = fleet["graz"]
    Submission.objects.create(
        plant_code="graz",
        family=version.family,
        recipe=version.recipe,
        dataset="castings",
        signature={},
        file_name="casting-net 100%.onnx",
        code_commit="abc",
        training_notes="x",
        submitted_by="ines",
    )
    assert found(ALL, "casting-net")["uploads"] == ["casting-net 100%.onnx"]
    assert found(ALL, "100%")["uploads"] == ["casting-net 100%.onnx"]
    assert "uploads" not in found(of("leipzig"), "casting-net")
