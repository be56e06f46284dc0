"""What can be done with a run, as exchanges; ``runs`` makes methods of them."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from mobius.sdk.calls import Call, Exchange, Json
from mobius.sdk.configuration import part
from mobius.sdk.errors import ConfigurationError
from mobius.sdk.resources.verbs import present


def start(
    workflow: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    spec: Mapping[str, Any] | None = None,
    external_id: str | None = None,
    queue: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Exchange[Json]:
    """Start a run of a workflow, named by handle or id, or of an inline ``spec``;
    return it, queued. ``external_id`` is a name of your own to find it by; several runs
    may have it. Without ``idempotency_key`` a fresh one is sent, so that a request that
    is repeated starts one run."""
    if (workflow is None) == (spec is None):
        raise ConfigurationError("workflow: give either a workflow or a spec")
    body = present(
        definition_id=workflow,
        spec=spec,
        inputs=inputs,
        external_id=external_id,
        queue=queue,
        metadata=metadata,
        tags=tags,
    )
    key = idempotency_key or str(uuid4())
    run: Json = yield Call("POST", "runs", body=body, idempotency_key=key)
    return run


def get(run_id: str) -> Exchange[Json]:
    """Return one run; one of a workflow with its spec, jobs and ``result_b64``."""
    run: Json = yield Call("GET", path_of(run_id))
    return run


def list_all(
    *,
    status: str | Sequence[str] | None = None,
    kind: str | None = None,
    queue: str | None = None,
    external_id: str | None = None,
    workflow: str | None = None,
    parent_run_id: str | None = None,
    source_event_id: str | None = None,
    limit: int | None = None,
) -> Call:
    """Yield every run, newest first. ``status`` is one or several, ``kind`` is
    workflow, automation or loop, ``workflow`` the id of a definition."""
    many = status is not None and not isinstance(status, str)
    query = {
        "status": ",".join(status or ()) if many else status,
        "kind": kind,
        "queue": queue,
        "external_id": external_id,
        "definition_id": workflow,
        "parent_run_id": parent_run_id,
        "source_event_id": source_event_id,
        "limit": limit,
    }
    return Call("GET", "runs", query)


def cancel(run_id: str, *, reason: str | None = None) -> Exchange[Json]:
    """Cancel a run; return it as it is now. One that is over stays as it is."""
    path = f"{path_of(run_id)}/cancellations"
    # Cancelling twice is cancelling once, so the request may be repeated.
    key = str(uuid4())
    yield Call("POST", path, body=present(reason=reason), idempotency_key=key)
    return (yield from get(run_id))


def retry(run_id: str, *, reason: str | None = None) -> Exchange[Json]:
    """Let a failed run go on where it failed; return it.

    Raises:
        Conflict: it is not failed.
    """
    key = str(uuid4())
    body = present(reason=reason)
    run: Json = yield Call(
        "POST", f"{path_of(run_id)}/retry", body=body, idempotency_key=key
    )
    return run


def signal(run_id: str, name: str, payload: Any = None) -> Exchange[Json]:
    """Send a signal to a workflow's run; return ``{id, run_id, name}``."""
    body = {"name": name, "payload": payload}
    sent: Json = yield Call("POST", f"{path_of(run_id)}/signals", body=body)
    return sent


def resume_step(run_id: str, step_key: str, result: Any = None) -> Exchange[Json]:
    """Resume a suspended step of an automation's or loop's run; return the run."""
    body = {"step_key": step_key, "result": result}
    run: Json = yield Call("POST", f"{path_of(run_id)}/signals", body=body)
    return run


def steps(run_id: str) -> Exchange[list[Json]]:
    """Return the steps of a run, in order."""
    answer: Json = yield Call("GET", f"{path_of(run_id)}/steps")
    return list(answer["items"])


def diagnosis(run_id: str) -> Exchange[Json]:
    """Return why the run stands where it stands."""
    found: Json = yield Call("GET", f"{path_of(run_id)}/diagnosis")
    return found


def path_of(run_id: str) -> str:
    """Return the path of a run, below the project."""
    return f"runs/{part(run_id, 'run_id')}"


def events_page(run_id: str, after: int) -> Exchange[Json]:
    """Return a page of stored events behind a sequence number."""
    query = {"after_sequence": after, "limit": 200}
    headers = {"Accept": "application/json"}
    page: Json = yield Call("GET", f"{path_of(run_id)}/events", query, headers=headers)
    return page


def result_of(run: Mapping[str, Any]) -> Any:
    """Return what a run put out, None when it put out nothing. Bytes that are no JSON
    are returned as they are."""
    encoded = run.get("result_b64")
    if encoded is None:
        return run.get("result")
    try:
        raw = base64.b64decode(encoded)
    except binascii.Error as error:
        raise ConfigurationError("result_b64: expected base64") from error
    try:
        return json.loads(raw)
    except ValueError:
        return raw
