"""The OpenAPI 3.1 document, made of what the apps declare and of the routes."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import orjson
import yaml

from apps.api.pagination import LIMIT_DEFAULT, LIMIT_MAX
from apps.api.reference import Answer, Operation
from apps.api.rendering import to_json
from apps.api.schemas import NEXT_CURSOR, Schema, example_of, text
from apps.reference.contents import PARTS
from apps.reference.endpoints import Endpoint, Entrance, endpoints
from apps.reference.introduction import introduction
from apps.reference.refusals import SCHEMAS, SHARED, headers, response, responses_of

VERSION: Final = "1"
_RATE_LIMIT: Final = ("Limit", "Remaining", "Reset", "Scope", "Policy")
_RATE_HEADERS: Final = tuple(f"X-RateLimit-{word}" for word in _RATE_LIMIT)
_HEADERS: Final[Mapping[str, Schema]] = {
    "X-Request-ID": text("That of the request, else ours.", "5f0c1e"),
    "X-RateLimit-Limit": text("Requests a minute, of the tightest limit.", "120000"),
    "X-RateLimit-Remaining": text("How many are left of it.", "119999"),
    "X-RateLimit-Reset": text("When it begins anew, in Unix seconds.", "1795771860"),
    "X-RateLimit-Scope": text("What it counts: key, org, trigger …", "key"),
    "X-RateLimit-Policy": text("Limit and window in seconds.", "120000;w=60"),
    "Retry-After": text("Seconds until it makes sense to ask again.", "1"),
    "WWW-Authenticate": text("How to authenticate.", "Bearer"),
    "Idempotency-Replayed": text("This was answered before.", "true"),
}


def _parameter(place: str, name: str, schema: Schema) -> dict[str, Any]:
    plain = {word: value for word, value in schema.items() if word != "description"}
    return {
        "name": name,
        "in": place,
        **({"required": True} if place == "path" else {}),
        "description": schema.get("description", ""),
        "schema": plain,
    }


_PARAMETERS: Final[Mapping[str, Any]] = {
    "Limit": _parameter(
        "query",
        "limit",
        {
            "type": "integer",
            "minimum": 1,
            "maximum": LIMIT_MAX,
            "default": LIMIT_DEFAULT,
            "description": "How many items a page has at most.",
        },
    ),
    "Cursor": _parameter(
        "query", "cursor", text("The `next_cursor` of an earlier page.")
    ),
    "IdempotencyKey": _parameter(
        "header",
        "Idempotency-Key",
        text(
            "A request with a key that was used answers what the first one did, and"
            " does nothing. Kept for 24 hours.",
            "start-doc-abc123",
            minLength=1,
            maxLength=255,
        ),
    ),
    "RequestId": _parameter(
        "header",
        "X-Request-ID",
        text("A short plain word that comes back, to find the request by.", "5f0c1e"),
    ),
}


@cache
def document() -> dict[str, Any]:
    """Return the document as plain JSON values.

    Raises:
        Undeclared: a route has no declaration, or a declaration no route.
    """
    found = endpoints()
    schemas = {name: each for part in PARTS for name, each in part.schemas.items()}
    schemas |= SCHEMAS
    places = {name: each for part in PARTS for name, each in part.places.items()}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in found:
        names = re.findall(r"{(\w+)}", endpoint.path)
        item = paths.setdefault(
            endpoint.path, {"parameters": [_pointer(name) for name in names]}
        )
        item[endpoint.method.lower()] = _operation(endpoint, schemas)
    abouts: dict[str, str] = {}
    for part in PARTS:
        abouts[part.title] = abouts.get(part.title, "") or part.about
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "Mobius",
            "version": VERSION,
            "summary": "Durable workflows shared by services, people and agents.",
            "description": introduction(),
        },
        "servers": [{"url": "/", "description": "This server."}],
        "security": [{"apiKey": []}, {"apiKeyHeader": []}],
        "tags": [
            {"name": title, "description": about} for title, about in abouts.items()
        ],
        "paths": paths,
        "components": _components(schemas, places),
    }
    plain: dict[str, Any] = orjson.loads(to_json(whole))
    return plain


def as_yaml() -> bytes:
    """Return the document as YAML: the text of the contract."""
    dumped: bytes = yaml.dump(
        document(),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        encoding="utf-8",
    )
    return dumped


class _Dumper(yaml.CSafeDumper):
    """Writes what stands in several places out in each."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _components(
    schemas: Mapping[str, Schema], places: Mapping[str, Schema]
) -> dict[str, Any]:
    return {
        "securitySchemes": {
            "apiKey": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "mbx_…",
                "description": "An API key, bound to a principal.",
            },
            "apiKeyHeader": {
                "type": "apiKey",
                "in": "header",
                "name": "X-API-Key",
                "description": "The same in the place of Authorization.",
            },
        },
        "parameters": {
            **_PARAMETERS,
            **{
                name: _parameter("path", name, schema)
                for name, schema in places.items()
            },
        },
        "headers": {
            name: {
                "description": each["description"],
                "schema": {"type": "string", "examples": each["examples"]},
            }
            for name, each in _HEADERS.items()
        },
        "responses": {
            name: response(refusal.status, [refusal])
            for name, refusal in SHARED.items()
        },
        "schemas": dict(sorted(schemas.items())),
    }


