from __future__ import annotations

import pytest
from django.urls import reverse

from registry.models import Recipe
from tests.factories import registry as rows
from tests.factories.registry import RECIPE_YAML

NEW = "registry:recipe-new"


def source(name: str = "fresh", version: str = "1.0.0") -> str:
    return RECIPE_YAML.format(name=name, version=version)


def test_a_data_scientist_publishes_a_recipe_by_pasting_it(client, clara):
    client.force_login(clara)
    answer = client.post(reverse(NEW), {"source": source()})
    recipe = Recipe.objects.get(name="fresh")
    assert answer.url == recipe.get_absolute_url()
    assert recipe.published_by == "clara"


def test_every_problem_is_listed_by_its_path_and_the_text_is_kept(client, clara):
    client.force_login(clara)
    bad = source().replace("degrees: 7", "degrees: 700").replace("size: [128, 128]", "size: [1]")
    answer = client.post(reverse(NEW), {"source": bad})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<code>augment.0.degrees</code>" in page
    assert "<code>preprocess.0.size</code>" in page
    assert "degrees: 700" in page
    assert not Recipe.objects.exists()


@pytest.mark.parametrize("text", ["", "}{", "a: &x [*x]", "!!python/object:os.system {}"])
def test_what_is_no_recipe_is_refused_with_a_sentence(client, clara, text):
    client.force_login(clara)
    answer = client.post(reverse(NEW), {"source": text})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Recipe.objects.exists()


def test_the_same_version_with_other_content_is_refused(client, clara):
    client.force_login(clara)
    client.post(reverse(NEW), {"source": source()})
    changed = source().replace("degrees: 7,", "degrees: 8,")
    answer = client.post(reverse(NEW), {"source": changed})
    assert answer.status_code == 409
    assert Recipe.objects.count() == 1


@pytest.mark.parametrize("who", ["ines", "petra", "vera"])
def test_others_are_told_who_may_publish(client, shown, request, who):
    client.force_login(request.getfixturevalue(who))
    page = client.get(reverse("registry:recipe-list")).content.decode()
    assert "A central data scientist may publish recipes" in page
    for answer in (client.get(reverse(NEW)), client.post(reverse(NEW), {"source": source()})):
        assert answer.status_code == 403
        assert "ask an administrator" in answer.content.decode()
    assert not Recipe.objects.filter(name="fresh").exists()


def test_the_next_version_begins_with_the_text_of_the_last(client, shown, clara):
    client.force_login(clara)
    answer = client.get(reverse(NEW), {"from": shown.recipe.pk})
    assert "name: surface-standard" in answer.content.decode()
    for nonsense in ("x", "00000000-0000-0000-0000-000000000000"):
        assert "name: my-recipe" in client.get(reverse(NEW), {"from": nonsense}).content.decode()


def test_the_skeleton_is_a_recipe(client, clara):
    client.force_login(clara)
    text = client.get(reverse(NEW)).context["source"]
    assert client.post(reverse(NEW), {"source": text}).status_code == 302


def test_a_recipe_shows_its_bounds_digest_document_and_what_it_made(client, shown, vera):
    client.force_login(vera)
    answer = client.get(shown.recipe.get_absolute_url())
    page = answer.content.decode()
    assert [knob.path for knob in answer.context["page"].knobs]
    for words in (shown.recipe.digest, "augment.0.degrees", "0 to 15", "apiVersion"):
        assert words in page
    assert shown.local in answer.context["page"].versions


def test_page_and_list_count_the_same_versions_each_for_who_asks(client, clara, ines, shown):
    for at in range(26):
        rows.version(shown.family, shown.recipe, "leipzig", f"2.{at}.0")
    for who, theirs in ((clara, 28), (ines, 2)):
        client.force_login(who)
        page = client.get(shown.recipe.get_absolute_url())
        listed = client.get(reverse("registry:recipe-list")).context["listing"].page.object_list
        assert page.context["page"].made == theirs
        assert {one.pk: one.uses for one in listed}[shown.recipe.pk] == theirs
        assert f"It has made {theirs} versions" in page.content.decode()
        assert ("The newest 25 of 28" in page.content.decode()) == (theirs > 25)


def test_an_uploaded_model_is_judged_by_a_recipe_and_not_made_by_it(client, clara, shown):
    client.force_login(clara)
    before = client.get(shown.recipe.get_absolute_url()).context
    brought = rows.version(shown.family, shown.recipe, "graz", "7.0.0", made_by="upload")
    page = client.get(shown.recipe.get_absolute_url())
    assert page.context["page"].made == before["page"].made
    assert brought not in page.context["page"].versions
    assert all(brought not in use.versions for use in page.context["uses"])
    assert "judged 1 uploaded model" in page.content.decode()
    listed = client.get(reverse("registry:recipe-list")).context["listing"].page.object_list
    uses = {one.pk: one.uses for one in listed}
    assert uses[shown.recipe.pk] == before["page"].made
