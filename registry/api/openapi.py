"""The API's description: what DRF knows of the views, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from registry.api.examples import MESSAGES, Examples
from registry.http import ID_LOOKUPS, PROBLEM_TYPE, problem_body

_JSON = "application/json"
_WRITES = frozenset({"post", "put", "patch", "delete"})

TAGS: Mapping[str, str] = {
    "fleet": "Every plant beside its norm, and who needs somebody.",
    "families": "Inspection tasks: what they decide and how that is judged.",
    "versions": "Models on record, their bytes, stages and baselines.",
    "recipes": "How versions are trained: published once, never changed.",
    "manifests": "Anonymised descriptions of the data that versions were made from.",
    "evaluations": "What a version scored on one plant's hold-out.",
    "jobs": "Work for a plant's worker: ordered, watched, cancelled, ordered again.",
    "runs": "The same work at many plants, with a preview of what goes where.",
    "submissions": "Models trained elsewhere: declared, sent in parts, judged by their plant.",
    "releases": "Requests that a version may run on a line: decided by people, cleared, started.",
    "approvals": "What waits for your own decision.",
    "clearances": "What was allowed, until it expires or somebody revokes it.",
    "plants": "Sites, their machines' credentials, and what they report.",
    "lines": "The lines of all plants that you may know of.",
    "runbooks": "The runbooks of all plants that you may know of.",
    "search": "Families, versions, plants, jobs and more by words.",
    "accounts": "People who sign in, and their roles.",
    "account": "Your own profile, tokens and weekly summary.",
    "ledger": "Who did what when, in a chain that shows every change.",
    "worker protocol": "Between a plant's agent and the portal; machines only.",
}
DESCRIPTION = """
Plants, versions, recipes and jobs of Lineward, and the protocol of a plant's worker.

**Signing in.** A program sends `Authorization: Bearer lwu_…`, a personal token issued under
Account, Tokens; it holds the roles of its person. A plant's machine sends its credential, `lwp_…`.
What a caller may not know of answers 404.

**Refusals** are `application/problem+json`: `code` is stable, `detail` is a sentence, `fields`
names what to correct.

**Lists** come in pages: follow `next` and `previous`. A word that a list does not know is refused.

