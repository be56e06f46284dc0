"""Jobs whose worker fell silent."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from apps.identity.models import Project
from apps.jobs import leases
from apps.jobs.models import Job
from apps.jobs.services.rescue import rescue_job, rescue_jobs
from apps.kernel import clock
from apps.kernel.errors import Conflict
from apps.realtime import connections
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.specs import NO_RETRY, ONE_STEP, action, spec

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(api: Api, project: Project) -> dict[str, Any]:
    api.post("runs", {"spec": ONE_STEP})
    dispatch_all()
    found = claim(project.id, "silent")
    assert found is not None
    return found


def after_the_lease() -> datetime:
    return clock.now() + settings.LEASE + timedelta(seconds=1)


def forget_lease(job: dict[str, Any]) -> None:
    leases.release(job["job_id"])


def test_a_job_within_its_lease_is_left_alone(job: dict[str, Any]) -> None:
    assert rescue_jobs(now=clock.now()) == 0
    assert Job.objects.get().status == "claimed"


def test_an_expired_lease_gives_the_job_to_the_next_worker_as_a_new_attempt(
    api: Api, project: Project, job: dict[str, Any]
) -> None:
    forget_lease(job)

    assert rescue_jobs(now=after_the_lease()) == 1
    dispatch_all(after_the_lease())

    second = claim(project.id, "lively", now=after_the_lease())
    assert second is not None
    assert (second["attempt"], second["run_id"]) == (2, job["run_id"])
    old = {"worker_id": "silent", "attempt": 1}
    beat = api.post(f"jobs/{job['job_id']}/heartbeat", old)
    end = api.post(f"jobs/{job['job_id']}/complete", {**old, "status": "completed"})
    assert (beat.status_code, end.status_code) == (409, 409)


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_lives_in_redis_is_copied_instead(job: dict[str, Any]) -> None:
    held = leases.Held(job["job_id"], "silent", 1)
    leases.extend(held, timedelta(minutes=10))

    assert rescue_jobs(now=after_the_lease()) == 0

    row = Job.objects.get()
    assert row.status == "claimed"
    assert row.lease_expires_at is not None
    assert row.lease_expires_at > after_the_lease()


def test_a_lost_lease_uses_up_attempts(api: Api, project: Project) -> None:
    steps = spec(action("parse", retry=NO_RETRY))
    run_id = api.post("runs", {"spec": steps}).json()["id"]
    dispatch_all()
    job = claim(project.id)
    assert job is not None
    forget_lease(job)

    rescue_jobs(now=after_the_lease())
    dispatch_all(after_the_lease())

    run = api.get(f"runs/{run_id}").json()
    assert (run["status"], run["error_type"]) == ("failed", "lease_expired")


def test_a_lost_job_of_a_cancelled_run_ends_cancelled(
    api: Api, job: dict[str, Any]
) -> None:
    api.post(f"runs/{job['run_id']}/cancellations")
    forget_lease(job)

    rescue_jobs(now=after_the_lease())
    dispatch_all(after_the_lease())

    run = api.get(f"runs/{job['run_id']}").json()
    assert run["status"] == "cancelled"
    assert [row["status"] for row in run["jobs"]] == ["cancelled"]


def test_an_attempt_past_its_time_limit_fails_with_timeout(
    api: Api, project: Project
) -> None:
    retry = [{"max_retries": 0, "timeout": "10s"}]
    run_id = api.post("runs", {"spec": spec(action("slow", retry=retry))}).json()["id"]
    dispatch_all()
    job = claim(project.id)
    assert job is not None
    later = clock.now() + timedelta(seconds=11)

    assert rescue_jobs(now=later) == 1
    dispatch_all(later)

    run = api.get(f"runs/{run_id}").json()
    assert (run["status"], run["error_type"]) == ("failed", "timeout")


def test_without_redis_the_row_alone_decides(
    job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections.breaker, "is_open", lambda: True)

    assert rescue_jobs(now=clock.now()) == 0
    assert rescue_jobs(now=after_the_lease()) == 1


def test_people_can_rescue_a_job_before_its_lease_ends(job: dict[str, Any]) -> None:
    rescue_job(job["job_id"], now=clock.now())

    assert Job.objects.get().status == "lost"
    with pytest.raises(Conflict):
        rescue_job(job["job_id"], now=clock.now())
