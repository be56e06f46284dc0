"""How endpoints refuse: the one error body, with the codes that are possible."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from apps.api.exceptions import error_body
from apps.api.reference import JSON, Refusal
from apps.api.schemas import Schema, mapping, record, ref, text
from apps.reference.endpoints import Endpoint, Entrance

_INVALID: Final = Refusal(
    400,
    "bad_request",
    "It can never succeed as written: `details.fields` names each field, and what was"
    " expected there.",
)
_UNKNOWN: Final = Refusal(
    401,
    "unauthorized",
    "No API key, or one that is unknown, revoked, expired or of a disabled principal.",
)
_DENIED: Final = Refusal(
    403, "permission_denied", "A permission is missing: `details.permission` names it."
)
_MISSING: Final = Refusal(
    404, "not_found", "There is no such project or object, or it is another project's."
)
_USED: Final = Refusal(
    409,
    "idempotency_key_conflict",
    "The Idempotency-Key was used for another request within 24 hours.",
)
_ARCHIVED: Final = Refusal(
    409, "project_archived", "The project is archived: nothing begins in it."
)
_TOO_LARGE: Final = Refusal(
    413,
    "payload_too_large",
    "The body is over 4 MiB, unless the server says otherwise.",
)
_TOO_OFTEN: Final = Refusal(
    429,
    "rate_limit_exceeded",
    "Too many requests: `details.retry_after_seconds` and Retry-After say when to come"
    " back.",
)
_BUSY: Final = Refusal(
    503, "service_unavailable", "A dependency does not answer, or the server is full."
)
#: Responses that look the same at every endpoint, by name.
SHARED: Final[Mapping[str, Refusal]] = {
    "BadRequest": _INVALID,
    "Unauthorized": _UNKNOWN,
    "PermissionDenied": _DENIED,
    "NotFound": _MISSING,
    "IdempotencyKeyConflict": _USED,
    "ProjectArchived": _ARCHIVED,
    "PayloadTooLarge": _TOO_LARGE,
    "RateLimited": _TOO_OFTEN,
    "Unavailable": _BUSY,
}
_EXTRA_HEADERS: Final = {
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_PARTS: Final = {
    "code": text("Stable, for programs.", "bad_request"),
    "message": text("For people.", "limit: expected a whole number from 1 to 200"),
    "details": mapping("Facts of this one case.", {"path": "limit"}),
}
SCHEMAS: Final[Mapping[str, Schema]] = {
    "Error": record(
        "Why a request was refused: flat, and nested once more for clients of later"
        " generations.",
        {**_PARTS, "error": record("The same.", _PARTS)},
    )
}


def refusals_of(endpoint: Endpoint) -> list[Refusal]:
    """Return how an endpoint may refuse: as all of its kind do, and as declared."""
    operation = endpoint.operation
    found = []
    if endpoint.entrance is not Entrance.EVERYBODY:
        found = [_INVALID, _TOO_OFTEN, _BUSY]
    if endpoint.entrance in (Entrance.PROJECT, Entrance.CALLER):
        found += [_UNKNOWN, _DENIED]
    if endpoint.entrance is Entrance.PROJECT:
        found.append(_MISSING)
    if operation.body is not None:
        found.append(_TOO_LARGE)
    if operation.once:
        found.append(_USED)
    if endpoint.begins:
        found.append(_ARCHIVED)
    if any(refusal.status == 404 for refusal in operation.refusals):
        found = [refusal for refusal in found if refusal.status != 404]
    return sorted([*found, *operation.refusals], key=lambda refusal: refusal.status)


def responses_of(endpoint: Endpoint) -> dict[str, Any]:
    """Return the refusals as responses, by status."""
    by_status: dict[int, list[Refusal]] = {}
    for refusal in refusals_of(endpoint):
        by_status.setdefault(refusal.status, []).append(refusal)
    names = {shared: name for name, shared in SHARED.items()}
    return {
        str(status): {"$ref": f"#/components/responses/{names[refusals[0]]}"}
        if len(refusals) == 1 and refusals[0] in names
        else response(status, refusals)
        for status, refusals in by_status.items()
    }


def response(status: int, refusals: Iterable[Refusal]) -> dict[str, Any]:
    """Return one response that tells of each of ``refusals``."""
    codes: dict[str, list[str]] = {}
    for refusal in refusals:
        codes.setdefault(refusal.code, []).append(refusal.when)
    lines = [f"- `{code}`: {' '.join(whens)}" for code, whens in codes.items()]
    only = {"properties": {"code": {"enum": list(codes)}}}
    return {
        "description": "\n".join(lines),
        "headers": headers("X-Request-ID", *_EXTRA_HEADERS.get(status, ())),
        "content": {
            JSON: {
                "schema": {"allOf": [ref("Error"), only]},
                "examples": {
                    code: {"value": error_body(code, whens[0])}
                    for code, whens in codes.items()
                },
            }
        },
    }


def headers(*names: str) -> dict[str, Any]:
    """Return headers of a response."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
