from __future__ import annotations

from django.urls import reverse

from tests.registry.web.comparisons.asking import PAGE, address, words


def test_with_one_version_the_other_is_chosen_from_a_list(proved, show):
    page = words(show(a=str(proved.local.pk)))
    assert "Choose what to compare" in page
    assert "the current baseline" in page or "what it started from" in page
    assert f"?a={proved.local.pk}&amp;b={proved.baseline.pk}" in page


def test_with_none_the_first_is_chosen(shown, show):
    page = words(show())
    assert "Choose the first version" in page
    assert f"?a={shown.local.pk}" in page
    assert words(show(a="no-uuid", b="../..")).count("Choose the first version") == 1


def test_the_second_alone_leads_to_the_first(shown, show):
    assert f"?a={shown.baseline.pk}&amp;b={shown.local.pk}" in words(show(b=str(shown.local.pk)))


def test_a_version_beside_itself_is_sent_back_to_the_choice(shown, show):
    page = words(show(**address(shown.local, shown.local)))
    assert "A version compared with itself says nothing." in page


def test_the_choice_can_be_searched_and_keeps_what_is_chosen(shown, show):
    page = words(show(a=str(shown.local.pk), q="nothing-like-it"))
    assert "No version matches." in page
    assert f'name="a" value="{shown.local.pk}"' in page


def test_every_version_s_page_leads_here(shown, client, ines):
    client.force_login(ines)
    page = client.get(shown.local.get_absolute_url()).content.decode()
    assert f"{reverse(PAGE)}?a={shown.local.pk}" in page
