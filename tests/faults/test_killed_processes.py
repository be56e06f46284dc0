"""Kill a process of the system, or somebody's worker, in the middle of its work."""

import contextlib
from collections.abc import Iterator

import psycopg
import pytest

from tests.faults.children import kill_children
from tests.faults.load import Load, slow_run
from tests.support.remote import HandWorker
from tests.support.specs import ONE_STEP, action, spec
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

CHILD_KILLS = 6
LONG_SECONDS = 60.0
WAITING = spec(
    {"name": "wait", "wait_signal": {"topic": "go", "timeout": "1h"}}, action("after")
)


def test_a_killed_worker_process_loses_its_jobs_to_the_next(load: Load) -> None:
    run_id = load.remote.start(**slow_run(LONG_SECONDS))
    load.adopt(run_id)
    load.remote.wait_for(run_id, "running")
    [(holder,)] = load.rows(
        "SELECT split_part(worker_id, '-', 1) FROM jobs_job WHERE run_id = %s", run_id
    )

    load.kill_worker(holder)

    load.heal()
    attempts = load.remote.run(run_id)["jobs"][:2]
    assert [job["status"] for job in attempts] == ["lost", "completed"]
    load.start_worker(holder)
    assert load.finish() > 0


def test_celery_children_killed_again_and_again_leave_nothing_half_done(
    stack: Stack, load: Load
) -> None:
    for _ in range(CHILD_KILLS):
        kill_children(stack)
        load.await_finished(1)

    assert load.finish() > 0


@contextlib.contextmanager
def locked_run(load: Load, run_id: str) -> Iterator[None]:
    """Hold the lock of a run's row."""
    with psycopg.connect(load.stack.database_url) as connection:
        connection.execute("SELECT FROM runs_run WHERE id = %s FOR UPDATE", [run_id])
        yield


def waiting_transitions(load: Load) -> list[int]:
    """Sessions that are in a transition and wait for the lock of a run."""
    return [
        row[0]
        for row in load.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND query LIKE '%FROM runs_run WHERE id = ANY%FOR UPDATE%'"
        )
    ]


def test_a_transition_whose_process_is_killed_happens_again_from_the_start(
    stack: Stack, load: Load
) -> None:
    worker = HandWorker(load.remote, "by-hand")
    run_id = load.remote.start(ONE_STEP, queue="by-hand")
    load.adopt(run_id)
    job = worker.claim(queues=["by-hand"])
    load.remote.wait_for(run_id, "running")

    with locked_run(load, run_id):
        assert worker.complete(job, "done").status == 204
        wait_until(lambda: waiting_transitions(load))
        kill_children(stack)
    load.heal()

    run = load.remote.wait_for(run_id)
    assert (run["status"], run["result"]) == ("completed", "done")
    assert load.finish() > 0


@pytest.mark.parametrize(
    "parts", [["worker"], ["beat"], ["worker", "beat"]], ids=" and ".join
)
def test_what_moves_runs_is_killed_and_comes_back(
    stack: Stack, load: Load, parts: list[str]
) -> None:
    for part in parts:
        stack.kill(part)
    for part in parts:
        stack.wait_running(part)

    assert load.finish() > 0


def test_web_is_killed_with_streams_open_and_claims_held(
    stack: Stack, load: Load
) -> None:
    run_id = load.remote.start(WAITING)
    load.adopt(run_id)
    reader = load.watch(run_id)
    load.remote.wait_for(run_id, "suspended")
    connections = load.connections()

    stack.kill("web")
    stack.wait_running("web")
    assert load.remote.post(f"runs/{run_id}/signals", {"name": "go"}).status == 202

    assert load.finish() > 0
    assert reader.connections > 1
    assert load.connections() > connections
