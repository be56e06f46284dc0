"""Keep a lease alive."""

from datetime import datetime

from django.conf import settings
from django.db import connection

from apps.jobs import leases, sql
from apps.jobs.fence import Fence, refuse
from apps.jobs.presence import show_working


def heartbeat_job(fence: Fence, *, now: datetime) -> bool:
    """Prolong the lease; return whether the worker should stop.

    PostgreSQL is asked whether the fence holds; Redis gets the new time to live; the
    row gets a copy once half of its own is gone.

    Raises:
        NotFound: no such job in the project.
        LeaseLost: somebody else holds it, or nobody.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.READ_FENCE, fence.values())
        row = cursor.fetchone()
        if row is None or not row[0]:
            refuse(fence, exists=row is not None)
        _, should_stop, lease_expires_at, worker_id, attempt = row
        if lease_expires_at - now <= settings.LEASE / 2:
            expiry = {"now": now, "lease_expires_at": now + settings.LEASE}
            cursor.execute(sql.EXTEND, fence.values() | expiry)
            copied = cursor.fetchone()
            if copied is None:
                refuse(fence, exists=True)
            should_stop = copied[0]
    held = leases.Held(fence.job_id, worker_id, attempt, fence.lease_token)
    leases.extend(held, settings.LEASE)
    show_working(fence.project_id, worker_id, now=now)
    return bool(should_stop)
