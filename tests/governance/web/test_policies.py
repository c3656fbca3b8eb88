"""The gate policy of a family, its back-test, and what it says of a version."""

from __future__ import annotations

import pytest
from django.urls import reverse

from governance.domain.policies import STARTER
from governance.models import GatePolicy
from governance.services import policies
from registry.domain.access import portal_scope
from registry.models import LedgerEntry
from tests.factories import registry as rows
from tests.factories.policies import SOURCE
from tests.registry.rows import an_artifact

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(shown) -> GatePolicy:
    return policies.adopt(portal_scope(), shown.family, source=SOURCE, reason="To begin with.")


def path(family) -> str:
    return reverse("governance:policies", args=[family.slug])


def page(client, address: str, status: int = 200, **body) -> str:
    answer = client.post(address, body) if body else client.get(address)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def written() -> tuple[int, int]:
    return GatePolicy.objects.count(), LedgerEntry.objects.count()


def test_a_family_without_a_policy_says_that_nothing_is_asked_for(client, shown, clara):
    client.force_login(clara)
    text = page(client, path(shown.family))
    assert "has no gate policy yet" in text
    assert "apiVersion: lineward.policy/v1" in text, "there is something to begin with"
    assert "The same job run min_runs times gave the same file." in text
    assert "has no gate policy yet" in page(
        client, reverse("governance:version-gates", args=[shown.local.pk])
    )


def test_the_policy_in_force_is_told_in_words_with_its_sources(client, shown, clara, policy):
    client.force_login(clara)
    text = page(client, path(shown.family))
    assert "Every class has at least 30 rows in the hold-out." in text
    assert "Below 30 rows a share of 0.9" in text
    assert "To begin with." in text


def test_who_must_agree_and_what_each_stage_asks_for_is_told(client, shown, clara, policy):
    client.force_login(clara)
    for address in (path(shown.family), policy.get_absolute_url()):
        text = page(client, address)
        assert "A request is decided within 14 days or expires" in text
        assert "1 of quality, 1 of process and 1 of data science" in text
        assert "300 rows judged at the plant since canary began" in text
        assert "as the platform has it" not in text
    silent = SOURCE.partition("approvals:\n")[0].replace(
        "    max_ms", "    from: active\n    max_ms"
    )
    body = {"act": "adopt", "source": silent, "reason": "Shorter."}
    assert client.post(path(shown.family), body).status_code == 302
    text = page(client, path(shown.family))
    assert "not written in this policy, so as the platform has it" in text
    assert "from active on" in text


def test_a_data_scientist_adopts_and_the_one_before_stays_on_record(client, shown, clara, policy):
    client.force_login(clara)
    second = SOURCE.replace("min_rows: 30", "min_rows: 20")
    body = {"act": "adopt", "source": second, "reason": "Thirty is out of reach.", "expects": "1"}
    answer = client.post(path(shown.family), body)
    assert answer.status_code == 302
    assert [one.number for one in GatePolicy.objects.filter(family=shown.family)] == [2, 1]
    text = page(client, path(shown.family))
    assert "at least 20 rows" in text
    assert "Policies before" in text
    change = page(client, reverse("governance:policy", args=[shown.family.slug, 2]))
    assert "min_rows: 30" in change
    assert "Thirty is out of reach." in change


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"reason": ""}, 422, "why the policy is adopted"),
        ({"source": "gates: []"}, 422, "summary is missing"),
        ({"source": SOURCE.replace("max_ms: 100", "max_ms: -1")}, 422, "gates.5.max_ms"),
        ({"source": "a: [" * 50}, 422, "nested deeper"),
        ({"source": "x" * 300_000}, 413, "bytes"),
        ({"expects": "7"}, 409, "Policy 1 of surface-defects is in force now"),
    ],
)
def test_what_cannot_be_adopted_is_told_and_nothing_is_written(
    client, shown, clara, policy, body, status, said
):
    client.force_login(clara)
    before = written()
    other = SOURCE.replace("min_rows: 30", "min_rows: 20")
    fine = {"act": "adopt", "source": other, "reason": "Because.", "expects": "1"}
    text = page(client, path(shown.family), status, **(fine | body))
    assert said in text
    assert written() == before
    if "source" in body and len(body["source"]) < 1_000:
        assert body["source"] in text.replace("&#x27;", "'"), "what was typed is not lost"


