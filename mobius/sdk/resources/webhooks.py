"""Webhooks: ``client.webhooks``. One is ``{id, name, url, events, enabled, …}``; only
the answer that makes a key holds it, as ``signing_secret``. What receivers need is
``mobius.sdk.verify_webhook``."""

from collections.abc import Mapping, Sequence
from typing import Any

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


def list_all(
    *, enabled: bool | None = None, tag: str | None = None, limit: int | None = None
) -> Call:
    """Yield every webhook, newest first."""
    return Call("GET", "webhooks", {"enabled": enabled, "tag": tag, "limit": limit})


def get(webhook: str) -> Exchange[Json]:
    """Return one webhook."""
    found: Json = yield Call("GET", _path(webhook))
    return found


def create(
    name: str,
    url: str,
    events: Sequence[str] = (),
    *,
    enabled: bool | None = None,
    tags: Mapping[str, str] | None = None,
    secret: str | None = None,
) -> Exchange[Json]:
    """Create a webhook; no ``events`` means all. Without ``secret`` the server makes a
    key, shown as ``signing_secret`` in this answer only: so it is not sent twice."""
    body = present(name=name, url=url, enabled=enabled, tags=tags, secret=secret)
    made: Json = yield Call("POST", "webhooks", body={**body, "events": list(events)})
    return made


def update(webhook: str, **changes: Any) -> Exchange[Json]:
    """Change name, url, events, enabled, tags or secret."""
    changed: Json = yield Call("PATCH", _path(webhook), body=changes)
    return changed


def delete(webhook: str) -> Exchange[None]:
    """Delete a webhook; what waits to be sent is given up."""
    yield Call("DELETE", _path(webhook))


def rotate(webhook: str, *, overlap_seconds: int | None = None) -> Exchange[Json]:
    """Return a new key; the one before stays good for a while (a day)."""
    body = present(overlap_seconds=overlap_seconds)
    made: Json = yield Call("POST", f"{_path(webhook)}/secret/rotate", body=body)
    return made


def ping(webhook: str, *, url: str | None = None) -> Exchange[Json]:
    """Send a ping; return ``{success, status_code?, error?, latency_ms}``."""
    body = present(url=url)
    pinged: Json = yield Call("POST", f"{_path(webhook)}/ping", body=body)
    return pinged


def deliveries(
    webhook: str, *, status: str | None = None, limit: int | None = None
) -> Call:
    """Yield what was and will be sent, newest first."""
    query = {"status": status, "limit": limit}
    return Call("GET", f"{_path(webhook)}/deliveries", query)


def delivery(webhook: str, delivery: str) -> Exchange[Json]:
    """Return one delivery with what was sent and what came back."""
    path = f"{_path(webhook)}/deliveries/{part(delivery, 'delivery')}"
    found: Json = yield Call("GET", path)
    return found


def redeliver(webhook: str, delivery: str) -> Exchange[Json]:
    """Send a delivery once more."""
    path = f"{_path(webhook)}/deliveries/{part(delivery, 'delivery')}/redeliver"
    sent: Json = yield Call("POST", path)
    return sent


def _path(webhook: str) -> str:
    return f"webhooks/{part(webhook, 'webhook')}"


class Webhooks(Resource):
    """Webhooks of the project."""

    list = yields(list_all)
    get = does(get)
    create = does(create)
    update = does(update)
    delete = does(delete)
    rotate = does(rotate)
    ping = does(ping)
    deliveries = yields(deliveries)
    delivery = does(delivery)
    redeliver = does(redeliver)


class AsyncWebhooks(AsyncResource):
    """Webhooks of the project."""

    list = ayields(list_all)
    get = awaits(get)
    create = awaits(create)
    update = awaits(update)
    delete = awaits(delete)
    rotate = awaits(rotate)
    ping = awaits(ping)
    deliveries = ayields(deliveries)
    delivery = awaits(delivery)
    redeliver = awaits(redeliver)
