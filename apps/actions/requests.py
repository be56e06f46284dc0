"""Reading actions and calls from requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.actions.headers import HEADERS, header_problem
from apps.actions.models import EndpointKind, InvocationFormat, Risk
from apps.actions.names import NAME_CHARS_MAX, name_problem
from apps.actions.schemas import misfit
from apps.actions.services.create_action import SECONDS_DEFAULT, NewAction
from apps.api.body import Body
from apps.api.tags import read_tags
from apps.deliveries.client import URL_CHARS_MAX, url_problem
from apps.engine.json_schema import schema_problem

TITLE_CHARS_MAX: Final = 128
DESCRIPTION_CHARS_MAX: Final = 10_000
#: Headers that calls have anyway.
OURS: Final = ("content-type", "accept")
SECONDS_MAX: Final = 120
ANNOTATIONS: Final = ("idempotent", "read_only", "destructive", "open_world")


def read_new_action(data: object) -> NewAction:
    """Return an action to create.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    name = body.text("name", max_length=NAME_CHARS_MAX)
    problem = name_problem(name) if name else ""
    if problem:
        body.problem("name", problem)
    kind = body.text(
        "endpoint_kind", default=EndpointKind.HTTP.value, choices=EndpointKind.values
    )
    is_http = kind == EndpointKind.HTTP
    if is_http and not body.has("endpoint_url"):
        body.problem("endpoint_url", "is required")
    fields = _fields(body, is_http=is_http)
    body.finish()
    return NewAction(name=name, endpoint_kind=kind, **fields)


def read_changes(data: object, *, is_http: bool) -> dict[str, Any]:
    """Return changes of an action by column; what was not sent is not among them.

    Raises:
        Invalid: names every field that is wrong; name and kind stay.
    """
    body = Body(data)
    for fixed in ("name", "endpoint_kind"):
        if body.has(fixed):
            body.value(fixed)
            body.problem(fixed, "cannot be changed: create another action")
    changes = _fields(body, is_http=is_http)
    body.finish()
    return changes


def _fields(body: Body, *, is_http: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": body.text(
            "title", default=None, min_length=0, max_length=TITLE_CHARS_MAX
        ),
        "description": body.text(
            "description", default=None, min_length=0, max_length=DESCRIPTION_CHARS_MAX
        ),
        "endpoint_url": body.text(
            "endpoint_url", default=None, max_length=URL_CHARS_MAX
        ),
        "invocation_format": body.text(
            "invocation_format", default=None, choices=InvocationFormat.values
        ),
        "headers": _headers(body, is_http=is_http),
        "input_schema": _schema(body, "input_schema"),
        "output_schema": _schema(body, "output_schema"),
        "annotations": _annotations(body),
        "tags": read_tags(body),
        "risk": body.text("risk", default=None, choices=Risk.values),
        "timeout_seconds": _seconds(body),
        "enabled": body.flag("enabled", default=None),
    }
    url = found["endpoint_url"]
    if url is not None:
        problem = url_problem(url) if is_http else "workers serve it: there is no URL"
        if problem:
            body.problem("endpoint_url", problem)
    cleared = {
        name: None for name in ("input_schema", "output_schema") if body.sent(name)
    }
    sent = {name: value for name, value in found.items() if value is not None}
    return {**cleared, **sent}


def _headers(body: Body, *, is_http: bool) -> Mapping[str, Any] | None:
    headers: Mapping[str, Any] | None = body.mapping("headers", default=None)
    if headers is None:
        return None
    problem = "workers serve it: there is no request"
    if is_http:
        ours = [name for name in headers if name.lower() in OURS]
        problem = f"{ours[0]} cannot be set" if ours else misfit(headers, HEADERS)
        problem = problem or header_problem(headers)
    if problem:
        body.problem("headers", problem)
    return headers


def _schema(body: Body, field: str) -> Mapping[str, Any] | None:
    schema: Mapping[str, Any] | None = body.mapping(field, default=None)
    if schema is not None:
        problem = schema_problem(dict(schema))
        if problem:
            body.problem(field, problem)
    return schema


def _annotations(body: Body) -> dict[str, bool] | None:
    if not body.has("annotations"):
        return None
    inner = body.inside("annotations")
    found = {name: inner.flag(name, default=None) for name in ANNOTATIONS}
    body.adopt(inner)
    return {name: value for name, value in found.items() if value is not None}


def _seconds(body: Body) -> float | None:
    found = body.value("timeout_seconds", default=None)
    if found is None:
        return None
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or not 0 < found <= SECONDS_MAX:
        body.problem("timeout_seconds", f"expected a number up to {SECONDS_MAX}")
        return None
    return float(found)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call as it was sent."""

    input: Mapping[str, Any]
    timeout_seconds: int
    dry_run: bool


def read_invocation(data: object) -> Wanted:
    """Return what a direct call asks for.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    wanted = Wanted(
        input=body.mapping("input", default={}),
        timeout_seconds=body.integer(
            "timeout_seconds",
            default=int(SECONDS_DEFAULT),
            minimum=1,
            maximum=SECONDS_MAX,
        ),
        dry_run=body.flag("dry_run", default=False),
    )
    body.finish()
    return wanted
