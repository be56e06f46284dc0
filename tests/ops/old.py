"""Old runs, and what the tables hold of a run."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.deliveries.models import Delivery
from apps.identity.models import Project
from apps.kernel import clock
from apps.ops.retention import Ages
from apps.ops.services.prune import prune
from apps.runs.models import Run
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.specs import NO_RETRY, ONE_STEP, action, spec

_count = itertools.count(1)
#: It sleeps with a timer that is due long after every test.
NAP = spec({"name": "nap", "sleep": {"duration": "24000h"}}, action("after"))
FRAGILE = spec(action("parse", retry=NO_RETRY))


def later(**amount: float) -> datetime:
    """An instant from now on."""
    return clock.now() + timedelta(**amount)


def start(
    api: Api, authored: dict[str, Any] = ONE_STEP, *, queue: str = "default"
) -> str:
    """Start a run and let it come to its first stop; return its id."""
    run_id = str(api.post("runs", {"spec": authored, "queue": queue}).json()["id"])
    dispatch_all()
    return run_id


def report(
    api: Api, project: Project, status: str = "completed", *, queue: str = "default"
) -> None:
    """Claim a job and report it."""
    job = claim(project.id, queues=[queue])
    assert job is not None
    body = {"worker_id": "w1", "attempt": job["attempt"], "status": status}
    if status == "completed":
        body["result_b64"] = b64({})
    else:
        body |= {"error_type": "Broken", "error_message": "no"}
    answer = api.post(f"jobs/{job['job_id']}/complete", body)
    assert answer.status_code < 300, answer.content
    dispatch_all()


def finished(api: Api, project: Project, status: str = "completed") -> str:
    """Run one step to its end on a queue of its own; return the run's id."""
    queue = f"queue-{next(_count)}"
    run_id = start(api, FRAGILE, queue=queue)
    report(api, project, status, queue=queue)
    assert Run.objects.get(id=run_id).status == status
    return run_id


def cancelled(api: Api, run_id: str) -> str:
    """End a run; return its id."""
    assert api.post(f"runs/{run_id}/cancellations").status_code == 204
    dispatch_all()
    return run_id


def ended(run_id: str, days_ago: float) -> str:
    """Move the end of a run into the past; return its id."""
    at = clock.now() - timedelta(days=days_ago)
    assert Run.objects.filter(id=run_id).update(completed_at=at)
    return run_id


def sent(run_id: str) -> None:
    """Whatever was to be sent for a run is sent."""
    Delivery.objects.filter(run_id=run_id).update(status="delivered")


_BARE_RUNS = """
WITH bare AS (
    INSERT INTO runs_run (id, project_id, workflow_name, spec_digest, queue, inputs,
        metadata, external_id, status, attempt, has_result, error_type, error_message,
        cancel_requested, parent_run_id, workflow_id, workflow_version, actor_type,
        actor_id, initiated_by, created_at, completed_at, updated_at)
    SELECT 'run_' || gen_random_uuid(), %(project)s, 'bare', '0', 'default', '{}', '{}',
        '', 'completed', 1, false, '', '', false, '', '', 0, '', '', '', %(at)s, %(at)s,
        %(at)s
    FROM generate_series(1, %(count)s)
    RETURNING id
), stream AS (
    INSERT INTO run_events_runstream (run_id, project_id, last_seq)
    SELECT id, %(project)s, %(lines)s FROM bare
)
INSERT INTO run_events_runevent (run_id, seq, project_id, type, payload, status,
    from_worker, created_at)
SELECT id, seq, %(project)s, 'progress', jsonb_build_object('text', repeat('x', 200)),
    'completed', false, %(at)s
FROM bare, generate_series(1, %(lines)s) AS seq
"""


def bare_runs(project: Project, count: int, *, lines: int = 0, days_ago: float) -> None:
    """Insert finished runs with timelines of so many lines and nothing else."""
    at = clock.now() - timedelta(days=days_ago)
    place: dict[str, Any] = {
        "project": project.id,
        "count": count,
        "lines": lines,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BARE_RUNS, place)


def prune_project(project: Project, now: datetime | None = None) -> dict[str, int]:
    """Prune what is a project's own; return what went, by kind."""
    project.refresh_from_db()
    return dict(prune(now=now or clock.now(), projects=[project], server=False))


def ages_of(project: Project) -> Ages:
    """The ages in force, as of now."""
    project.refresh_from_db()
    return Ages.of(project, clock.now())


def tables_with(column: str) -> list[str]:
    """Every table that has a column of this name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = %s AND table_schema = current_schema()"
            " ORDER BY table_name",
            [column],
        )
        return [name for (name,) in cursor.fetchall()]


def rows_of(run_id: str, *, spent: bool = True) -> dict[str, list[str]]:
    """Everything the tables hold of a run, its questions included, row by row.

    Without ``spent`` what has an age of its own is left out: public facts and internal
    events that were dispatched.
    """
    found: dict[str, list[str]] = {}
    questions = "SELECT id FROM interactions_interaction WHERE run_id = %s"
    places = [(t, f"interaction_id IN ({questions})") for t in _of_questions()]
    places += [(table, "run_id = %s") for table in tables_with("run_id")]
    places += [("runs_run", "id = %s")]
    places += [("source_events_sourceevent", f"source_id IN ({questions})")]
    with connection.cursor() as cursor:
        for table, condition in places:
            if table.startswith("source_events") and not spent:
                condition += " AND NOT public AND dispatched_at IS NULL"
            cursor.execute(
                f"SELECT to_jsonb(x)::text FROM {table} AS x WHERE {condition}"
                " ORDER BY 1",
                [run_id],
            )
            rows = [row for (row,) in cursor.fetchall()]
            if rows:
                found.setdefault(table, []).extend(rows)
    return found


def _of_questions() -> list[str]:
    return tables_with("interaction_id")
