"""Finding who waits for an event costs as much as there are who do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.identity.models import Project
from apps.runs.waiting_events import find_waits
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
