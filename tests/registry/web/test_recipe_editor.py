from __future__ import annotations

import time

import pytest
from django.urls import reverse

from registry.models import LedgerEntry, Recipe
from tests.factories import registry as rows
from tests.factories.registry import RECIPE_YAML

CHECK = "registry:recipe-check"
NEW = "registry:recipe-new"


def source(version: str = "1.0.0", name: str = "surface-standard") -> str:
    return RECIPE_YAML.format(name=name, version=version)


@pytest.fixture
def checked(client, clara):
    """What the editor gets for a text."""
    client.force_login(clara)

    def ask(text):
        return client.post(reverse(CHECK), {"source": text}, headers={"HX-Request": "true"})

    return ask


def test_every_problem_comes_with_its_path_and_line(checked):
    answer = checked(source().replace("degrees: 7", "degrees: 700").replace("seed: 17", "sed: 17"))
    draft = answer.context["draft"]
    assert answer.status_code == 200
    assert ("train.sed", 12) in [(one.path, one.line) for one in draft.problems]
    corrected = checked(source().replace("degrees: 7", "degrees: 700")).context["draft"]
    (problem,) = corrected.problems
    assert (problem.path, problem.line) == ("augment.0.degrees", 10)
    assert problem.says == " is 700; it must be at most 180."


def test_a_sound_text_shows_its_pipeline_and_nothing_is_written(checked):
    before = (Recipe.objects.count(), LedgerEntry.objects.count())
    answer = checked(source())
    page = answer.content.decode()
    assert answer.context["draft"].is_publishable
    for words in ("can be published", "rotate@1", "a plant may set it", "The first version"):
        assert words in page
    assert "<html" not in page
    assert (Recipe.objects.count(), LedgerEntry.objects.count()) == before


def test_the_difference_to_the_version_before_says_which_number_it_needs(checked):
    rows.recipe()
    draft = checked(source("1.1.0").replace("degrees: 7", "degrees: 12")).context["draft"]
    assert [str(change) for section in draft.sections for change in section.changes] == [
        "augment.0.degrees changed from 7 to 12"
    ]
    assert (draft.part, draft.least, draft.is_publishable) == ("minor", "1.1.0", True)


def test_too_small_a_number_is_a_problem_at_its_line(checked):
    rows.recipe()
    draft = checked(source("1.0.1").replace("degrees: 7", "degrees: 12")).context["draft"]
    (problem,) = draft.problems
    assert (problem.path, problem.line) == ("version", 3)
    assert "at least 1.1.0" in problem.sentence
    assert draft.stages


def test_the_published_text_itself_is_recognised(checked):
    known = rows.recipe()
    draft = checked(source()).context["draft"]
    assert draft.is_published == known
    assert not draft.is_publishable


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 400_000,
        "\x00\x01\x02",
        "[" * 20_000,
        "a: " + "{b: " * 5_000,
        "a: &a [x]\nb: [" + "*a, " * 1_000 + "*a]",
        "!!python/object/apply:os.system [id]",
        "- " * 2_000,
        "\n".join(f"k{number}: {number}" for number in range(4_900)),
        "name: \ud800",
        "description: " + "<script>alert(1)</script>",
    ],
    ids=[
        *("empty", "huge", "binary", "deep-list", "deep-map", "aliases", "tag", "dashes"),
        *("keys", "surrogate", "markup"),
    ],
)
def test_hostile_text_is_answered_quickly_with_problems_only(checked, text):
    begun = time.monotonic()
    answer = checked(text.encode(errors="surrogatepass").decode(errors="replace"))
    assert time.monotonic() - begun < 3
    assert answer.status_code == 200
    assert answer.context["draft"].problems
    assert len(answer.context["draft"].problems) <= 40
    assert b"<script>alert" not in answer.content
    assert not Recipe.objects.exists()


@pytest.mark.parametrize("who", ["ines", "petra", "vera", "nobody"])
def test_only_those_who_publish_may_check(client, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.post(reverse(CHECK), {"source": source()}).status_code == 403


def test_without_scripts_the_whole_page_comes_back_with_the_text(client, clara):
    client.force_login(clara)
    answer = client.post(reverse(CHECK), {"source": source().replace("degrees: 7", "degrees: 70")})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" in page
    assert "degrees: 70" in page
    assert "augment.0.degrees" in page


def test_a_new_version_begins_numbered_after_the_newest(client, clara):
    first, _ = rows.recipe(), rows.recipe(version="1.3.0")
    client.force_login(clara)
    text = client.get(reverse(NEW), {"from": first.pk}).context["source"]
    assert text == first.source.replace("1.0.0", "1.4.0")
    bare = Recipe.objects.create(
        name="bare",
        version="1.0.0",
        task_kind="images",
        digest="0" * 64,
        document={**first.document, "name": "bare"},
        published_by="clara",
    )
    text = client.get(reverse(NEW), {"from": bare.pk}).context["source"]
    assert text.startswith("apiVersion: lineward.recipe/v1\nname: bare\nversion: 1.1.0\n")


def test_a_place_in_the_text_is_said_once(client, clara):
    client.force_login(clara)
    page = client.post("/recipes/new/check/", {"source": "a: [\n"}, HTTP_HX_REQUEST="true")
    words = page.content.decode()
    assert ">Line " in words
    assert ", column" not in words
    assert "This is not YAML" in words