**Asking again.** Reads carry an `ETag`; send it as `If-None-Match` and get 304 while nothing has
changed. Send it as `If-Match` with a write and get 412 when somebody was faster. Writes take an
`Idempotency-Key`: the same request under the same key is done once, and its answer is given again
for 24 hours with `Idempotency-Replayed: true`. Answers that hold a secret are not given twice.
"""

# Every refusal by status: when it comes, and what it says.
_REFUSALS: Mapping[int, tuple[str, str, str]] = {
    400: ("The message is no JSON.", "parse-error", "JSON parse error - Expecting value."),
    401: (
        "No token or credential, or one that is not in force.",
        "not-authenticated",
        "Authentication credentials were not provided.",
    ),
    403: (
        "The caller may see it but not do this.",
        "role-missing",
        "This takes the role data scientist centrally; ask an administrator to grant it.",
    ),
    404: (
        "It does not exist, or the caller may not know that it does.",
        "not-found",
        "There is no such thing, or you may not know of it.",
    ),
    406: (
        "The answer is wanted in a form that there is not.",
        "not-acceptable",
        "Could not satisfy the request Accept header.",
    ),
    409: (
        "The world has moved on, or the same request is being answered at this moment.",
        "busy",
        "The same request is being answered now; ask again in a moment.",
    ),
    410: (
        "It was valid once.",
        "code-unusable",
        "This enrolment code is unknown, used or older than a day; ask for a new one.",
    ),
    412: (
        "It has changed since the ETag in If-Match was read.",
        "stale",
        "This has changed since you read it: read it again, decide, and send the new ETag.",
    ),
    413: ("The message is too long.", "too-large", "A message has at most 2097152 bytes."),
    415: (
        "The message is in another form than the one described.",
        "unsupported-media-type",
        'Unsupported media type "text/plain" in request.',
    ),
    416: (
        "The file has no such range.",
        "no-such-range",
        "The file ends before this range begins.",
    ),
    422: (
        "Something in the request breaks a rule; `fields` says what and how to correct it.",
        "invalid",
        "Some fields need correction; see fields.",
    ),
    429: (
        "Too many requests; Retry-After says how long to wait.",
        "throttled",
        "Request was throttled. Expected available in 2 seconds.",
    ),
    503: (
        "A neighbour that the request needs is away; trying again helps.",
        "unavailable",
        "The artifact store does not answer now; try again in a moment.",
    ),
}
_PROBLEM = {
    "type": "object",
    "description": "Why the request was refused (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "example": "urn:lineward:problem:invalid"},
        "title": {"type": "string", "example": "Unprocessable Entity"},
        "status": {"type": "integer", "example": 422},
        "code": {"type": "string", "example": "invalid"},
        "detail": {"type": "string", "example": "Some fields need correction; see fields."},
        "fields": {"type": "object", "additionalProperties": True, "example": {}},
    },
}


def _header(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=text)


_IF_NONE_MATCH = _header(
    "If-None-Match", "The ETag that you have; 304 while the answer is still the same."
)
_IF_MATCH = _header(
    "If-Match", "The ETag of what the write is about; 412 when it has changed since."
)
_KEY = _header(
    "Idempotency-Key",
    "1 to 100 characters of your choice, e.g. a UUID: the request is done once, however often it "
    "comes within 24 hours.",
)


class PortalSchema(AutoSchema):
    """What the views of this portal have beyond DRF's own."""

    def get_summary(self) -> str:
        """`List versions`, `One version`; a view that does something else says so itself."""
        model = getattr(getattr(self.view, "queryset", None), "model", None)
        if model is None:
            serializer = getattr(self.view, "serializer_class", None)
            model = getattr(getattr(serializer, "Meta", None), "model", None)
        if model is None:
            return str(self.get_operation_id().replace("_", " ").capitalize())
        if self._is_list_view():
            return f"List {model._meta.verbose_name_plural}"
        return f"One {model._meta.verbose_name}"

    def get_description(self) -> str:  # type: ignore[override]
        """The view's own sentence; never that of the class it was made from."""
        action = getattr(self.view, self.method.lower(), None)
        own = type(self.view).__dict__.get("__doc__") or ""
        said = getattr(action, "__doc__", None) if action else None
        if self.method == "GET" and self._is_list_view():
            return own or "What you may see of it, a page at a time."
        return said or own

    def get_tags(self) -> list[str]:
        """The noun: the first word of the address."""
        noun = self.path.removeprefix("/api/v1/").split("/")[0]
        return ["worker protocol" if noun == "worker" else noun]

    def get_override_parameters(self) -> list[Any]:
        """Filters of a list, and the headers that hold everywhere."""
        if self.method == "GET":
            return [*self._filters(), *([] if self._is_stream() else [_IF_NONE_MATCH])]
        if self._is_stream() or not self.view.get_authenticators():
            return []
        about = [_IF_MATCH] if "{" in self.path else []
        return [*about, _KEY]

    def _is_stream(self) -> bool:
        parsers = getattr(self.view, "parser_classes", ())
        return any("octet-stream" in getattr(one, "media_type", "") for one in parsers)

    def _filters(self) -> list[OpenApiParameter]:
        if not self._is_list_view():
            return []
        filters: dict[str, str] = getattr(self.view, "filters", {})
        found = [
            OpenApiParameter(
                word,
                OpenApiTypes.UUID if lookup in ID_LOOKUPS else OpenApiTypes.STR,
                description=f"Only those with this {word.replace('_', ' ')}.",
            )
            for word, lookup in filters.items()
        ]
        if getattr(self.view, "search", ()):
            text = "Only those in which every one of these words occurs."
            found.insert(0, OpenApiParameter("q", OpenApiTypes.STR, description=text))
        return found


