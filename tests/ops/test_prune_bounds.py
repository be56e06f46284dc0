"""Batches are short, go on where the last one ended, and read only what is old."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import MD5
from django.test.utils import CaptureQueriesContext

from apps.identity.models import Project
from apps.interactions.models import Interaction
from apps.kernel import clock
from apps.ops.services.prune import prune
from apps.ops.services.prune_rows import (
    ROWS_MAX,
    prune_answers,
    prune_calls,
    prune_deliveries,
    prune_fires,
    prune_internal_events,
    prune_source_events,
)
from apps.ops.services.prune_runs import (
    LINES_MAX,
    RUNS_MAX,
    prune_runs,
    prune_timelines,
)
from apps.ops.services.prune_sessions import prune_sessions
from apps.ops.services.prune_specs import SHARES, prune_specs
from apps.ops.tasks import prune_old_rows
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from apps.workflows.models import Spec
from tests.ops.old import ages_of, bare_runs, later, prune_project
from tests.support.factories import make_project

pytestmark = pytest.mark.django_db


def facts(project: Project, count: int, *, public: bool = True) -> None:
    """Insert dispatched events of now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO source_events_sourceevent (id, project_id, event_type,"
            " source_kind, source_id, run_id, event, meta, public, created_at, due_at,"
            " dispatched_at, failures, last_error)"
            " SELECT 'sevt_' || md5(random()::text), %s, 'custom.paid', 'custom', '',"
            " %s, '{}', '{}', %s, now(), now(), now(), 0, ''"
            " FROM generate_series(1, %s)",
            [project.id, "" if public else "run_1", public, count],
        )


def test_a_batch_deletes_no_more_runs_than_it_may_and_the_next_goes_on(
    project: Project,
) -> None:
    bare_runs(project, 50, days_ago=92)
    bare_runs(project, RUNS_MAX + 20, days_ago=91)
    ages = ages_of(project)

    assert prune_runs(ages) == {"runs": RUNS_MAX}
    assert prune_runs(ages) == {"runs": 70}
    assert prune_runs(ages) == {}


def test_what_ended_first_goes_first(project: Project) -> None:
    bare_runs(project, 50, days_ago=91)
    bare_runs(project, RUNS_MAX, days_ago=92)

    prune_runs(ages_of(project))

    assert Run.objects.count() == 50
    assert not Run.objects.filter(completed_at__lt=later(days=-91.5)).exists()


def test_a_batch_deletes_no_more_lines_than_it_may(project: Project) -> None:
    bare_runs(project, 7, lines=1000, days_ago=91)
    ages = ages_of(project)

    assert prune_runs(ages) == {"runs": 5, "run_events": 5000}
    assert prune_runs(ages) == {"runs": 2, "run_events": 2000}


@pytest.mark.parametrize("keep_lines", [90, 7])
def test_a_timeline_of_any_length_goes_piece_by_piece(
    project: Project, keep_lines: int
) -> None:
    Project.objects.update(keep_run_events_days=keep_lines)
    bare_runs(project, 1, lines=2 * LINES_MAX + 10, days_ago=91)
    ages = ages_of(project)
    batch = prune_timelines if keep_lines < 90 else prune_runs

    assert batch(ages) == {"run_events": LINES_MAX}
    assert RunEvent.objects.order_by("seq").values_list("seq", flat=True)[0] == (
        LINES_MAX + 1
    )
    assert batch(ages) == {"run_events": LINES_MAX}
    assert batch(ages)["run_events"] == 10
    assert prune_runs(ages) == ({"runs": 1} if keep_lines < 90 else {})


def test_events_go_in_batches(project: Project) -> None:
    facts(project, ROWS_MAX + 5)
    Project.objects.update(keep_source_events_days=1)
    project.refresh_from_db()
    ages = type(ages_of(project)).of(project, later(days=2))

    assert prune_source_events(ages) == {"source_events": ROWS_MAX}
    assert prune_source_events(ages) == {"source_events": 5}


def test_a_call_ends_when_its_time_is_up_and_the_next_goes_on(
    project: Project,
) -> None:
    bare_runs(project, 2 * RUNS_MAX, days_ago=91)

    # One batch each; the first of all is of another kind.
    assert prune(now=clock.now(), seconds=0) == {}
    assert prune_runs(ages_of(project)) == {"runs": RUNS_MAX}
    assert prune_old_rows.run() == RUNS_MAX
    assert not Run.objects.exists()


def test_a_large_project_does_not_keep_a_small_one_waiting(project: Project) -> None:
    small = make_project("small")
    bare_runs(project, 4 * RUNS_MAX, days_ago=91)
    bare_runs(small, 1, days_ago=91)

    with CaptureQueriesContext(connection) as queries:
        prune(now=clock.now())

    deletion = "DELETE FROM runs_run "
    turns = [q["sql"].count("run_") for q in queries if q["sql"].startswith(deletion)]
    assert sorted(turns) == [1, *[RUNS_MAX] * 4]
    assert turns.index(1) <= 1


# --- Plans ---------------------------------------------------------------------------


