"""Finding who waits for an event costs as much as there are who do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.waiting_events import (
    BACKLOG_USUAL,
    find_waits,
    undispatched_before,
)
from tests.runs.event_waiting import PAID, append, start, waiting
from tests.support.api import Api

pytestmark = pytest.mark.django_db

OTHERS = 5000
_COPY = """
INSERT INTO runs_wait (id, run_id, project_id, task_id, step_name, path, kind, subject,
                       outcome, created_at, listens_from, event_filter, match_path,
                       match_key)
SELECT 'wait_' || g, 'run_' || g, project_id, 1, 's', 'main', 'event', subject, '',
       created_at, listens_from, event_filter, match_path, left(md5(g::text), 24)
FROM runs_wait, generate_series(1, %s) g
"""

#: Timers far ahead, which make the planner think that much is not dispatched, and
#: public events that are.
_HISTORY = """
INSERT INTO source_events_sourceevent
    (id, project_id, event_type, source_kind, source_id, event, meta, created_at,
     due_at, dispatched_at, failures, last_error, run_id, public)
SELECT 'sevt_' || g, %(project)s, 'custom.seen', 'custom', '', '{}', '{}', at,
       at + timer * interval '1 day', CASE WHEN timer = 0 THEN at END, 0, '', '',
       timer = 0
FROM (SELECT g, now() - interval '1 hour' AS at, g %% 2 AS timer
      FROM generate_series(1, %(count)s) g) AS x
"""


@pytest.fixture
def crowd(api: Api, project: Project) -> str:
    """One run that waits for an order, among thousands that wait for others."""
    run_id = start(api, waiting(match={"meta.order": "o1"}))
    with connection.cursor() as cursor:
        cursor.execute(_COPY, [OTHERS])
        cursor.execute("ANALYZE runs_wait")
        cursor.execute("ANALYZE source_events_sourceevent")
    return run_id


def test_only_who_wants_an_event_is_read(project: Project, crowd: str) -> None:
    event_id = append(project.id, meta={"order": "o1"})

    with CaptureQueriesContext(connection) as asked:
        found = find_waits({event_id: PAID})

    assert [wait.run_id for _, wait in found] == [crowd]
    assert len(asked) == 3
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN ANALYZE {query['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan, plan
        if "runs_wait" in query["sql"]:
            assert "using wait_for_event" in plan
            assert f"rows={OTHERS}" not in plan


def test_an_event_that_nobody_waits_for_costs_one_query(
    project: Project, crowd: str
) -> None:
    event_id = append(project.id, "custom.other")

    with CaptureQueriesContext(connection) as asked:
        assert find_waits({event_id: "custom.other"}) == []

    assert len(asked) == 1


def test_what_is_not_dispatched_yet_is_found_without_reading_what_is(
    project: Project, crowd: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, {"project": project.id, "count": OTHERS})
        cursor.execute("ANALYZE source_events_sourceevent")
    event_id = append(project.id, meta={"order": "o1"})

    with CaptureQueriesContext(connection) as asked:
        found = undispatched_before(clock.now(), [project.id], but=[])

    assert [event.id for event in found] == [event_id]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "using source_event_due" in plan, plan


def test_a_backlog_is_found_whole(api: Api, project: Project) -> None:
    start(api, waiting())
    ids = [append(project.id) for _ in range(BACKLOG_USUAL + 1)]

    found = undispatched_before(clock.now(), [project.id], but=[])

    assert [event.id for event in found] == ids
