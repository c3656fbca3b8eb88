from __future__ import annotations

import pytest
from django.urls import reverse

LISTS = ("family-list", "version-list", "recipe-list", "job-list")


def private(shown) -> list[str]:
    """Pages of things that are Graz's own."""
    return [
        shown.local.get_absolute_url(),
        shown.manifest.get_absolute_url(),
        shown.running.get_absolute_url(),
        reverse("registry:job-progress", args=[shown.running.pk]),
    ]


def shared(shown) -> list[str]:
    """Pages of the centre's standards and what it has published."""
    return [
        shown.family.get_absolute_url(),
        shown.recipe.get_absolute_url(),
        shown.baseline.get_absolute_url(),
        shown.baseline.manifest.get_absolute_url(),
        *(reverse(f"registry:{name}") for name in LISTS),
    ]


def test_a_stranger_to_the_portal_is_sent_to_sign_in(client, shown):
    for path in [*private(shown), *shared(shown), reverse("registry:recipe-new")]:
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.url.startswith(reverse("account_login")), path


@pytest.mark.parametrize("who", ["vera", "otto", "ines", "clara", "petra"])
def test_whoever_holds_a_role_at_the_plant_or_centrally_reads_everything(
    client, shown, request, who
):
    client.force_login(request.getfixturevalue(who))
    for path in [*private(shown), *shared(shown)]:
        assert client.get(path).status_code == 200, path


def test_another_plants_engineer_reads_the_standards_and_nothing_of_graz(client, shown, stan):
    client.force_login(stan)
    for path in private(shown):
        assert client.get(path).status_code == 404, path
    for path in shared(shown):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert str(shown.local.pk) not in answer.content.decode(), path
        assert str(shown.running.pk) not in answer.content.decode(), path


def test_somebody_without_any_role_sees_empty_lists_and_no_page(client, shown, nobody):
    client.force_login(nobody)
    for path in private(shown):
        assert client.get(path).status_code == 404, path
    for name in LISTS:
        answer = client.get(reverse(f"registry:{name}"))
        assert answer.status_code == 200
        assert str(shown.local.pk) not in answer.content.decode()
    assert client.get(shown.family.get_absolute_url()).status_code == 404


def test_pages_that_change_something_refuse_get(client, shown, clara):
    client.force_login(clara)
    for name, row in (
        ("job-cancel", shown.running),
        ("job-retry", shown.failed),
        ("version-publish", shown.baseline),
    ):
        assert client.get(reverse(f"registry:{name}", args=[row.pk])).status_code == 405
