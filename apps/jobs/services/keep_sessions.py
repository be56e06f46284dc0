"""Say which sockets are there, and which are not any more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from apps.api.rendering import to_json
from apps.jobs import socket_sql

#: (project, queues, actions): what a worker would take.
Filter = tuple[str, tuple[str, ...], tuple[str, ...]]


def keep_sessions(places: Sequence[tuple[str, str]], *, now: datetime) -> set[str]:
    """Confirm pairs of worker row and connection; return the connections that still
    are their workers'."""
    values: dict[str, Any] = {
        "ids": [row for row, _ in places],
        "connection_ids": [connection_id for _, connection_id in places],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(socket_sql.KEEP, values)
        return {row[0] for row in cursor.fetchall()}


def close_session(worker_row: str, connection_id: str) -> None:
    """Note that a worker hung up. Its jobs stay in its hands until their leases end."""
    with connection.cursor() as cursor:
        cursor.execute(
            socket_sql.LEAVE, {"id": worker_row, "connection_id": connection_id}
        )


def find_work(filters: Sequence[Filter], *, now: datetime) -> list[int]:
    """Return the places of those filters that something claimable matches."""
    wanted = [
        {"place": place, "project_id": project, "queues": queues, "actions": actions}
        for place, (project, queues, actions) in enumerate(filters)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            socket_sql.FIND_WORK, {"wanted": to_json(wanted).decode(), "now": now}
        )
        return [row[0] for row in cursor.fetchall()]
