"""Automations: ``client.automations``. An automation is
``{id, handle, name, status, latest_version, published_version?, triggers, …}``; it is
addressed by its handle, and what runs is its published version."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from mobius.sdk.calls import Call, Exchange, Json
from mobius.sdk.configuration import part
from mobius.sdk.resources.verbs import (
    AsyncResource,
    Resource,
    awaits,
    ayields,
    does,
    present,
    yields,
)


def list_all(*, status: str | None = None, limit: int | None = None) -> Call:
    """Yield every automation, newest first; without ``status`` no archived ones."""
    return Call("GET", "automations", {"status": status, "limit": limit})


def get(automation: str) -> Exchange[Json]:
    """Return one automation, by handle or id."""
    found: Json = yield Call("GET", _path(automation))
    return found


def create(
    name: str, handle: str, *, idempotency_key: str | None = None, **more: Any
) -> Exchange[Json]:
    """Create a draft. ``more``: description, default_agent_id, default_inputs,
    settings, tags.

    Raises:
        Conflict: the handle is taken.
    """
    body = {"name": name, "handle": handle, **more}
    made: Json = yield Call(
        "POST", "automations", body=body, idempotency_key=idempotency_key
    )
    return made


def update(automation: str, **changes: Any) -> Exchange[Json]:
    """Change name, description, default_inputs, settings, tags or ``status``."""
    changed: Json = yield Call("PATCH", _path(automation), body=changes)
    return changed


def add_version(automation: str, spec: Mapping[str, Any]) -> Exchange[Json]:
    """Add a version, a draft until it is published; return it with its ``version``."""
    body = {"spec": spec}
    made: Json = yield Call("POST", f"{_path(automation)}/versions", body=body)
    return made


def publish(automation: str, version: int) -> Exchange[Json]:
    """Publish a version: it is what runs from now on. Returns the automation."""
    path = f"{_path(automation)}/versions/{int(version)}/publication"
    published: Json = yield Call("POST", path)
    return published


def start(
    automation: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    external_id: str | None = None,
    queue: str | None = None,
    idempotency_key: str | None = None,
) -> Exchange[Json]:
    """Start a run of the published version and return it; the live one that has this
    ``external_id``, if any. Without ``idempotency_key`` a fresh one is sent."""
    body = present(inputs=inputs, external_id=external_id, queue=queue)
    path = f"{_path(automation)}/runs"
    key = idempotency_key or str(uuid4())
    run: Json = yield Call("POST", path, body=body, idempotency_key=key)
    return run


def runs(
    automation: str, *, status: str | None = None, limit: int | None = None
) -> Call:
    """Yield every run of an automation, newest first."""
    path = f"{_path(automation)}/runs"
    return Call("GET", path, {"status": status, "limit": limit})


def _path(automation: str) -> str:
    return f"automations/{part(automation, 'automation')}"


class Automations(Resource):
    """Automations of the project."""

    list = yields(list_all)
    get = does(get)
    create = does(create)
    update = does(update)
    add_version = does(add_version)
    publish = does(publish)
    start = does(start)
    runs = yields(runs)


class AsyncAutomations(AsyncResource):
    """Automations of the project."""

    list = ayields(list_all)
    get = awaits(get)
    create = awaits(create)
    update = awaits(update)
    add_version = awaits(add_version)
    publish = awaits(publish)
    start = awaits(start)
    runs = ayields(runs)