# --- The finished document -----------------------------------------------------------------------


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add to the whole document what holds for every operation: refusals, headers, examples."""
    components = result.setdefault("components", {}).setdefault("schemas", {})
    components["Problem"] = _PROBLEM
    result["info"]["description"] = DESCRIPTION.strip()
    examples = Examples(components, _fitting(components))
    nouns = set()
    for path, method, operation in operations(result):
        nouns.update(operation["tags"])
        _add_refusals(path, method, operation)
        _add_headers(method, operation)
        _name_parameters(operation)
        _add_examples(path, method, operation, examples)
    result["tags"] = [
        {"name": noun, "description": TAGS.get(noun, f"Everything about {noun}.")}
        for noun in [*TAGS, *sorted(nouns - set(TAGS))]
        if noun in nouns
    ]
    return result


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of everything that can be asked."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in _WRITES or method == "get":
                yield path, method, operation


def _fitting(components: Mapping[str, Any]) -> Any:
    def fits(schema: Mapping[str, Any], value: Any) -> bool:
        whole = {**schema, "components": {"schemas": components}}
        check = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
        return bool(check.is_valid(value))

    return fits


def _statuses(path: str, method: str, operation: Mapping[str, Any]) -> set[int]:
    is_open = not any(operation.get("security", ()))  # [{}] says: without any
    found = {406} if is_open else {401, 403, 406}
    parameters = operation.get("parameters", [])
    # What a message or a question names may be unknown as well as what the address names.
    is_list = any(one["name"] == "cursor" for one in parameters)
    is_question = any(one["in"] == "query" for one in parameters) and not is_list
    if "{" in path or method in _WRITES or is_question:
        found.add(404)
    if any(one["in"] == "query" for one in parameters):
        found.add(422)
    if any(one["name"] == "Range" for one in parameters):
        found.add(416)
    if method in _WRITES:
        found |= {400, 409, 413, 415, 422}
    if any(one["name"] == "If-Match" for one in parameters):
        found.add(412)
    if is_open:
        found.add(429)
    return found | ({410} if "/worker/" in path else set())


def _add_refusals(path: str, method: str, operation: dict[str, Any]) -> None:
    for status in sorted(_statuses(path, method, operation)):
        when, code, detail = _REFUSALS[status]
        fields = {"name": ["This field is required."]} if status == 422 else None
        answer: dict[str, Any] = {
            "description": when,
            "content": {
                PROBLEM_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": problem_body(status, code, detail, fields),
                }
            },
        }
        if status in {409, 429}:
            answer["headers"] = {
                "Retry-After": _text_header("Seconds to wait before asking again.")
            }
        operation["responses"].setdefault(str(status), answer)


def _text_header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}


def _add_headers(method: str, operation: dict[str, Any]) -> None:
    names = {one["name"] for one in operation.get("parameters", [])}
    for status, answer in operation["responses"].items():
        if not status.startswith("2"):
            continue
        answer["description"] = answer.get("description") or "Done."
        headers = answer.setdefault("headers", {})
        if "If-None-Match" in names:
            headers["ETag"] = _text_header("Changes when anything changes that you can see.")
        if "Idempotency-Key" in names:
            headers["Idempotency-Replayed"] = _text_header("`true` on an answer given before.")
        if not headers:
            del answer["headers"]
    if "If-None-Match" in names:
        operation["responses"]["304"] = {"description": "What you have is still right."}


_PARAMETERS = {
    "cursor": "Where the page begins, as `next` and `previous` say.",
    "page_size": "Rows on a page, 1 to 500.",
    "code": "The plant's code.",
    "slug": "The family's short name.",
}


def _name_parameters(operation: dict[str, Any]) -> None:
    for one in operation.get("parameters", []):
        name = one["name"]
        if one["in"] == "path":
            one.setdefault("description", _PARAMETERS.get(name, f"The {name.replace('_', ' ')}."))
        elif name in _PARAMETERS:
            one["description"] = _PARAMETERS[name]
        if name == "page_size":
            one["schema"] = {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}


def _add_examples(path: str, method: str, operation: dict[str, Any], examples: Examples) -> None:
    for form, media in operation.get("requestBody", {}).get("content", {}).items():
        if form == _JSON and "schema" in media:
            media.setdefault("example", examples.of(media["schema"]))
    for status, answer in operation["responses"].items():
        media = answer.get("content", {}).get(_JSON)
        if media and status.startswith("2") and "examples" not in media:
            said = MESSAGES.get((path, method))
            media.setdefault("example", said or examples.of(media.get("schema", {})))
