"""The pages of people: everybody sees whom they share a plant with, administrators change it."""

from __future__ import annotations

import pytest

from plants.models import Membership, User
from registry.domain.access import Role


def body(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def cast(ines, otto, stan, clara, petra, adam, nobody):
    """Everybody."""


def test_people_of_a_plant_see_each_other_and_no_sign_ins(client, ines, cast):
    client.force_login(ines)
    page = body(client.get("/people/"))
    assert "/people/otto/" in page
    for name in ("stan", "clara", "adam", "nobody"):
        assert f"/people/{name}/" not in page
    assert "Last signed in" not in page
    csv = b"".join(client.get("/people/?format=csv").streaming_content).decode()
    assert "otto" in csv
    assert "stan" not in csv
    assert "email" not in csv


def test_a_role_elsewhere_is_not_told(client, ines, otto, leipzig):
    Membership.objects.create(user=otto, role=Role.ENGINEER, plant=leipzig, granted_by="x")
    client.force_login(ines)
    for path in ("/people/", "/people/otto/"):
        assert "leipzig" not in body(client.get(path)).lower()
    assert "/people/otto/" not in body(client.get("/people/?plant=leipzig&role=engineer"))


def test_the_administrator_sees_all_and_filters(client, adam, cast):
    client.force_login(adam)
    page = body(client.get("/people/"))
    for name in ("ines", "stan", "clara", "nobody"):
        assert f"/people/{name}/" in page
    assert "Last signed in" in page
    page = body(client.get("/people/?plant=graz&role=engineer"))
    assert "/people/ines/" in page
    assert "/people/otto/" not in page
    page = body(client.get("/people/?plant=centrally"))
    assert "/people/clara/" in page
    assert "/people/ines/" not in page


def test_a_role_is_granted_and_withdrawn(client, adam, nobody, graz):
    client.force_login(adam)
    told = client.post("/people/nobody/roles/", {"role": "engineer", "place": "graz"}, follow=True)
    assert "is engineer at Graz now" in body(told)
    role = nobody.memberships.get()
    told = client.post(f"/people/nobody/roles/{role.pk}/withdrawal/", follow=True)
    assert "is no longer" in body(told)
    assert not nobody.memberships.exists()


@pytest.mark.parametrize(
    "wish", [{"role": "king", "place": "graz"}, {"role": "viewer", "place": "atlantis"}, {}]
)
def test_a_role_or_place_that_is_none_is_refused(client, adam, nobody, graz, wish):
    client.force_login(adam)
    assert client.post("/people/nobody/roles/", wish).status_code == 404
    assert not nobody.memberships.exists()


def test_an_account_is_made_and_its_link_shown_once(client, adam):
    client.force_login(adam)
    facts = {"username": "nina", "name": "Nina Berg", "email": "", "time_zone": "Europe/Vienna"}
    answer = client.post("/new-account/", facts)
    assert "/accounts/password/reset/key/" in body(answer)
    assert "no-store" in answer["Cache-Control"]
    assert "/accounts/password/reset/key/" not in body(client.get("/people/nina/"))
    assert User.objects.get(username="nina").time_zone == "Europe/Vienna"
    again = client.post("/new-account/", facts)
    assert again.status_code == 422
    assert "Choose another name" in body(again)


def test_an_account_is_closed_and_opened(client, adam, otto):
    client.force_login(adam)
    assert "signed out everywhere" in body(client.post("/people/otto/closing/", follow=True))
    page = body(client.get("/people/otto/"))
    assert "The account is closed" in page
    assert "Issue a password link" not in page
    client.post("/people/otto/opening/")
    otto.refresh_from_db()
    assert otto.is_active


def test_an_own_profile_is_saved(client, otto):
    client.force_login(otto)
    wish = {"name": "Otto Huber", "time_zone": "Europe/Vienna"}
    assert "saved" in body(client.post("/account/profile/", wish, follow=True))
    otto.refresh_from_db()
    assert (otto.get_full_name(), otto.time_zone) == ("Otto Huber", "Europe/Vienna")
    refused = client.post("/account/profile/", {"name": "", "time_zone": "Mars/Base"})
    assert refused.status_code == 422
    otto.refresh_from_db()
    assert otto.time_zone == "Europe/Vienna"


def test_names_are_text(client, adam, otto):
    otto.first_name = "<script>alert(1)</script>"
    otto.save()
    client.force_login(adam)
    for path in ("/people/", "/people/otto/", "/search/?q=script"):
        assert "<script>alert" not in body(client.get(path))


def test_people_are_found_by_name_within_what_is_shared(client, ines, otto, stan):
    otto.first_name, otto.last_name = "Otto", "Huber"
    otto.save()
    client.force_login(ines)
    assert "/people/otto/" in body(client.get("/search/?q=huber"))
    assert "/people/stan/" not in body(client.get("/search/?q=stan"))


def test_the_number_of_questions_does_not_grow(client, adam, graz, django_assert_max_num_queries):
    client.force_login(adam)
    for number in range(20):
        user = User.objects.create_user(f"person-{number}")
        Membership.objects.create(user=user, role=Role.VIEWER, plant=graz, granted_by="x")
    with django_assert_max_num_queries(9):
        client.get("/people/")
