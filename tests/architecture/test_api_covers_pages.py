"""What a page can do, a program can do: every page beside the operations that do the same.

A new page fails here until it has its row: the operations, below /api/v1, or in one sentence why
there are none. Rows of forms say what their POST does; where a page holds several forms, each has
its operation.
"""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import get_resolver

from governance.web import api_reference
from registry.api.openapi import operations
from tests.architecture.test_floors import PUBLIC, concrete, our_urls

PREFIX = "/api/v1"
# Pages of libraries, by the beginning of their names.
LIBRARIES = {
    "account_": "Signing in, addresses and passwords are for a person at a browser; a token that "
    "could change them would outlive its own end.",
    "mfa_": "A second factor is proved by the person who holds it.",
    "admin:": "The administration of rows stands beside the portal's rules; what the rules allow "
    "has its operations.",
}
NO_OPERATION = {
    "GET healthz": "It is for programs already: a load balancer asks it.",
    "GET icon": "It is a picture.",
    "GET readyz": "It is for programs already: a load balancer asks it.",
    "GET governance:gate": "It is for a program already: nginx asks it for MLflow and flower.",
    "GET plants:account-new": "It is the empty form of an account.",
    "POST plants:account-invite": "Whoever holds the link becomes that person, so no token may get "
    "one: only an administrator who is signed in.",
    "POST plants:token-list": "A token that could issue tokens would never end, and one that only "
    "reads could get one that writes: only a person who is signed in issues them.",
    "GET governance:api": "It shows the very document that programs read at /api/v1/schema/.",
    "GET registry:use": "It shows lines of Python made of the portal's own address and a name.",
    "GET plants:plant-new": "It is the empty form of a plant.",
    "GET registry:family-new": "It is the empty form of a family.",
    "GET registry:ledger-verifier": "It is a script to keep, and has nothing of the portal's data.",
    "GET plants:imports": "It is the empty form of a table.",
    "GET plants:runbook-new": "It is the empty form of a runbook.",
}
PAGES = {
    "GET registry:ledger": "GET /ledger/ | GET /ledger/checks/ | GET /ledger/checkpoints/",
    "POST registry:ledger-check": "POST /ledger/checks/",
    "GET registry:ledger-export": "GET /ledger/export/",
    "GET governance:clauses": "GET /ledger/clauses/",
    "GET governance:campaigns": "GET /campaigns/",
    "GET governance:campaign-new": "GET /families/ | GET /recipes/ | GET /plants/",
    "POST governance:campaign-new": "POST /campaigns/",
    "GET governance:campaign": "GET /campaigns/{id}/",
    "POST governance:campaign-act": "POST /campaigns/{id}/halt/"
    " | POST /campaigns/{id}/resumption/ | POST /campaigns/{id}/rollback/"
    " | POST /campaigns/{id}/plants/{code}/retry/ | POST /campaigns/{id}/plants/{code}/skip/",
    "GET governance:home": "GET /fleet/",
    "GET governance:explore-family": "GET /families/{slug}/figures/",
    "GET governance:explore-version": "GET /versions/{id}/figures/",
    "GET governance:policies": "GET /families/{slug}/policies/",
    "POST governance:policies": "POST /families/{slug}/policies/"
    " | POST /families/{slug}/policies/backtest/",
    "GET governance:policy": "GET /families/{slug}/policies/{number}/",
    "GET governance:retention": "GET /families/{slug}/retention/",
    "POST governance:retention": "POST /families/{slug}/retention/",
    "GET governance:version-gates": "GET /versions/{id}/gates/",
    "GET governance:readiness": "GET /readiness/",
    "GET governance:checklist": "GET /plants/{code}/lines/{line}/checklist/",
    "POST governance:checklist": "POST /plants/{code}/lines/{line}/checklist/attestations/"
    " | POST /plants/{code}/lines/{line}/checklist/sign-off/",
    "GET governance:approvals": "GET /approvals/",
    "GET governance:releases": "GET /releases/",
    "GET governance:release-new": "GET /versions/{id}/gates/"
    " | GET /families/{slug}/policies/{number}/",
    "POST governance:release-new": "POST /releases/",
    "GET governance:release": "GET /releases/{id}/ | GET /ledger/",
    "POST governance:release": "POST /releases/{id}/approvals/"
    " | POST /releases/{id}/comments/ | POST /releases/{id}/withdrawal/"
    " | POST /releases/{id}/clearance/ | POST /releases/{id}/start/"
    " | POST /clearances/{id}/revocation/",
    "GET governance:summary": "GET /account/summary/",
    "POST governance:summary": "PUT /account/summary/",
    "GET governance:summary-preview": "GET /account/summary/preview/",
    # People, and one's own account
    "GET plants:account-list": "GET /accounts/",
    "POST plants:account-new": "POST /accounts/",
    "GET plants:account-detail": "GET /accounts/{username}/ | GET /ledger/",
    "POST plants:account-grant": "POST /accounts/{username}/roles/",
    "POST plants:account-withdraw": "DELETE /accounts/{username}/roles/{id}/",
    "POST plants:account-close": "POST /accounts/{username}/closing/",
    "POST plants:account-open": "POST /accounts/{username}/opening/",
    "GET plants:profile": "GET /account/profile/",
    "POST plants:profile": "PATCH /account/profile/",
    "GET plants:token-list": "GET /account/tokens/",
    "POST plants:token-revoke": "POST /account/tokens/{id}/revocation/",
    "GET plants:search": "GET /search/",
    "GET plants:search-suggestions": "GET /search/",
    # Plants
    "GET plants:plant-list": "GET /plants/ | GET /plants/{code}/standing/",
    "GET plants:plant-detail": "GET /plants/{code}/ | GET /plants/{code}/standing/"
    " | GET /plants/{code}/workers/ | GET /plants/{code}/datasets/ | GET /plants/{code}/offers/"
    " | GET /plants/{code}/missing/ | GET /plants/{code}/credentials/ | GET /jobs/"
    " | GET /versions/ | GET /ledger/",
    "POST plants:plant-new": "POST /plants/",
    "POST plants:plant-issue-code": "POST /plants/{code}/enrolment-codes/",
    "POST plants:credential-revoke": "POST /plants/{code}/credentials/{id}/revocation/",
    # What plants report
    "GET plants:lines": "GET /lines/ | GET /plants/{code}/on-call/",
    "GET plants:line-list": "GET /plants/{code}/lines/ | GET /plants/{code}/on-call/",
    "POST plants:line-list": "POST /plants/{code}/lines/",
    "GET plants:line-detail": "GET /plants/{code}/lines/{line}/ | GET /plants/{code}/stations/"
    " | GET /plants/{code}/ownership/ | GET /plants/{code}/on-call/ | GET /plants/{code}/missing/"
    " | GET /plants/{code}/deployments/ | GET /plants/{code}/lines/{line}/setup/",
    "GET plants:line-envelope": "GET /plants/{code}/lines/{line}/envelope/",
    "POST plants:line-detail": "POST /plants/{code}/ownership/ | PATCH /plants/{code}/lines/{line}/"
    " | DELETE /plants/{code}/lines/{line}/ | POST /plants/{code}/stations/"
    " | PATCH /plants/{code}/stations/{line}/{station}/"
    " | DELETE /plants/{code}/stations/{line}/{station}/"
    " | POST /plants/{code}/stations/{line}/{station}/rollback/"
    " | POST /plants/{code}/deployments/{id}/stop/",
    "GET plants:line-setup": "GET /plants/{code}/lines/{line}/setup/"
    " | GET /plants/{code}/lines/{line}/setups/",
    "POST plants:line-setup": "POST /plants/{code}/lines/{line}/setup/",
    "GET plants:station-detail": "GET /plants/{code}/stations/{line}/{station}/"
    " | GET /plants/{code}/deployments/",
    "GET plants:person-list": "GET /plants/{code}/people/",
    "POST plants:person-list": "POST /plants/{code}/people/"
    " | PATCH /plants/{code}/people/{person}/ | DELETE /plants/{code}/people/{person}/"
    " | POST /plants/{code}/people/{person}/contacts/"
    " | DELETE /plants/{code}/people/{person}/contacts/{id}/",
    "GET plants:roster": "GET /plants/{code}/shifts/ | GET /plants/{code}/on-call/",
    "POST plants:roster": "POST /plants/{code}/shifts/ | PATCH /plants/{code}/shifts/{id}/"
    " | DELETE /plants/{code}/shifts/{id}/",
    "POST plants:imports": "POST /plants/{code}/imports/",
    "GET plants:export": "GET /plants/{code}/imports/",
    "GET plants:runbooks": "GET /runbooks/",
    "GET plants:runbook-list": "GET /plants/{code}/runbooks/",
    "POST plants:runbook-new": "POST /plants/{code}/runbooks/",
    "GET plants:runbook-detail": "GET /plants/{code}/runbooks/{slug}/"
    " | GET /plants/{code}/runbooks/{slug}/versions/",
    "POST plants:runbook-detail": "POST /plants/{code}/runbooks/{slug}/review/"
    " | PATCH /plants/{code}/runbooks/{slug}/ | DELETE /plants/{code}/runbooks/{slug}/",
    "GET plants:runbook-edit": "GET /plants/{code}/runbooks/{slug}/versions/",
    "POST plants:runbook-edit": "POST /plants/{code}/runbooks/{slug}/versions/",
    "GET plants:runbook-version": "GET /plants/{code}/runbooks/{slug}/versions/{number}/",
    "GET plants:runbook-diff": "GET /plants/{code}/runbooks/{slug}/diff/",
    # Families, versions, data
    "GET registry:family-list": "GET /families/",
    "POST registry:family-new": "POST /families/",
    "GET registry:family-detail": "GET /families/{slug}/ | GET /families/{slug}/standing/"
    " | GET /versions/",
    "GET registry:version-list": "GET /versions/",
    "GET registry:version-detail": "GET /versions/{id}/ | GET /versions/{id}/figures/"
    " | GET /versions/{id}/artifact/ | GET /evaluations/ | GET /manifests/{id}/",
    "GET registry:version-compare": "GET /versions/comparison/",
    "POST registry:version-compare-order": "POST /plants/{code}/jobs/",
    "GET registry:version-compare-progress": "GET /jobs/{id}/",
    "POST registry:version-publish": "POST /versions/{id}/baseline/",
    "POST registry:version-stage": "POST /versions/{id}/stage/",
    "GET registry:manifest-detail": "GET /manifests/{id}/ | GET /versions/ | GET /evaluations/",
    "GET plants:baseline-new": "GET /families/{slug}/standing/ | GET /versions/ | GET /jobs/"
    " | GET /evaluations/ | GET /recipes/{id}/compare/{other}/",
    "POST plants:baseline-new": "POST /plants/{code}/jobs/ | POST /versions/{id}/baseline/",
    # Models trained elsewhere
    "GET plants:upload-new": "GET /plants/{code}/datasets/ | GET /families/ | GET /recipes/"
    " | GET /manifests/",
    "POST plants:upload-new": "POST /submissions/ | POST /submissions/{id}/announcement/"
    " | PATCH /submissions/{id}/file/",
    "GET registry:submission-list": "GET /submissions/",
    "GET registry:submission-detail": "GET /submissions/{id}/ | GET /submissions/{id}/file/",
    "GET registry:submission-progress": "GET /submissions/{id}/",
    "POST registry:submission-withdraw": "POST /submissions/{id}/withdrawal/",
    # Recipes and jobs
    "GET registry:recipe-list": "GET /recipes/",
    "GET registry:recipe-new": "GET /recipes/schema/",
    "POST registry:recipe-new": "POST /recipes/",
    "POST registry:recipe-check": "POST /recipes/check/",
    "GET registry:recipe-pick": "GET /recipes/",
    "GET registry:recipe-detail": "GET /recipes/{id}/ | GET /versions/ | GET /jobs/",
    "GET registry:recipe-compare": "GET /recipes/{id}/compare/{other}/",
    "GET plants:job-new": "POST /recipes/{id}/resolution/ | GET /plants/{code}/datasets/",
    "POST plants:job-new": "POST /plants/{code}/jobs/",
    "GET plants:run-new": "POST /runs/preview/",
    "POST plants:run-new": "POST /runs/",
    "GET plants:run-detail": "GET /runs/{key}/",
    "GET registry:job-list": "GET /jobs/ | GET /jobs/queues/",
    "GET registry:job-detail": "GET /jobs/{id}/ | GET /ledger/",
    "GET registry:job-progress": "GET /jobs/{id}/",
    "POST registry:job-cancel": "POST /jobs/{id}/cancellation/",
    "POST registry:job-retry": "POST /jobs/{id}/retry/",
}


