"""Who is there: the worker list, written at most every few seconds per worker."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from apps.jobs import sql
from apps.kernel.ids import IdKind, new_id

#: How exact ``last_seen_at`` is.
WRITE_EVERY_SECONDS = 5.0
STALE_AFTER = timedelta(minutes=2)
_REMEMBERED_MAX = 10_000

_written: dict[tuple[str, str], tuple[float, object]] = {}
_lock = threading.Lock()


def show_worker(
    project_id: str,
    worker_id: str,
    *,
    name: str = "",
    version: str = "",
    queues: Sequence[str] = (),
    actions: Sequence[str] = (),
    now: datetime,
) -> None:
    """Note that a worker polls for work; the first time creates it."""
    what = (name, version, tuple(queues), tuple(actions))
    if not _is_due(project_id, worker_id, what):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            sql.TOUCH_WORKER,
            {
                "id": new_id(IdKind.WORKER),
                "project_id": project_id,
                "worker_id": worker_id,
                "name": name,
                "version": version,
                "queues": list(queues),
                "actions": list(actions),
                "now": now,
            },
        )


def show_working(project_id: str, worker_id: str, *, now: datetime) -> None:
    """Note that a worker that holds a job is alive."""
    if _is_due(project_id, worker_id, None):
        with connection.cursor() as cursor:
            cursor.execute(
                sql.TOUCH_KNOWN_WORKER,
                {"project_id": project_id, "worker_id": worker_id, "now": now},
            )


def _is_due(project_id: str, worker_id: str, what: object) -> bool:
    key = (project_id, worker_id)
    now = time.monotonic()
    with _lock:
        at, known = _written.get(key, (float("-inf"), None))
        same = what is None or what == known
        if same and now - at < WRITE_EVERY_SECONDS:
            return False
        if len(_written) >= _REMEMBERED_MAX:
            _written.clear()
        _written[key] = (now, known if what is None else what)
        return True
