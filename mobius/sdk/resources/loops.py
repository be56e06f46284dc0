"""Loops: ``client.loops``. A loop is ``{id, name, status, steps?, …}`` with what was
authored; it is addressed by its id or handle."""

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
    """Yield every loop, newest first; without ``status`` no deleted ones."""
    return Call("GET", "loops", {"status": status, "limit": limit})


def get(loop: str) -> Exchange[Json]:
    """Return one loop with what was authored."""
    found: Json = yield Call("GET", _path(loop))
    return found


def create(
    name: str, *, idempotency_key: str | None = None, **more: Any
) -> Exchange[Json]:
    """Create a loop, active if it has steps. ``more``: description, schema_version,
    event, config, concurrency, triggers, steps, output, limits, defaults and so on."""
    body = {"name": name, **more}
    made: Json = yield Call("POST", "loops", body=body, idempotency_key=idempotency_key)
    return made


def update(loop: str, **changes: Any) -> Exchange[Json]:
    """Change what ``create`` takes, or ``status``; what was authored last runs next."""
    changed: Json = yield Call("PATCH", _path(loop), body=changes)
    return changed


def start(
    loop: str,
    *,
    event: Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    queue: str | None = None,
    budget_usd: float | None = None,
    idempotency_key: str | None = None,
) -> Exchange[Json]:
    """Start a run and return it; the live one with this ``idempotency_key``, if any.
    Without a key a fresh one is sent."""
    body = present(
        event=event, meta=meta, config=config, queue=queue, budget_usd=budget_usd
    )
    key = idempotency_key or str(uuid4())
    body["idempotency_key"] = key
    run: Json = yield Call(
        "POST", f"{_path(loop)}/runs", body=body, idempotency_key=key
    )
    return run


def runs(loop: str, *, status: str | None = None, limit: int | None = None) -> Call:
    """Yield every run of a loop, newest first."""
    return Call("GET", f"{_path(loop)}/runs", {"status": status, "limit": limit})


def _path(loop: str) -> str:
    return f"loops/{part(loop, 'loop')}"


class Loops(Resource):
    """Loops of the project."""

    list = yields(list_all)
    get = does(get)
    create = does(create)
    update = does(update)
    start = does(start)
    runs = yields(runs)


class AsyncLoops(AsyncResource):
    """Loops of the project."""

    list = ayields(list_all)
    get = awaits(get)
    create = awaits(create)
    update = awaits(update)
    start = awaits(start)
    runs = ayields(runs)
