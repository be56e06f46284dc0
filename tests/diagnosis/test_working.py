"""Why work does not get done: nobody takes it, somebody has it, it failed before."""

from typing import Any

import pytest
from django.conf import settings

from apps.diagnosis.reasons import Code
from apps.identity.models import Project
from apps.jobs.models import Job
from apps.jobs.presence import show_worker
from apps.jobs.services.rescue import rescue_jobs
from apps.kernel import clock
from tests.diagnosis.asking import diagnosis, only, reasons, report, start
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.factories import make_principal
from tests.support.frozen import FrozenClock
from tests.support.specs import action

pytestmark = pytest.mark.django_db
RETRY = [{"max_retries": 4, "base_delay": "30s", "jitter_strategy": "NONE"}]


def see(project: Project, name: str, **what: Any) -> None:
    """A worker asks for work, and goes away."""
    show_worker(project.id, name, now=clock.now(), **what)


def test_without_any_worker_the_queue_and_action_are_named(
    api: Api, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a"), queue="gpu")

    found = diagnosis(api, run_id)

    (reason,) = found["reasons"]
    assert reason["code"] == Code.NO_WORKER
    assert reason["message"] == (
        "no worker has asked for work in the last days; do.a waits on queue gpu"
    )
    assert (reason["step"], reason["path"]) == ("a", "main")
    assert reason["since"] == found["checked_at"] == "2026-05-04T12:00:00.000000Z"
    assert found["run_id"] == run_id
    assert found["status"] == "queued"
    assert found["summary"] == f"The run is queued: step a: {reason['message']}."


def test_the_workers_that_nearly_would_do_are_told_nearest_first(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    see(project, "gone", queues=["gpu"], actions=["do.a"])
    frozen.tick(minutes=3)
    see(project, "other-queue", queues=["cpu"], actions=["do.a"])
    see(project, "no-action", queues=["gpu"], actions=["do.b"])
    see(project, "neither", queues=["cpu"], actions=["do.b"])
    run_id = start(api, action("a"), queue="gpu")

    reason = only(api, run_id)

    assert reason["code"] == Code.NO_WORKER
    near = reason["details"]["near_workers"]
    assert [one["worker_id"] for one in near] == ["gone", "no-action", "other-queue"]
    assert [one["is_live"] for one in near] == [False, True, True]
    assert near[0]["why"].endswith("silent since 2026-05-04 12:00:00 UTC")
    assert "on the queue without the action" in near[1]["why"]
    assert near[0]["why"] in reason["message"]


def test_a_worker_of_another_project_is_not_near(
    api: Api, stranger: Api, frozen: FrozenClock
) -> None:
    stranger.post("jobs/claim", {"worker_id": "w1"})
    run_id = start(api, action("a"))

    assert only(api, run_id)["details"]["near_workers"] == []


def test_live_workers_that_are_busy_are_counted(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    start(api, action("a"))
    assert claim(project.id, "w1") is not None
    see(project, "idle")
    run_id = start(api, action("a"))
    frozen.tick(seconds=7)

    reason = only(api, run_id)

    assert reason["code"] == Code.WAITING_FOR_CLAIM
    assert reason["details"]["live_workers"] == 2
    assert reason["details"]["busy_workers"] == 1
    assert "7.0 s" in reason["message"]


def test_a_claimed_job_says_who_has_it_and_until_when(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a", retry=[{"max_retries": 2, "timeout": "10m"}]))
    job = claim(project.id, "w7")
    assert job is not None
    frozen.tick(seconds=45)
    beat = {"worker_id": "w7", "attempt": 1}
    assert api.post(f"jobs/{job['job_id']}/heartbeat", beat).status_code == 200

    reason = only(api, run_id)

    assert reason["code"] == Code.JOB_CLAIMED
    assert reason["since"] == "2026-05-04T12:00:00.000000Z"
    assert reason["until"] == "2026-05-04T12:10:00.000000Z"
    details = reason["details"]
    assert (details["worker_id"], details["attempt"], details["max_attempts"]) == (
        *("w7", 1),
        3,
    )
    assert details["last_heartbeat_at"].startswith("2026-05-04T12:00:4")
    assert details["lease_until"].startswith("2026-05-04T12:01:4")


def test_a_worker_that_asked_people_says_whom(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    rita = make_principal(project, kind="human", name="rita", role="Operator")
    run_id = start(api, action("a"))
    job = claim(project.id)
    assert job is not None
    question = {
        "worker_id": "w1",
        "attempt": 1,
        "type": "approval",
        "message": "Go on?",
        "target": {"type": "user", "id": rita.id},
    }
    asked = api.post(f"jobs/{job['job_id']}/interactions", question)
    assert asked.status_code in (200, 201), asked.json()

    reason = only(api, run_id)

    assert reason["code"] == Code.JOB_CLAIMED
    assert "it asked rita to answer" in reason["message"]
    assert reason["details"]["interaction"]["users"][0]["id"] == rita.id


def test_a_worker_whose_lease_ran_out_is_told(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a"))
    assert claim(project.id, "silent") is not None
    frozen.tick(seconds=settings.LEASE.total_seconds() + 5)

    reason = only(api, run_id)

    assert reason["code"] == Code.LEASE_EXPIRED
    assert reason["until"] == "2026-05-04T12:01:00.000000Z"
    assert "silent" in reason["message"]
    rescue_jobs(now=clock.now())
    dispatch_all()
    assert only(api, run_id)["code"] != Code.LEASE_EXPIRED


def test_a_retry_that_waits_tells_the_attempt_and_the_last_error(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a", retry=RETRY))
    report(api, project, status="failed", error_type="io", error_message="no disk")

    reason = only(api, run_id)

    assert reason["code"] == Code.BACKING_OFF
    assert reason["until"] == "2026-05-04T12:00:30.000000Z"
    assert reason["message"].startswith("attempt 2 of 5 at do.a begins at")
    assert reason["message"].endswith("after io: no disk")
    assert reason["details"]["last_error_type"] == "io"


def test_paths_before_a_join_say_whom_they_wait_for(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    fork = {
        "name": "fork",
        "action": "do.fork",
        "next": [{"step": "a", "branch": "left"}, {"step": "b", "branch": "right"}],
    }
    both = {"branches": ["left", "right"]}
    run_id = start(
        api,
        fork,
        action("a", next=[{"step": "j"}]),
        action("b", next=[{"step": "j"}]),
        {"name": "j", "join": both},
    )
    report(api, project)
    report(api, project)

    found = reasons(api, run_id)

    assert set(found) == {Code.WAITING_FOR_CLAIM, Code.WAITING_FOR_PATHS}
    waiting = found[Code.WAITING_FOR_PATHS]
    assert (waiting["step"], waiting["path"]) == ("j", "left")
    assert waiting["details"]["live_paths"] == ["right"]
    assert found[Code.WAITING_FOR_CLAIM]["path"] == "right"
    assert diagnosis(api, run_id)["summary"].endswith("(and 1 more).")


def test_a_task_that_nothing_will_move_is_a_defect_and_said_to_be_one(
    api: Api, frozen: FrozenClock
) -> None:
    run_id = start(api, action("a"))
    Job.objects.filter(run_id=run_id).delete()

    reason = only(api, run_id)

    assert reason["code"] == Code.STUCK
    assert reason["step"] == "a"
    assert "defect" in reason["message"]