def named() -> set[str]:
    """The operations that rows name."""
    return {one.strip() for said in PAGES.values() for one in said.split("|")}


def existing() -> set[str]:
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, method, _ in operations(api_reference.document())
    }


def answers(method: str, pattern: str) -> bool:
    """Whether the page knows the method; who may use it is asked elsewhere."""
    return int(getattr(Client(), method.lower())(concrete(pattern)).status_code) != 405


def pages() -> set[str]:
    """Every page with every method that it knows."""
    return {
        f"{method} {name}"
        for name, pattern in our_urls(get_resolver())
        if "-api:" not in name and name != "schema" and not name.startswith(tuple(LIBRARIES))
        for method in ("GET", "POST")
        if (method == "GET" if name in PUBLIC else answers(method, pattern))
    }


@pytest.mark.django_db
def test_every_page_has_a_row_and_every_row_a_page():
    rows = {*PAGES, *NO_OPERATION}
    assert sorted(pages() - rows) == [], "say which operations do what these pages do"
    assert sorted(rows - pages()) == [], "there is no such page any more"
    assert not PAGES.keys() & NO_OPERATION.keys()


def test_every_operation_that_a_row_names_exists():
    assert sorted(named() - existing()) == []


def test_every_reason_is_a_sentence():
    for reason in (*NO_OPERATION.values(), *LIBRARIES.values()):
        assert reason[:1].isupper(), reason
        assert reason.endswith("."), reason


def test_the_libraries_of_the_table_are_in_use():
    names = [name for name, _ in our_urls(get_resolver())]
    for beginning in LIBRARIES:
        assert any(name.startswith(beginning) for name in names), beginning


def test_the_table_can_fail():
    """A page without a row, and a row whose operation is gone, are both seen."""
    assert "GET /fleet/" in existing()
    assert "POST /account/tokens/" not in existing()
    assert "DELETE /fleet/" not in existing()
