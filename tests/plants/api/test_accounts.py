"""Accounts, roles, one's own profile and tokens by API: as on the pages, and never more."""

from __future__ import annotations

import pytest
from django.test import Client

from plants.models import Membership, PersonalToken, User
from plants.services import access, tokens
from registry.domain.access import Role
from registry.models import LedgerEntry
from tests.factories.world import client_of

ACCOUNTS = "/api/v1/accounts/"
NINA = {"username": "nina", "name": "Nina Berg", "time_zone": "Europe/Vienna"}


def caller(client: Client):
    """Sends JSON; the status, and the body where there is one."""

    def call(method: str, path: str, body=None, **headers: str):
        answer = getattr(client, method)(
            f"/api/v1/{path}", body, content_type="application/json", headers=headers
        )
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
        return answer.status_code, answer.json() if answer.content else None

    return call


@pytest.fixture
def keeper(world):
    return caller(client_of(world.central[Role.ADMINISTRATOR]))


@pytest.fixture
def engineer(world):
    return caller(client_of(world.graz.people[Role.ENGINEER]))


def test_an_account_is_made_gets_a_role_loses_it_and_is_closed(keeper):
    status, made = keeper("post", "accounts/", NINA)
    assert (status, made["roles"], made["is_active"]) == (201, [], True)
    assert not User.objects.get(username="nina").has_usable_password()
    role = {"role": "viewer", "plant": "graz"}
    status, granted = keeper("post", "accounts/nina/roles/", role)
    assert (status, granted["plant"]) == (201, "graz")
    assert keeper("post", "accounts/nina/roles/", role)[1]["id"] == granted["id"], "twice is once"
    central = keeper("post", "accounts/nina/roles/", {"role": "auditor", "plant": None})[1]
    assert central["plant"] is None
    assert keeper("delete", f"accounts/nina/roles/{central['id']}/")[0] == 204
    assert [one["id"] for one in keeper("get", "accounts/nina/")[1]["roles"]] == [granted["id"]]
    assert keeper("post", "accounts/nina/closing/")[1]["is_active"] is False
    assert keeper("post", "accounts/nina/opening/")[1]["is_active"] is True
    verbs = LedgerEntry.objects.filter(subject="user:nina").order_by("sequence")
    assert [one.verb for one in verbs] == [
        *("account.created", "role.granted", "role.granted", "role.withdrawn"),
        *("account.closed", "account.opened"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (NINA | {"username": "nobody-yet"}, 409, "username"),
        (NINA | {"username": "NOBODY-yet"}, 409, "username"),
        (NINA | {"username": "a b"}, 422, "username"),
        (NINA | {"username": "x" * 151}, 422, "username"),
        (NINA | {"name": "x" * 2_000}, 422, "name"),
        (NINA | {"email": "nina"}, 422, "email"),
        (NINA | {"time_zone": "Graz"}, 422, "time_zone"),
        (NINA | {"name": ["Nina"]}, 422, "name"),
        ([], 422, "non_field_errors"),
    ],
)
def test_an_account_with_a_wrong_field_is_not_made(keeper, body, status, field):
    before = User.objects.count()
    found, problem = keeper("post", "accounts/", body)
    assert (found, list(problem["fields"])) == (status, [field])
    assert User.objects.count() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "king", "plant": "graz"}, "role"),
        ({"role": "viewer", "plant": "nowhere"}, "plant"),
        ({"role": "viewer", "plant": "gr\u00e4z"}, "plant"),
        ({"role": "viewer", "plant": 7.5}, "plant"),
        ({"role": "viewer"}, "plant"),
    ],
)
def test_a_role_that_there_is_not_is_not_granted(keeper, world, body, field):
    person = world.graz.people[Role.VIEWER]
    status, problem = keeper("post", f"accounts/{person.username}/roles/", body)
    assert (status, list(problem["fields"])) == (422, [field])
    assert person.memberships.count() == 1


