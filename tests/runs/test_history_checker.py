"""The history checker is silent about sound rows and names every broken promise."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.identity.models import Project
from apps.jobs.models import Job, JobStatus
from apps.run_events.models import RunEvent, RunStream
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.history import check_history, violations_of

WORK = {"name": "work", "steps": [{"name": "only", "action": "doc.parse"}]}
WAIT = {
    "name": "wait",
    "steps": [{"name": "ask", "wait_signal": {"topic": "go", "timeout": "1h"}}],
}
LINES = 9


def start(api: Api, spec: dict[str, Any]) -> str:
    answer = api.post("runs", {"spec": spec})
    assert answer.status_code == 202, answer.content
    dispatch_all()
    return str(answer.json()["id"])


def report(api: Api, project: Project, **how: Any) -> None:
    job = claim(project.id)
    assert job is not None
    body = {"worker_id": "w1", "attempt": job["attempt"], **how}
    answer = api.post(f"jobs/{job['job_id']}/complete", body)
    assert answer.status_code == 204, answer.content
    dispatch_all()


def complete_one(api: Api, project: Project) -> str:
    run_id = start(api, WORK)
    report(api, project, status="completed", result_b64=b64({"pages": 3}))
    return run_id


@pytest.mark.django_db
def test_runs_of_every_status_keep_all_promises(api: Api, project: Project) -> None:
    complete_one(api, project)
    failed = start(api, WORK)
    report(api, project, status="failed", error_type="fatal_error")
    retried = start(api, WORK)
    report(api, project, status="failed", error_type="fatal_error")
    assert api.post("runs/retries", {"run_ids": [retried]}).json()["failures"] == {}
    dispatch_all()
    report(api, project, status="completed")
    cancelled = start(api, WORK)
    assert api.post(f"runs/{cancelled}/cancellations").status_code == 204
    dispatch_all()
    running = start(api, WORK)
    assert claim(project.id) is not None
    queued, suspended = start(api, WORK), start(api, WAIT)

    statuses = {
        run_id: api.get(f"runs/{run_id}").json()["status"]
        for run_id in (failed, retried, cancelled, running, queued, suspended)
    }
    assert list(statuses.values()) == [
        "failed",
        "completed",
        "cancelled",
        "running",
        "queued",
        "suspended",
    ]
    found = check_history(project.id)
    assert found.violations == []
    assert (found.runs, found.jobs) == (7, 7)


@pytest.mark.django_db
def test_a_run_that_was_started_and_not_begun_keeps_all_promises(
    api: Api, project: Project
) -> None:
    assert api.post("runs", {"spec": WORK}).status_code == 202
    assert violations_of(project.id) == []


@pytest.mark.django_db
def test_runs_of_another_project_are_not_read(
    api: Api, project: Project, stranger: Api
) -> None:
    start(stranger, WORK)
    assert check_history(project.id).runs == 0


def lose_a_line(run_id: str) -> None:
    RunEvent.objects.filter(run_id=run_id, seq=3).delete()


def lose_the_last_line(run_id: str) -> None:
    RunEvent.objects.filter(run_id=run_id, seq=LINES).delete()
    RunStream.objects.filter(run_id=run_id).update(last_seq=LINES - 1)


def move_the_head(run_id: str) -> None:
    RunStream.objects.filter(run_id=run_id).update(last_seq=LINES + 1)


def add_a_line(run_id: str, like: str) -> None:
    line = RunEvent.objects.get(run_id=run_id, type=like)
    line.pk, line.seq, line.xid = None, LINES + 1, 0
    line.save(force_insert=True)
    RunStream.objects.filter(run_id=run_id).update(last_seq=LINES + 1)


def end_twice(run_id: str) -> None:
    add_a_line(run_id, "run.completed")


def complete_twice(run_id: str) -> None:
    add_a_line(run_id, "action.completed")


def forget_the_completion(run_id: str) -> None:
    RunEvent.objects.filter(run_id=run_id, type="action.completed").update(
        type="action.failed"
    )


def fail_the_completed_job(run_id: str) -> None:
    Job.objects.filter(run_id=run_id).update(status=JobStatus.FAILED)


def add_a_job(run_id: str, status: JobStatus, attempt: int = 2) -> None:
    job = Job.objects.get(run_id=run_id)
    job.pk, job.status, job.attempt = f"{job.pk[:-1]}_", status, attempt
    job.save(force_insert=True)


def complete_another_attempt(run_id: str) -> None:
    add_a_job(run_id, JobStatus.COMPLETED)


def skip_an_attempt(run_id: str) -> None:
    add_a_job(run_id, JobStatus.FAILED, attempt=3)


def leave_a_job_in_the_queue(run_id: str) -> None:
    add_a_job(run_id, JobStatus.PENDING)


def hand_out_twice(run_id: str) -> None:
    Job.objects.filter(run_id=run_id).update(status=JobStatus.CLAIMED)
    add_a_job(run_id, JobStatus.CLAIMED)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lose_a_line, "line 3 of the timeline has the number 4"),
        (lose_the_last_line, "its last line is usage.recorded"),
        (lose_the_last_line, "completed in attempt 1 with the final lines []"),
        (move_the_head, f"the stream's head says {LINES + 1}"),
        (end_twice, "with the final lines ['run.completed', 'run.completed']"),
        (complete_twice, "task 1 was completed 2 times on the timeline"),
        (forget_the_completion, "completed and the run never knew"),
        (fail_the_completed_job, "is told completed, its job is not"),
        (complete_another_attempt, "task 1 has 2 completed jobs"),
        (skip_an_attempt, "task 1 has the attempts [1, 3]"),
        (leave_a_job_in_the_queue, "completed with 1 jobs still to claim"),
        (hand_out_twice, "task 1 is in 2 workers' hands"),
        (hand_out_twice, "task 1 was tried again before 1 was over"),
    ],
)
def test_a_broken_promise_of_a_finished_run_is_named(
    api: Api, project: Project, break_it: Callable[[str], None], words: str
) -> None:
    run_id = complete_one(api, project)
    assert RunEvent.objects.filter(run_id=run_id).count() == LINES
    break_it(run_id)
    found = violations_of(project.id)
    assert any(run_id in line and words in line for line in found), found


@pytest.mark.django_db
def test_a_queued_run_without_a_job_is_named_as_stuck(
    api: Api, project: Project
) -> None:
    run_id = start(api, WORK)
    Job.objects.filter(run_id=run_id).delete()
    assert violations_of(project.id) == [
        f"{run_id}: queued with nothing that will move it"
    ]
