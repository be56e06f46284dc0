"""Questions to people: ``client.interactions``. One is
``{id, type, status, message, target, run_id?, spec?, …}``, in the words of the kind of
run that asks."""

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


def list_all(
    *,
    status: str | None = None,
    run_id: str | None = None,
    type: str | None = None,
    inbox: bool | None = None,
    tag: str | None = None,
    limit: int | None = None,
) -> Call:
    """Yield every question, newest first. ``status`` is pending, completed or expired;
    ``inbox``: only what asks the caller."""
    query = {
        "status": status,
        "run_id": run_id,
        "type": type,
        "inbox": inbox,
        "tag": tag,
        "limit": limit,
    }
    return Call("GET", "interactions", query)


def get(interaction: str) -> Exchange[Json]:
    """Return one question."""
    found: Json = yield Call("GET", f"interactions/{part(interaction, 'interaction')}")
    return found


def respond(
    interaction: str,
    value: Any = None,
    *,
    comment: str | None = None,
    on_behalf_of: str | None = None,
    idempotency_key: str | None = None,
) -> Exchange[Json]:
    """Answer a question and return it. Without ``idempotency_key`` a fresh one is sent.

    Raises:
        Conflict: it is over, or it was answered.
    """
    body = present(comment=comment, on_behalf_of=on_behalf_of) | {"value": value}
    path = f"interactions/{part(interaction, 'interaction')}/respond"
    key = idempotency_key or str(uuid4())
    answered: Json = yield Call("POST", path, body=body, idempotency_key=key)
    return answered


class Interactions(Resource):
    """Questions of the project."""

    list = yields(list_all)
    get = does(get)
    respond = does(respond)


class AsyncInteractions(AsyncResource):
    """Questions of the project."""

    list = ayields(list_all)
    get = awaits(get)
    respond = awaits(respond)