def test_a_role_of_somebody_else_is_not_withdrawn_by_this_address(keeper, world):
    theirs = world.graz.people[Role.VIEWER].memberships.get()
    other = world.graz.people[Role.OPERATOR].username
    assert keeper("delete", f"accounts/{other}/roles/{theirs.pk}/")[0] == 404
    assert Membership.objects.filter(pk=theirs.pk).exists()


def test_nobody_closes_themselves_or_the_last_way_in(keeper, world):
    me = world.central[Role.ADMINISTRATOR]
    assert keeper("post", f"accounts/{me.username}/closing/")[0] == 409
    own = f"accounts/{me.username}/roles/{me.memberships.get().pk}/"
    assert keeper("delete", own)[0] == 409
    me.refresh_from_db()
    assert me.is_active


def test_an_administrator_of_one_plant_grants_there_and_nowhere_else(world):
    person = world.graz.people[Role.VIEWER]
    keeper_of_graz = User.objects.create_user("gerda")
    Membership.objects.create(
        user=keeper_of_graz, plant=world.graz.plant, role=Role.ADMINISTRATOR, granted_by="x"
    )
    call = caller(client_of(keeper_of_graz))
    path = f"accounts/{person.username}/roles/"
    assert call("post", path, {"role": "operator", "plant": "graz"})[0] == 201
    assert call("post", path, {"role": "operator", "plant": "leipzig"})[0] == 422
    assert call("post", path, {"role": "administrator", "plant": None})[0] == 403
    assert call("post", "accounts/", NINA)[0] == 403
    assert {one.role for one in person.memberships.all()} == {"viewer", "operator"}


def test_the_same_request_under_the_same_key_makes_one_account(keeper):
    first = keeper("post", "accounts/", NINA, **{"Idempotency-Key": "k-1"})
    assert keeper("post", "accounts/", NINA, **{"Idempotency-Key": "k-1"}) == first
    status, problem = keeper(
        "post", "accounts/", NINA | {"name": "Other"}, **{"Idempotency-Key": "k-1"}
    )
    assert status == 422, problem
    assert LedgerEntry.objects.filter(verb="account.created").count() == 1


def test_a_decision_on_an_older_state_is_refused(world, keeper):
    client = client_of(world.central[Role.ADMINISTRATOR])
    username = world.graz.people[Role.VIEWER].username
    etag = client.get(f"{ACCOUNTS}{username}/")["ETag"]
    role = {"role": "operator", "plant": "graz"}
    assert keeper("post", f"accounts/{username}/roles/", role, **{"If-Match": etag})[0] == 201
    status, problem = keeper("post", f"accounts/{username}/closing/", None, **{"If-Match": etag})
    assert (status, problem["code"]) == (412, "stale")
    assert User.objects.get(username=username).is_active


def test_an_older_state_is_seen_whatever_letters_a_name_has(world, keeper):
    client = client_of(world.central[Role.ADMINISTRATOR])
    for name in ("jürgen", "Žofia", "山田"):
        assert keeper("post", "accounts/", NINA | {"username": name})[0] == 201
        fresh = {"If-Match": client.get(f"{ACCOUNTS}{name}/")["ETag"]}
        assert keeper("post", f"accounts/{name}/closing/", None, **fresh)[0] == 200
        assert keeper("post", f"accounts/{name}/closing/", None, **{"If-Match": '"x"'})[0] == 412


def test_a_message_that_is_too_long_is_refused_unread(keeper):
    assert keeper("post", "accounts/", NINA | {"name": "x" * 3_000_000})[0] == 413


def test_the_list_is_searched_and_narrowed(keeper):
    names = [
        one["username"] for one in keeper("get", "accounts/?plant=graz&role=viewer")[1]["results"]
    ]
    assert names == ["graz-viewer"]
    assert (
        keeper("get", "accounts/?q=leipzig-op")[1]["results"][0]["username"] == "leipzig-operator"
    )
    assert keeper("get", "accounts/?account=closed")[1]["results"] == []
    assert keeper("get", "accounts/?account=shut")[0] == 422
    assert keeper("get", "accounts/?rank=1")[0] == 422
    assert keeper("get", "accounts/?plant=%00")[0] == 422