def _pointer(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def _operation(endpoint: Endpoint, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    operation = endpoint.operation
    permission = f"Permission: `{endpoint.permission}`." if endpoint.permission else ""
    about = "\n\n".join(each for each in (operation.about, permission) if each)
    described: dict[str, Any] = {
        "tags": [endpoint.tag],
        "operationId": endpoint.id,
        "summary": operation.summary,
        "description": about,
    }
    if endpoint.permission:
        described["x-permission"] = endpoint.permission
    else:
        described["security"] = []
    described["parameters"] = _parameters_of(operation, schemas)
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.needs_body,
            "content": {
                operation.body_media: {
                    "schema": operation.body,
                    "example": example_of(operation.body, schemas),
                }
            },
        }
    described["responses"] = {
        **{
            str(status): _answer(endpoint, answer, schemas)
            for status, answer in sorted(operation.answers.items())
        },
        **responses_of(endpoint),
    }
    return described


def _parameters_of(
    operation: Operation, schemas: Mapping[str, Schema]
) -> list[dict[str, Any]]:
    is_paged = any(
        NEXT_CURSOR in _fields_of(answer.schema, schemas)
        for answer in operation.answers.values()
    )
    return [
        *(_parameter("query", *each) for each in operation.query.items()),
        *([_pointer("Limit"), _pointer("Cursor")] if is_paged else []),
        *(_parameter("header", *each) for each in operation.headers.items()),
        *([_pointer("IdempotencyKey")] if operation.once else []),
        _pointer("RequestId"),
    ]


def _fields_of(
    schema: Schema | None, schemas: Mapping[str, Schema]
) -> Mapping[str, Schema]:
    found = schema or {}
    if "$ref" in found:
        found = schemas[found["$ref"].rpartition("/")[2]]
    fields: Mapping[str, Schema] = found.get("properties", {})
    return fields


def _answer(
    endpoint: Endpoint, answer: Answer, schemas: Mapping[str, Schema]
) -> dict[str, Any]:
    names: list[str] = []
    if endpoint.entrance is not Entrance.EVERYBODY:
        names = ["X-Request-ID", *_RATE_HEADERS]
    if endpoint.operation.once:
        names.append("Idempotency-Replayed")
    described: dict[str, Any] = {"description": answer.about}
    if names:
        described["headers"] = headers(*names)
    if answer.schema is None and answer.frames is not None:
        described["x-frames"] = answer.frames
    if answer.schema is not None:
        bodies = {answer.media: answer.schema, **answer.also}
        described["content"] = {
            media: {"schema": schema, "example": example_of(schema, schemas)}
            for media, schema in bodies.items()
        }
        shown = described["content"][answer.media]
        if answer.example is not None:
            shown["example"] = answer.example
        if answer.frames is not None:
            shown["x-event-data"] = answer.frames
    return described
