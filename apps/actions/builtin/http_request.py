"""http.request: any request to a public address, with secrets in its headers.

A secret goes only where it says itself that it may: to the origins under its key
``allowed_origins``. Otherwise whoever may start a run could read every secret of the
project by having it sent to themselves. What comes back is searched for it.
"""

from typing import Any, Final
from urllib.parse import urlencode

from apps.actions.asking import Asked, Heard, ask
from apps.actions.builtin.kind import Builtin, closed
from apps.actions.calls import (
    INVALID_INPUT,
    REFUSED,
    SECRET,
    Attempt,
    Call,
    Outcome,
    done,
    failed,
)
from apps.actions.headers import (
    HEADERS,
    SecretRefused,
    Secrets,
    header_problem,
    headers_of,
)
from apps.actions.names import HTTP_REQUEST
from apps.actions.values import Unreadable, read_value, without_nul
from apps.api.rendering import to_json
from apps.deliveries.client import URL_CHARS_MAX, url_problem

SECONDS_DEFAULT: Final = 30.0
SECONDS_MAX: Final = 120.0
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_REPEATABLE: Final = frozenset(METHODS) - {"POST", "PATCH"}


def _prepare(call: Call) -> Outcome | Attempt:
    given = call.parameters
    url = given["url"]
    if given.get("query"):
        pairs = [(name, _word(value)) for name, value in given["query"].items()]
        url += ("&" if "?" in url else "?") + urlencode(pairs)
    problem = url_problem(url)
    if problem:
        return failed(REFUSED, f"url: {problem}")
    problem = header_problem(given.get("headers", {}))
    if problem:
        return failed(INVALID_INPUT, f"headers: {problem}")
    try:
        secrets = headers_of(call.project_id, url, given.get("headers", {}))
    except SecretRefused as error:
        return failed(SECRET, str(error))
    asked = _asked(call, url, secrets)
    any_status = asked.any_status

    async def attempt() -> Outcome:
        heard = await ask(asked)
        return _outcome(heard, secrets, any_status=any_status)

    return attempt


def _asked(call: Call, url: str, secrets: Secrets) -> Asked:
    given = call.parameters
    method = given.get("method", "GET")
    headers = dict(secrets.headers)
    known = {name.lower() for name in headers}
    body = b""
    if given.get("body") is not None:
        is_text = isinstance(given["body"], str)
        body = given["body"].encode() if is_text else to_json(given["body"])
        if "content-type" not in known:
            kind = "text/plain; charset=utf-8" if is_text else "application/json"
            headers["Content-Type"] = kind
    if method not in ("GET", "HEAD", "OPTIONS") and "idempotency-key" not in known:
        headers["Idempotency-Key"] = call.id
    seconds = float(given.get("timeout_seconds", SECONDS_DEFAULT))
    return Asked(
        method=method,
        url=url,
        body=body,
        headers=lambda: headers,
        seconds=seconds,
        total=call.seconds or SECONDS_MAX,
        repeatable=method in _REPEATABLE,
        any_status=given.get("any_status", False),
        hidden=secrets.hidden,
    )


def _outcome(heard: Heard | Outcome, secrets: Secrets, *, any_status: bool) -> Outcome:
    if isinstance(heard, Outcome):
        return heard
    answer = heard.answer
    try:
        body = read_value(answer.body)
    except Unreadable:
        body = without_nul(answer.body.decode(errors="replace"))
    output = {
        "status": answer.status,
        "content_type": without_nul(answer.content_type),
        "body": body,
    }
    return done(
        secrets.hidden.value(output),
        http_status=answer.status,
        retries=heard.retries,
    )


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


HTTP: Final = Builtin(
    name=HTTP_REQUEST,
    title="HTTP request",
    description=(
        "Sends a request to a public address and returns status and body. A header may"
        ' be {"secret": name, "key": key, "prefix": "Bearer "}; the secret must name'
        " the origin under allowed_origins. Methods that may be repeated are, when the"
        " endpoint is away or broken."
    ),
    input_schema=closed(
        ["url"],
        method={"enum": list(METHODS), "default": "GET"},
        url={"type": "string", "minLength": 1, "maxLength": URL_CHARS_MAX},
        query={
            "type": "object",
            "maxProperties": 100,
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
        headers=HEADERS,
        body={"description": "A text is sent as it is, anything else as JSON."},
        timeout_seconds={
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": SECONDS_MAX,
            "default": SECONDS_DEFAULT,
        },
        any_status={
            "type": "boolean",
            "default": False,
            "description": "Whether an answer of 3xx, 4xx or 5xx is a result as well.",
        },
    ),
    output_schema=closed(
        ["status", "content_type", "body"],
        status={"type": "integer"},
        content_type={"type": "string"},
        body={},
    ),
    prepare=_prepare,
    annotations={"open_world": True},
    risk="high",
)
