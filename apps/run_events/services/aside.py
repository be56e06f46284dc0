"""Put a line on a timeline without holding the run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from apps.run_events.frames import TERMINAL
from apps.run_events.services.append import Entry, append_run_events
from apps.run_events.vocabulary import check_line

_LOCK = "SELECT project_id FROM run_events_runstream WHERE run_id = %s FOR UPDATE"

_LAST = """
SELECT type, status FROM run_events_runevent
WHERE run_id = %s AND NOT from_worker ORDER BY seq DESC LIMIT 1
"""


def append_aside(
    run_id: str, type_: str, payload: Mapping[str, Any], *, now: datetime
) -> bool:
    """Append a line that does not change the run's status; return whether it was.

    Locks the stream, the last lock in the lock order, in the caller's transaction:
    the line repeats the status of the line before. A timeline that has ended takes
    no line any more.

    Raises:
        Invalid: a line of the catalogue lacks what it promises.
    """
    check_line(type_, payload, "payload")
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [run_id])
        stream = cursor.fetchone()
        if stream is None:
            return False
        cursor.execute(_LAST, [run_id])
        last = cursor.fetchone()
    if last is None or last[0] in TERMINAL:
        return False
    entry = Entry(run_id, stream[0], type_, payload, status=last[1])
    append_run_events([entry], now=now)
    return True