def test_a_text_that_still_says_what_to_write_there_is_not_adopted(client, shown, clara):
    client.force_login(clara)
    body = {"act": "adopt", "source": STARTER, "reason": "Because."}
    text = page(client, path(shown.family), 422, **body)
    assert "still says what to write there" in text
    assert not GatePolicy.objects.exists()
    tried = page(client, path(shown.family), act="try", source=STARTER)
    assert "It would have let" in tried, "but it can be tried"


def test_only_a_central_data_scientist_may_adopt(client, shown, ines, policy):
    client.force_login(ines)
    text = page(client, path(shown.family))
    assert "A central data scientist may adopt it." in text
    assert 'value="adopt"' not in text
    before = written()
    answer = client.post(
        path(shown.family), {"act": "adopt", "source": SOURCE + "\n#", "reason": "Because."}
    )
    assert answer.status_code == 403
    assert written() == before


def test_a_proposal_is_tried_on_all_versions_and_nothing_is_written(client, shown, clara, policy):
    client.force_login(clara)
    before = written()
    strict = SOURCE.replace("max_ms: 100", "max_ms: 0.0001")
    text = page(client, path(shown.family), act="try", source=strict)
    assert "What the proposal would have said" in text
    assert "0 of 2 versions" in text
    assert written() == before
    in_force = page(client, f"{path(shown.family)}?backtest")
    assert "What the policy would have said" in in_force


def test_a_back_test_shows_no_version_of_another_plant(client, shown, ines, policy):
    rows.version(
        shown.family, shown.recipe, "brno", "3.1.4", skill=2.0, n=90, artifact=an_artifact(b"b")
    )
    client.force_login(ines)
    text = page(client, f"{path(shown.family)}?backtest")
    assert "3.1.4" not in text
    assert "of 2 versions" in text, "Graz's own and the baseline"


def test_a_versions_gates_say_outcome_reason_and_rule(client, shown, clara, policy):
    client.force_login(clara)
    text = page(client, reverse("governance:version-gates", args=[shown.local.pk]))
    assert "It may not go on:" in text
    assert "beside baseline 1.0.0 on" in text
    assert "The slowest twentieth of parts takes at most 100 ms." in text
    card = page(client, shown.local.get_absolute_url())
    assert reverse("governance:version-gates", args=[shown.local.pk]) in card


def test_a_foreign_version_has_no_gates_to_read(client, shown, stan, policy):
    client.force_login(stan)
    address = reverse("governance:version-gates", args=[shown.local.pk])
    assert client.get(address).status_code == 404


def test_a_version_is_judged_at_a_plant_and_for_a_stage(client, shown, clara, leipzig, policy):
    address = reverse("governance:version-gates", args=[shown.baseline.pk])
    client.force_login(clara)
    text = page(client, f"{address}?plant=graz&mode=shadow")
    assert '<option value="graz" selected>' in text
    assert '<option value="shadow" selected>Shadow</option>' in text
    never = page(client, f"{address}?plant=leipzig")
    assert "has not evaluated it yet." in never
    assert "has not been evaluated at leipzig yet: order an evaluation there" in never
    assert page(client, f"{address}?plant=&mode=") == page(client, address)


def test_a_plant_or_stage_that_is_not_known_is_refused(client, shown, clara, ines, leipzig, policy):
    address = reverse("governance:version-gates", args=[shown.baseline.pk])
    client.force_login(clara)
    for wrong in ("plant=nowhere", "plant=%00"):
        page(client, f"{address}?{wrong}", 404)
    assert "Choose one of shadow, canary, active" in page(client, f"{address}?mode=full", 422)
    client.force_login(ines)
    page(client, f"{address}?plant=graz", 200)
    page(client, f"{address}?plant=leipzig", 404)
