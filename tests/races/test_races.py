"""Real threads, real commits: whoever comes first, the promises hold."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import connection

from apps.dispatch.services.drain import drain_batch
from apps.identity.models import Project
from apps.jobs import leases
from apps.jobs.fence import Fence
from apps.jobs.models import Job
from apps.jobs.services.claim import Claim, claim_job
from apps.jobs.services.complete import Report, complete_job
from apps.jobs.services.rescue import rescue_jobs
from apps.kernel import clock
from apps.kernel.errors import LeaseLost
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from apps.runs.services.cancel import cancel_run
from apps.runs.services.retry import retry_run
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import NO_RETRY, ONE_STEP, TWO_STEPS, action, spec

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8
Answer = TypeVar("Answer")


def at_once(*calls: Callable[[], Answer]) -> list[Answer | Exception]:
    """Run calls in threads that begin together; return answers or errors in order."""
    together = Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer | Exception:
        together.wait()
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def start(api: Api, authored: dict[str, Any] = ONE_STEP) -> str:
    run_id = api.post("runs", {"spec": authored}).json()["id"]
    dispatch_all()
    return str(run_id)


def held_job(api: Api, project: Project) -> Fence:
    start(api)
    job = claim(project.id, "w1")
    assert job is not None
    return Fence(project.id, job["job_id"], "w1", job["attempt"])


def assert_told_once(run_id: str) -> None:
    events = list(RunEvent.objects.filter(run_id=run_id).order_by("seq"))
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    ends = [e for e in events if e.type in ("run.completed", "run.cancelled")]
    assert len(ends) == 1
    assert ends[0] is events[-1]


def test_no_job_goes_to_two_workers(api: Api, project: Project) -> None:
    for _ in range(8):
        start(api)
    now = clock.now()

    claimed = at_once(
        *(lambda n=n: claim_job(Claim(project.id, f"w{n}"), now=now) for n in range(8))
    )

    jobs = {job["job_id"] for job in claimed if isinstance(job, dict)}
    assert len(jobs) == 8


def test_one_job_goes_to_one_of_many_workers(api: Api, project: Project) -> None:
    start(api)
    now = clock.now()

    claimed = at_once(
        *(
            lambda n=n: claim_job(
                Claim(project.id, f"w{n}", ("default", "other")), now=now
            )
            for n in range(8)
        )
    )

    assert sum(isinstance(job, dict) for job in claimed) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_complete_against_cancel_ends_once(
    api: Api, project: Project, round_: int
) -> None:
    fence = held_job(api, project)
    run_id = Job.objects.get().run_id

    def complete() -> None:
        complete_job(fence, Report(True, b"1", 1), now=clock.now())
        drain_batch(clock.now())

    at_once(complete, lambda: cancel_run(project.id, run_id, now=clock.now()))
    dispatch_all()

    assert Run.objects.get().status in ("completed", "cancelled")
    assert_told_once(run_id)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_complete_against_lease_expiry_has_one_winner(
    api: Api, project: Project, round_: int
) -> None:
    fence = held_job(api, project)
    leases.release(fence.job_id)
    late = clock.now() + settings.LEASE + timedelta(seconds=1)

    reported, rescued = at_once(
        lambda: complete_job(fence, Report(True, b"1", 1), now=late),
        lambda: rescue_jobs(now=late),
    )

    dispatch_all(late)
    job = Job.objects.get(attempt=1)
    if isinstance(reported, LeaseLost):
        assert (rescued, job.status) == (1, "lost")
        assert Job.objects.filter(attempt=2, status="pending").exists()
    else:
        assert (reported, rescued, job.status) == (True, 0, "completed")
        assert Run.objects.get().status == "completed"


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_retry_against_a_late_complete_runs_the_step_again(
    api: Api, project: Project, round_: int
) -> None:
    run_id = start(api, spec(action("parse", retry=NO_RETRY)))
    job = claim(project.id, "w1")
    assert job is not None
    fence = Fence(project.id, job["job_id"], "w1", 1)
    late = clock.now() + settings.LEASE + timedelta(seconds=1)
    leases.release(fence.job_id)
    rescue_jobs(now=late)
    dispatch_all(late)
    assert Run.objects.get().status == "failed"

    late_answer, _ = at_once(
        lambda: complete_job(fence, Report(True, b"1", 1), now=late),
        lambda: retry_run(project.id, run_id, now=late),
    )

    dispatch_all(late)
    assert isinstance(late_answer, LeaseLost)
    run = Run.objects.get()
    assert (run.status, run.attempt) == ("queued", 2)


def test_many_dispatchers_move_each_run_once(api: Api, project: Project) -> None:
    ids = [api.post("runs", {"spec": TWO_STEPS}).json()["id"] for _ in range(40)]

    def drain() -> int:
        total = 0
        while taken := drain_batch(clock.now(), limit=7):
            total += taken
        return total

    totals = at_once(*(drain for _ in range(4)))

    assert sum(total for total in totals if isinstance(total, int)) == len(ids)
    assert Job.objects.count() == len(ids)
    for run_id in ids:
        seqs = RunEvent.objects.filter(run_id=run_id).values_list("seq", flat=True)
        assert sorted(seqs) == [1, 2, 3]


def test_dispatchers_that_share_runs_never_deadlock(api: Api, project: Project) -> None:
    branches = spec(
        action("fork", next=[{"step": f"b{n}", "branch": f"p{n}"} for n in range(4)]),
        *(action(f"b{n}") for n in range(4)),
    )
    for _ in range(5):
        start(api, branches)
    for _ in range(5):
        job = claim(project.id, "w")
        assert job is not None
        fence = Fence(project.id, job["job_id"], "w", 1)
        complete_job(fence, Report(True), now=clock.now())
    dispatch_all()
    while job := claim_job(Claim(project.id, "w"), now=clock.now()):
        fence = Fence(project.id, job["job_id"], "w", 1)
        complete_job(fence, Report(True), now=clock.now())

    def drain() -> int:
        total = 0
        while taken := drain_batch(clock.now(), limit=3):
            total += taken
        return total

    answers = at_once(*(drain for _ in range(4)))

    assert all(isinstance(answer, int) for answer in answers), answers
    dispatch_all()
    assert set(Run.objects.values_list("status", flat=True)) == {"completed"}
    for run_id in Run.objects.values_list("id", flat=True):
        assert_told_once(run_id)


def test_idempotent_starts_at_once_start_one_run(api: Api) -> None:
    keyed = [Api(api.project, api.key) for _ in range(6)]

    answers = at_once(
        *(
            lambda one=one: one.post(
                "runs", {"spec": ONE_STEP}, **{"Idempotency-Key": "once"}
            )
            for one in keyed
        )
    )

    bodies = {answer.json()["id"] for answer in answers}  # type: ignore[union-attr]
    assert len(bodies) == 1
    assert Run.objects.count() == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_signals_sent_one_after_the_other_arrive_in_order(
    api: Api, project: Project, round_: int
) -> None:
    waits = [
        {
            "name": f"wait-{n}",
            "wait_signal": {"topic": "n", "timeout": "1h", "store": f"v{n}"},
        }
        for n in range(3)
    ]
    use = action("use", parameters={f"v{n}": f"${{state.v{n}}}" for n in range(3)})
    run_id = start(api, spec(*waits, use))
    for n in range(3):
        api.post(f"runs/{run_id}/signals", {"name": "n", "payload": n})

    at_once(*(lambda: drain_batch(clock.now(), limit=1) for _ in range(3)))

    dispatch_all()
    job = claim(project.id)
    assert job is not None
    assert job["parameters"] == {"v0": 0, "v1": 1, "v2": 2}
