"""Hand jobs to a worker on a socket, as many as it has room for."""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.jobs import socket_sql
from apps.jobs.services.claim import Claim, give_back, take_one
from apps.source_events.nudge import nudge_after_commit

#: However much room a worker has.
JOBS_MAX = 50


@transaction.atomic
def claim_over_socket(
    claim: Claim,
    *,
    slots: int,
    place: tuple[str, str],
    now: datetime,
) -> list[dict[str, Any]]:
    """Claim up to ``slots`` jobs under one new lease token; each names its own.

    ``place`` is the worker's row and its connection: nothing is claimed for a
    connection that is not the worker's any more. Locks that row, for share.
    """
    worker_row, connection_id = place
    claim = replace(claim, lease_token=f"lease_{secrets.token_hex(24)}")
    with connection.cursor() as cursor:
        cursor.execute(
            socket_sql.STAND, {"id": worker_row, "connection_id": connection_id}
        )
        if cursor.fetchone() is None:
            return []
    jobs: list[dict[str, Any]] = []
    while len(jobs) < min(slots, JOBS_MAX):
        job = take_one(claim, now=now)
        if job is None:
            break
        jobs.append({**job, "lease_token": claim.lease_token})
    if jobs:
        nudge_after_commit()
    return jobs


def give_back_all(claim: Claim, jobs: list[dict[str, Any]]) -> None:
    """Undo claims that reached nobody."""
    for job in jobs:
        give_back(replace(claim, lease_token=job["lease_token"]), job)
