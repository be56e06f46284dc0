"""Which events may resume which waits: what the dispatcher asks the tables.

Finding who wants an event goes by its type and by one value of it (``match_path`` and
``match_key``), so it costs as much as there are who want it, not as there are waits.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection

from apps.api.rendering import to_json
from apps.engine.events import (
    Envelope,
    EventFilter,
    covers,
    key_of,
    mismatch,
    value_at,
)
from apps.engine.expressions import Expression, compile_expression
from apps.runs import waiting_sql as sql
from apps.source_events.catalog import patterns_of

#: Events of its type that a wait is compared with at most, when it looks back.
LOOK_EVENTS_MAX: Final = 10_000
LOOK_PAGE: Final = 500
#: Events not dispatched yet among which an older one is sought at most.
BACKLOG_MAX: Final = 2000
#: As many are asked for first. Asked for all, the planner, which thinks that a timer is
#: as likely to be due as anything, may read every public event there ever was.
BACKLOG_USUAL: Final = 100
#: What expressions see of a run.
Roots = Mapping[str, Any]
_FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


class StoredEvent(NamedTuple):
    """A public event, as waits judge it."""

    id: str
    project_id: str
    created_at: datetime
    envelope: Envelope

    @property
    def order(self) -> tuple[datetime, str]:
        """Where it stands among others: first come, first served."""
        return self.created_at, self.id


@dataclass(frozen=True, slots=True)
class EventWait:
    """An open wait for events."""

    id: str
    run_id: str
    project_id: str
    task_id: int
    pattern: str
    listens_from: datetime
    due_at: datetime | None
    opened_at: datetime
    has_looked: bool
    filter: Mapping[str, Any]

    def wants(self, event: StoredEvent, run: Roots | None = None) -> bool:
        """Say whether the event may resume it; the engine has the last word.

        ``run`` is what expressions see of the run. Without it conditions that read it
        are taken to hold.
        """
        return not self.objection(event, run)

    def objection(self, event: StoredEvent, run: Roots | None = None) -> str:
        """Return why the event does not resume it, in words; "" when it may."""
        if not covers(self.pattern, event.envelope.event_type):
            return f"the type is {event.envelope.event_type}, not {self.pattern}"
        if event.created_at < self.listens_from:
            return f"it came before {self.listens_from}, from when on the wait listens"
        if self.due_at is not None and event.created_at >= self.due_at:
            return f"it came after {self.due_at}, when the time of the wait was up"
        source = self.filter["condition"]
        if run is None and self.filter["reads_run"]:
            source = ""
        condition = _compiled(source) if source else None
        wanted = EventFilter(self.filter["source_id"], self.filter["match"], condition)
        return mismatch(wanted, event.envelope, run)


def find_waits(
    types: Mapping[str, str],
) -> list[tuple[StoredEvent, EventWait]]:
    """Return the open waits that events, given as type by id, may resume."""
    kinds = [{"id": i, "pattern": p} for i, t in types.items() for p in patterns_of(t)]
    paths: dict[tuple[str, str], list[str]] = defaultdict(list)
    for project_id, pattern, path in _rows(sql.PATHS, [to_json(kinds).decode()]):
        paths[project_id, pattern].append(path)
    if not paths:
        return []
    events = {event.id: event for event in _events(sql.BY_ID, [list(types)])}
    asked = [
        {
            "event_id": event.id,
            "project_id": event.project_id,
            "pattern": pattern,
            "match_path": path,
            "match_key": key_of(value_at(event.envelope, path)) if path else "",
        }
        for event in events.values()
        for pattern in patterns_of(event.envelope.event_type)
        for path in paths[event.project_id, pattern]
    ]
    found = [
        (events[event_id], _wait(row))
        for event_id, *row in _rows(sql.WANTING, [to_json(asked).decode()])
    ]
    return [(event, wait) for event, wait in found if wait.wants(event)]


def event_waits_of(tasks: Iterable[tuple[str, int]]) -> list[EventWait]:
    """Return which of these tasks, by run and number, still wait for an event."""
    asked = [{"run_id": run_id, "task_id": task_id} for run_id, task_id in tasks]
    return [_wait(row) for row in _rows(sql.OF_TASKS, [to_json(asked).decode()])]


def undispatched_before(
    instant: datetime, projects: Iterable[str], *, but: Sequence[str]
) -> list[StoredEvent]:
    """Return the public events of projects that are due by an instant and not
    dispatched, other than those the caller has in hand."""
    wanted = [instant, list(projects), list(but)]
    found = _events(sql.UNDISPATCHED, [*wanted, BACKLOG_USUAL])
    if len(found) < BACKLOG_USUAL:
        return found
    return _events(sql.UNDISPATCHED, [*wanted, BACKLOG_MAX])


def look_back(wait: EventWait, run: Roots | None) -> list[StoredEvent]:
    """Return events that may resume a wait, dispatched or not: oldest first, and no
    more than the first few. Those that its run took before it opened are left out."""
    found: list[StoredEvent] = []
    since, after, seen = wait.listens_from, "", 0
    while not found and seen < LOOK_EVENTS_MAX:
        page = _page(wait, since, after)
        found = [event for event in page if wait.wants(event, run)]
        seen += len(page)
        if len(page) < LOOK_PAGE:
            break
        since, after = page[-1].order
    return found


def note_last_look(wait: EventWait, *, now: datetime) -> None:
    """Note that whatever was appended without seeing the wait has been looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runs_wait SET looked_at = %s WHERE id = %s AND looked_at IS NULL",
            [now, wait.id],
        )


def _page(wait: EventWait, since: datetime, after: str) -> list[StoredEvent]:
    below = wait.pattern.endswith(".*")
    low = wait.pattern[:-1] if below else wait.pattern
    return _events(
        sql.SINCE_BELOW if below else sql.SINCE_EXACT,
        {
            "project_id": wait.project_id,
            "low": low,
            "high": low[:-1] + chr(ord(".") + 1),
            "since": since,
            "after": after,
            "until": wait.due_at or _FOREVER,
            "source_id": wait.filter["source_id"],
            "within": to_json(wait.filter["within"]).decode(),
            "run_id": wait.run_id,
            "opened_at": wait.opened_at,
            "limit": LOOK_PAGE,
        },
    )


def transactions_now() -> tuple[int, int]:
    """Return the oldest transaction still open, and the number of this one.

    Numbers are given in order, so whoever had one before this one is below it. The
    upper bound of a snapshot would not do: it is one more than the last that ended,
    and transactions with higher numbers may be open.
    """
    ((oldest, own),) = _rows(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text,"
        " pg_current_xact_id()::text",
        [],
    )
    return int(oldest), int(own)


@lru_cache(maxsize=1000)
def _compiled(source: str) -> Expression:
    return compile_expression(source)


def _wait(row: Sequence[Any]) -> EventWait:
    id_, run_id, project_id, task_id, subject, since, due_at, *more = row
    opened_at, has_looked, stored = more
    return EventWait(
        id=id_,
        run_id=run_id,
        project_id=project_id,
        task_id=task_id,
        pattern=subject,
        listens_from=since,
        due_at=due_at,
        opened_at=opened_at,
        has_looked=has_looked,
        filter=orjson.loads(stored),
    )


def _events(statement: str, parameters: Any) -> list[StoredEvent]:
    return [
        StoredEvent(
            id_,
            project_id,
            created_at,
            Envelope(type_, source_id, orjson.loads(event), orjson.loads(meta)),
        )
        for id_, project_id, type_, source_id, created_at, event, meta in _rows(
            statement, parameters
        )
    ]


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
