"""Reading what workers send."""

import base64
import binascii
import re
from datetime import timedelta
from typing import Any, Final

import orjson
from django.conf import settings

from apps.api.body import Body, invalid_field
from apps.api.rendering import DEPTH_MAX, is_deeper, to_json
from apps.jobs.fence import Fence
from apps.jobs.services.complete import Report
from apps.kernel.errors import TooLarge
from apps.run_events.vocabulary import BY_WORKERS, check_line

EVENTS_MAX = 100
EVENT_TYPE = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
RESERVED_PREFIX = "mobius."
ERROR_TYPE_MAX = 255
ERROR_MESSAGE_MAX = 16_384
#: A report that says so was not worked on to its end: the job goes back as it was, and
#: waits so long before it goes to another worker.
OVER_CAPACITY: Final = "WorkerOverCapacity"
OVER_CAPACITY_DELAY: Final = timedelta(seconds=1)


def read_fence(project_id: str, job_id: str, body: Body) -> Fence:
    """Return the fence that every worker call carries: worker and attempt, or the lease
    token of a job that was claimed over a socket."""
    if body.has("lease_token") and not body.has("worker_id"):
        token = body.text("lease_token", max_length=64)
        return Fence(project_id, job_id, lease_token=token or "")
    worker_id = body.text("worker_id")
    attempt = body.integer("attempt", minimum=1, maximum=2**31 - 1)
    return Fence(project_id, job_id, worker_id or "", attempt or 0)


def read_report(project_id: str, job_id: str, data: object) -> tuple[Fence, Report]:
    """Return a final report.

    Raises:
        Invalid: names every field that is wrong.
        TooLarge: the result is over the limit.
    """
    body = Body(data)
    fence = read_fence(project_id, job_id, body)
    status = body.text("status", choices=("completed", "failed"))
    encoded = body.text("result_b64", default=None, min_length=0, max_length=2**31)
    error_type = body.text("error_type", default="", min_length=0, max_length=10**6)
    message = body.text("error_message", default="", min_length=0, max_length=10**7)
    result = None
    if encoded is not None:
        try:
            result = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            body.problem("result_b64", "expected standard base64")
    body.finish()
    if result is not None and len(result) > settings.RESULT_BYTES_MAX:
        raise TooLarge(
            f"result_b64: a result is limited to {settings.RESULT_BYTES_MAX} bytes",
            path="result_b64",
        )
    if status == "completed":
        value = value_of(result)
        if is_deeper(value, DEPTH_MAX):
            raise invalid_field("result_b64", f"is deeper than {DEPTH_MAX} levels")
        return fence, Report(True, result or None, value)
    return fence, Report(
        False,
        result or None,
        None,
        (error_type or "Error")[:ERROR_TYPE_MAX],
        message[:ERROR_MESSAGE_MAX],
    )


def value_of(result: bytes | None) -> Any:
    """Return the result as a JSON value: JSON as it is, other text as a string,
    other bytes as their base64."""
    if not result:
        return None
    try:
        value = orjson.loads(result)
        # PostgreSQL's jsonb takes every JSON value but text with NUL.
        return value if b"\\u0000" not in result else _without_nul(value)
    except orjson.JSONDecodeError:
        pass
    try:
        return result.decode().replace("\x00", "")
    except UnicodeDecodeError:
        return base64.b64encode(result).decode()


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


def read_events(
    project_id: str, job_id: str, data: object
) -> tuple[Fence, list[tuple[str, dict[str, Any]]]]:
    """Return a batch of events; one bad event refuses all.

    Raises:
        Invalid: names every field that is wrong; the ``mobius.`` prefix is reserved,
            and a line of the catalogue has to carry what it promises.
        TooLarge: an event is over the limit; details name it.
    """
    body = Body(data)
    fence = read_fence(project_id, job_id, body)
    items = body.listing("events", min_items=1, max_items=EVENTS_MAX) or []
    events = []
    for index, item in enumerate(items):
        path = f"events[{index}]"
        if not isinstance(item, dict):
            body.problem(path, "expected an object")
            continue
        inner = Body(item, path)
        type_ = inner.text("type", max_length=64)
        payload = inner.mapping("payload", default={})
        if type_ and not EVENT_TYPE.fullmatch(type_):
            inner.problem("type", "expected letters, digits, '_', '.' and '-'")
        if type_ and type_.startswith(RESERVED_PREFIX):
            inner.problem("type", f"the prefix {RESERVED_PREFIX} is reserved")
        body.adopt(inner)
        events.append((type_, payload))
    body.finish()
    for index, (type_, payload) in enumerate(events):
        if type_ in BY_WORKERS:
            check_line(type_, payload, f"events[{index}].payload")
        encoded = to_json(payload)
        if len(encoded) > settings.EVENT_BYTES_MAX:
            raise TooLarge(
                f"events[{index}].payload: limited to {settings.EVENT_BYTES_MAX} bytes",
                path=f"events[{index}].payload",
            )
        if b"\\u0000" in encoded:
            raise invalid_field(f"events[{index}].payload", "must not contain NUL")
    return fence, events
