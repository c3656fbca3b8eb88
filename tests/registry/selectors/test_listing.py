"""What a search in a list finds: every word somewhere, in any order."""

from __future__ import annotations

import pytest

from plants.models import User
from plants.selectors import accounts, report_lists
from plants.services import runbooks
from registry.domain.access import portal_scope
from registry.selectors import families, jobs, versions
from registry.selectors.listing import matching
from tests.factories import registry as rows
from tests.factories.plants import Fleet, fleet

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")


@pytest.fixture
def people(graz):
    for username, first, last in (
        ("anna", "Anna", "Huber"),
        ("anton", "Anton", "Huber"),
        ("berta", "Berta Anna", "Wolf"),
    ):
        User.objects.create_user(username, first_name=first, last_name=last)


@pytest.fixture
def shown(graz) -> Fleet:
    return fleet()


NAMES = ("username", "first_name", "last_name")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("huber anna", ["anna"]),
        ("Anna  HUBER", ["anna"]),
        ("anna", ["anna", "berta"]),
        ("hub ann", ["anna"]),
        ("anna berta", ["berta"]),
        ("huber wolf", []),
        ("", ["anna", "anton", "berta"]),
        ("  ", ["anna", "anton", "berta"]),
        ("anna\x00huber", ["anna"]),
        ("100% _", []),
    ],
)
def test_every_word_must_occur_in_any_order(people, text, found):
    who = matching(User.objects.order_by("username"), text, NAMES)
    assert [one.username for one in who] == found


def test_without_a_field_to_search_nothing_is_left_out(people):
    assert matching(User.objects.all(), "nobody", ()).count() == 3


def test_the_lists_search_so(people, shown):
    def found(listing) -> int:
        return listing.matching.count()

    plants = [("graz", "Graz")]
    assert found(accounts.listing(_portal, {"q": "huber anna"}, [])) == 1
    assert found(families.listing(_portal, {"q": "defects surface"})) == 1
    assert found(versions.listing(_portal, {"q": "graz surface 1.0.0"}, plants)) == 1
    assert found(jobs.listing(_portal, {"q": "graz castings"}, plants)) > 0
    assert found(jobs.listing(_portal, {"q": "graz nothing"}, plants)) == 0


def test_a_runbook_of_two_families_is_listed_once_with_its_own_versions(shown):
    other = rows.family("surface-lids")
    book = shown.reports.runbook
    runbooks.write(_portal, book, markdown="# Again\n\n1. Clean it.\n", change_note="shorter")
    book.families.add(shown.family, other)
    (one,) = report_lists.runbooks(_portal, {"q": "surface"}).matching
    assert one.texts == book.versions.count() == 2