def test_how_people_sign_in_is_told_to_those_who_keep_accounts_or_audit(world):
    who = {**world.graz.people, **world.central}
    for role, person in who.items():
        found = caller(client_of(person))("get", "accounts/graz-viewer/")[1]
        sees = role in {Role.ADMINISTRATOR, Role.AUDITOR}
        assert (found["has_second_factor"] is not None) == sees, role
        assert (found["email"] is not None) == sees, role


# --- One's own -----------------------------------------------------------------------------------
def test_a_person_changes_what_pages_show_of_them(engineer):
    assert engineer("patch", "account/profile/", {"name": "Ines Maria Rot"})[1] == {
        "username": "graz-engineer",
        "name": "Ines Maria Rot",
        "time_zone": "UTC",
        "email": "",
    }
    status, problem = engineer("patch", "account/profile/", {"time_zone": "Mars"})
    assert (status, list(problem["fields"])) == (422, ["time_zone"])
    changed = engineer("patch", "account/profile/", {"time_zone": "Europe/Vienna"})[1]
    assert (changed["name"], changed["time_zone"]) == ("Ines Maria Rot", "Europe/Vienna")
    # What is not one's own to change is not taken.
    assert engineer("patch", "account/profile/", {"email": "x@y.example"})[1]["email"] == ""


def test_no_program_issues_a_token(engineer, world):
    before = PersonalToken.objects.count()
    assert engineer("post", "account/tokens/", {"name": "x", "days": 7})[0] == 405
    assert engineer("post", "accounts/graz-viewer/password-link/")[0] == 404
    assert PersonalToken.objects.count() == before


def test_a_person_sees_and_revokes_their_own_tokens_only(engineer, world):
    own = world.graz.personal
    assert [one["id"] for one in engineer("get", "account/tokens/")[1]["results"]] == [str(own.pk)]
    theirs = world.leipzig.personal
    assert engineer("post", f"account/tokens/{theirs.pk}/revocation/")[0] == 404
    assert engineer("post", f"account/tokens/{own.pk}/revocation/")[0] == 204
    assert engineer("post", f"account/tokens/{own.pk}/revocation/")[0] == 204, "twice is once"
    theirs.refresh_from_db()
    assert theirs.revoked_at is None
    bearer = Client(headers={"Authorization": f"Bearer {world.graz.personal_text}"})
    assert bearer.get("/api/v1/account/profile/").status_code == 401


def test_a_token_that_only_reads_revokes_nothing_and_changes_nothing(world):
    person = world.central[Role.ADMINISTRATOR]
    _, text = tokens.issue(access.scope_for(person), person, name="looks", reads_only=True)
    call = caller(Client(headers={"Authorization": f"Bearer {text}"}))
    assert call("get", "accounts/graz-viewer/")[0] == 200
    assert call("get", "accounts/graz-viewer/")[1]["email"] is None, "it is no administrator"
    for method, path, body in (
        ("post", "accounts/", NINA),
        ("patch", "account/profile/", {"name": "x"}),
        ("post", f"account/tokens/{world.graz.personal.pk}/revocation/", {}),
        ("put", "account/summary/", {"wants_summary": False}),
    ):
        assert call(method, path, body)[0] == 403, path
    seen = {one["user"] for one in call("get", "account/tokens/")[1]["results"]}
    assert seen == {person.username}


def test_a_machine_is_nobody_even_where_somebody_is_called_like_its_plant(world):
    namesake = User.objects.create_user("graz")
    token, _ = tokens.issue(access.scope_for(namesake), namesake, name="mine")
    agent = caller(world.graz.agent())
    assert agent("get", "account/tokens/")[0] == 403
    assert agent("get", "account/profile/")[0] == 403
    assert agent("patch", "account/profile/", {"name": "x"})[0] == 403
    assert agent("post", f"account/tokens/{token.pk}/revocation/")[0] == 404
    assert agent("get", "account/summary/")[0] == 403
    assert agent("get", "accounts/")[1]["results"] == []
    token.refresh_from_db()
    assert token.revoked_at is None
