"""Let a worker onto a socket."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.api.rendering import to_json
from apps.jobs import socket_sql
from apps.kernel.errors import Conflict
from apps.kernel.ids import IdKind, new_id
from apps.realtime.outbound import say

#: A connection that was not confirmed for so long does not count any more.
ALIVE_FOR = timedelta(seconds=25)
#: The kind of the message that tells a connection that it was replaced.
REPLACED = "socket.replaced"


@dataclass(frozen=True, slots=True)
class Registration:
    """What a worker says of itself. ``session_token`` is that of before, or ""."""

    worker_id: str
    session_token: str
    concurrency_limit: int
    name: str
    version: str
    queues: tuple[str, ...]
    actions: tuple[str, ...]
    generates: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Session:
    """A worker on a socket: its row, its token, the jobs in its hands.

    ``held`` says of each job whether its worker should stop; ``before`` is the
    connection that this one replaces, or "".
    """

    worker_row: str
    token: str
    draining: bool
    held: Mapping[str, bool]
    before: str


@transaction.atomic
def open_session(
    project_id: str, wanted: Registration, *, connection_id: str, now: datetime
) -> Session:
    """Register a worker on a connection. Locks the worker's row.

    With its token a worker replaces its own older connection and keeps its jobs; that
    connection claims nothing from this commit on. A worker that is put out of work
    stays so for as long as its session lasts.

    Raises:
        Conflict: ``worker_instance_conflict``: another process is this worker.
    """
    who: dict[str, Any] = {"project_id": project_id, "worker_id": wanted.worker_id}
    with connection.cursor() as cursor:
        new = {"id": new_id(IdKind.WORKER), "now": now}
        cursor.execute(socket_sql.ENSURE_WORKER, who | new)
        cursor.execute(socket_sql.LOCK_WORKER, who)
        row_id, before, seen_at, digest, draining = cursor.fetchone()
        known = bool(wanted.session_token) and digest == _digest(wanted.session_token)
        if before and not known and now - seen_at <= ALIVE_FOR:
            raise Conflict(
                f"worker {wanted.worker_id} is connected from another process; give"
                " each process a worker_instance_id of its own",
                code="worker_instance_conflict",
            )
        token = wanted.session_token if known else f"wst_{secrets.token_hex(24)}"
        cursor.execute(
            socket_sql.ENTER,
            {
                "id": row_id,
                "connection_id": connection_id,
                "session_digest": _digest(token),
                "draining": draining and known,
                "name": wanted.name,
                "version": wanted.version,
                "queues": list(wanted.queues),
                "actions": list(wanted.actions),
                "generates": to_json(wanted.generates).decode(),
                "concurrency_limit": wanted.concurrency_limit,
                "now": now,
            },
        )
        cursor.execute(socket_sql.READ_HELD, who)
        held = dict(cursor.fetchall())
    if before:
        say(REPLACED, connections=[before])
    return Session(row_id, token, draining and known, held, before)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