def crowd(project: Project) -> None:
    """Tables with a lot in them that is not old, and a little that is."""
    bare_runs(project, 3000, lines=2, days_ago=1)
    bare_runs(project, 20, lines=2, days_ago=91)
    facts(project, 3000)
    facts(project, 6000, public=False)
    # Timers of runs that sleep.
    SourceEvent.objects.filter(
        id__in=SourceEvent.objects.filter(public=False).values("id")[:3000]
    ).update(dispatched_at=None, due_at=later(days=100), run_id=MD5("id"))
    now = clock.now()
    Interaction.objects.bulk_create(
        Interaction(
            project_id=project.id,
            run_id=run_id,
            type="approval",
            status="expired",
            message="?",
            target_type="user",
            target_id="prin_x",
            created_at=now,
            updated_at=now,
        )
        for run_id in Run.objects.values_list("id", flat=True)[:1000]
    )
    Spec.objects.bulk_create(
        Spec(digest=f"{n % 256:02x}{n:062x}", body={}, created_at=later(days=-n))
        for n in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO jobs_job (id, project_id, run_id, task_id, workflow_name,"
            " step_name, path, action, queue, parameters, status, attempt,"
            " max_attempts, available_at, worker_id, cancel_requested, error_type,"
            " error_message, created_at, updated_at)"
            " SELECT 'job_' || md5(id), project_id, id, 1, 'w', 's', 'main', 'a', 'q',"
            " '{}', 'completed', 1, 1, now(), '', false, '', '', now(), now()"
            " FROM runs_run"
        )
        cursor.execute(
            "INSERT INTO triggers_triggerfire (id, trigger_id, project_id, dedup_key,"
            " status, error, run_ids, source_event_id, fired_at)"
            " SELECT 'fire_' || md5(id), 'trg_1', project_id, id, 'success', '', '{}',"
            " id, now() FROM source_events_sourceevent"
        )
        closed_sessions(cursor, project, 3000, days_ago=1)
        closed_sessions(cursor, project, 20, days_ago=91)
        cursor.execute("ANALYZE")


def closed_sessions(
    cursor: Any, project: Project, count: int, *, days_ago: int
) -> None:
    """Insert closed sessions with two messages each."""
    place = {"project": project.id, "count": count, "at": later(days=-days_ago)}
    cursor.execute(
        "WITH over AS (INSERT INTO agents_session (id, project_id, agent_id,"
        " session_key, title, status, metadata, last_sequence, created_by, created_at,"
        " updated_at, closed_at) SELECT 'ses_' || gen_random_uuid(), %(project)s,"
        " 'agt_1', '', '', 'closed', '{}', 2, '', %(at)s, %(at)s, %(at)s"
        " FROM generate_series(1, %(count)s) RETURNING id)"
        " INSERT INTO agents_sessionmessage (id, project_id, session_id, sequence,"
        " role, content, metadata, created_by, created_at)"
        " SELECT 'msg_' || gen_random_uuid(), %(project)s, over.id, n, 'user', '[]',"
        " '{}', '', %(at)s FROM over, generate_series(1, 2) AS n",
        place,
    )


def scans(plan: Any) -> list[dict[str, Any]]:
    """Every node of a plan that reads a table."""
    found = [plan] if plan["Node Type"].endswith("Scan") else []
    for part in plan.get("Plans", ()):
        found += scans(part)
    return found


def prune_a_share(now: datetime) -> None:
    """A batch of specs."""
    prune_specs(SHARES[7], now)


#: Scans of what a statement has in its hands, not of a table.
DERIVED = {"Subquery Scan", "CTE Scan", "Function Scan", "Values Scan"}
BATCHES = [
    prune_runs,
    prune_timelines,
    prune_source_events,
    prune_internal_events,
    prune_answers,
    prune_deliveries,
    prune_fires,
    prune_calls,
    prune_a_share,
    prune_sessions,
]


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch.__name__)
def test_no_statement_of_a_batch_reads_a_whole_table(
    project: Project, batch: Any
) -> None:
    Project.objects.update(keep_run_events_days=7)
    crowd(project)
    ages = ages_of(project)
    of_project: list[Any] = [prune_runs, prune_timelines]
    of_project += [prune_source_events, prune_internal_events, prune_sessions]

    with CaptureQueriesContext(connection) as queries:
        batch(ages if batch in of_project else ages.now)

    words = ("SELECT", "DELETE", "UPDATE")
    asked = [q["sql"] for q in queries if q["sql"].strip().startswith(words)]
    assert asked
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (FORMAT JSON) " + sql)
            (plan,) = cursor.fetchone()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        for node in scans(plan[0]["Plan"]):
            found = {"Index Cond", "Recheck Cond"} & set(node)
            assert found or node["Node Type"] in DERIVED, json.dumps(node)


def test_pruning_a_crowd_leaves_what_is_not_old(project: Project) -> None:
    crowd(project)

    deleted = prune_project(project)

    assert deleted.pop("interactions", 0) <= 20
    of_sessions = {"sessions": 20, "messages": 40}
    assert deleted == {"runs": 20, "run_events": 40, "jobs": 20, **of_sessions}
    assert Run.objects.count() == 3000
