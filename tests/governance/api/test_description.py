"""The description of the API is complete, and what it shows is true."""

from __future__ import annotations

import io
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client

from governance.web import api_reference
from registry.api.openapi import operations
from registry.http import PROBLEM_TYPE

DOCUMENT = "/api/v1/schema/"


@pytest.fixture(scope="module")
def document() -> Any:
    return api_reference.document()


def needs_a_caller(operation: dict[str, Any]) -> bool:
    return any(operation.get("security", ()))


def test_it_is_valid_and_made_without_a_warning(tmp_path):
    said = io.StringIO()
    path = tmp_path / "schema.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(path), stderr=said)
    assert path.read_text().startswith("openapi: 3.1")


def test_every_operation_says_what_it_does_and_to_which_noun_it_belongs(document):
    nouns = {tag["name"]: tag["description"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        label = f"{method} {path}"
        assert operation.get("summary"), label
        assert len(operation["summary"]) <= 100, label
        assert nouns[operation["tags"][0]], label


def test_every_refusal_is_a_problem_with_an_example(document):
    problem = document["components"]["schemas"]["Problem"]
    for path, method, operation in operations(document):
        refusals = {s: a for s, a in operation["responses"].items() if s >= "4"}
        expected = {"401", "403"} if needs_a_caller(operation) else {"429"}
        assert expected <= set(refusals), f"{method} {path}"
        for status, answer in refusals.items():
            example = answer["content"][PROBLEM_TYPE]["example"]
            jsonschema.validate(example, problem)
            assert example["status"] == int(status)


def test_writes_take_a_key_and_reads_carry_an_etag(document):
    for path, method, operation in operations(document):
        names = {one["name"] for one in operation.get("parameters", [])}
        body = operation.get("requestBody", {}).get("content", {})
        is_file = any("octet-stream" in form or "multipart" in form for form in body)
        if method != "get" and needs_a_caller(operation) and not is_file:
            assert "Idempotency-Key" in names, f"{method} {path}"
            assert "Retry-After" in operation["responses"]["409"]["headers"]
        if method == "get" and "304" in operation["responses"]:
            ok = operation["responses"]["200"]
            assert "ETag" in ok["headers"], f"{method} {path}"


def test_every_example_fits_its_schema(document):
    missing, wrong = [], []
    for path, method, operation in operations(document):
        for label, media in messages(operation):
            name = f"{method} {path} {label}"
            if "example" not in media:
                missing.append(name)
                continue
            schema = {**media["schema"], "components": document["components"]}
            check = jsonschema.Draft202012Validator(
                schema, format_checker=jsonschema.FormatChecker()
            )
            wrong += [
                f"{name}: {one.json_path} {one.message}"
                for one in check.iter_errors(media["example"])
            ]
    assert missing == []
    assert wrong == []


def messages(operation: dict[str, Any]) -> list[tuple[str, Any]]:
    body = operation.get("requestBody", {}).get("content", {})
    found = [("request", body["application/json"])] if "application/json" in body else []
    for status, answer in operation["responses"].items():
        media = answer.get("content", {}).get("application/json")
        if media and "schema" in media:
            found.append((status, media))
    return found


# --- The page ------------------------------------------------------------------------------------


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_shows_every_operation_of_the_served_document(clara, document):
    page = signed_in(clara).get("/api/").content.decode()
    served = signed_in(clara).get(DOCUMENT, {"format": "json"})
    assert served.status_code == 200
    for path, _, operation in operations(document):
        assert path in page
        assert operation["operationId"].replace("_", "-").lower() in page


def test_search_finds_by_every_word_and_says_when_nothing_is_called_so(clara):
    found = signed_in(clara).get("/api/", {"q": "post STAGE"}).content.decode()
    assert "/api/v1/versions/{id}/stage/" in found
    assert "/api/v1/ledger/" not in found
    assert "Nothing is called so" in signed_in(clara).get("/api/", {"q": "zz"}).content.decode()


def test_a_command_quotes_what_a_shell_would_read(document):
    for group in api_reference.reference("http://x"):
        for operation in group.operations:
            assert operation.curl.startswith("curl")
            assert operation.curl.count("'") % 2 == 0, operation.anchor
