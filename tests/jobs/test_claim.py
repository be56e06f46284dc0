"""Claiming: order, filters, visibility."""

from datetime import timedelta

import pytest

from apps.identity.models import Project
from apps.jobs.models import Job, Worker
from apps.jobs.services.claim import Claim, claim_job, give_back
from apps.kernel import clock
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.factories import make_project
from tests.support.specs import ONE_STEP, action, spec

pytestmark = pytest.mark.django_db


def start(api: Api, **body: object) -> str:
    answer = api.post("runs", {"spec": ONE_STEP, **body})
    assert answer.status_code == 202, answer.content
    dispatch_all()
    return str(answer.json()["id"])


def test_the_job_that_is_due_longest_goes_first(api: Api, project: Project) -> None:
    first, second = start(api), start(api)

    claimed = [claim(project.id), claim(project.id)]

    assert [job and job["run_id"] for job in claimed] == [first, second]


def test_age_counts_across_queues(api: Api, project: Project) -> None:
    slow, quick = start(api, queue="slow"), start(api, queue="quick")

    job = claim(project.id, queues=("quick", "slow"))

    assert job is not None
    assert job["run_id"] == slow
    assert claim(project.id, queues=("quick", "slow"))["run_id"] == quick  # type: ignore[index]


def test_a_worker_gets_jobs_of_its_queues_only(api: Api, project: Project) -> None:
    start(api, queue="gpu")

    assert claim(project.id, queues=("default",)) is None
    job = claim(project.id, queues=("gpu",))
    assert job is not None
    assert job["queue"] == "gpu"


def test_no_queues_means_any_queue(api: Api, project: Project) -> None:
    start(api, queue="gpu")

    assert claim(project.id) is not None


def test_a_worker_gets_actions_it_knows_only(api: Api, project: Project) -> None:
    start(api)
    wanted = api.post("runs", {"spec": spec(action("index"))}).json()["id"]
    dispatch_all()

    job = claim(project.id, queues=("default",), actions=("do.index",))

    assert job is not None
    assert job["run_id"] == wanted
    assert claim(project.id, actions=("do.index",)) is None


def test_jobs_of_another_project_do_not_exist(api: Api, project: Project) -> None:
    start(api)

    assert claim(make_project("elsewhere").id) is None


def test_a_job_is_not_claimable_before_its_time(api: Api, project: Project) -> None:
    start(api)
    later = clock.now() + timedelta(minutes=5)
    Job.objects.update(available_at=later)

    assert claim(project.id) is None
    assert claim(project.id, now=later) is not None


def test_the_answer_has_the_fields_of_the_protocol_and_no_more(
    api: Api, project: Project
) -> None:
    start(api, inputs={})

    job = claim(project.id)

    assert job is not None
    assert set(job) == {
        *("job_id", "run_id", "workflow_name", "step_name", "action"),
        *("parameters", "attempt", "queue", "heartbeat_interval_seconds"),
    }
    assert (job["workflow_name"], job["attempt"]) == ("test-flow", 1)


def test_the_first_claim_registers_the_worker(api: Api, project: Project) -> None:
    before = clock.now()

    claim(project.id, "brand-new", queues=("default",), worker_version="1.2")

    worker = Worker.objects.get(worker_id="brand-new")
    assert (worker.version, worker.queues) == ("1.2", ["default"])
    assert worker.last_heartbeat_at >= before
    (shown,) = api.get("workers").json()["items"]
    assert (shown["worker_id"], shown["stale"], shown["jobs"]) == (
        "brand-new",
        False,
        [],
    )


def test_the_worker_list_says_what_each_is_doing(api: Api, project: Project) -> None:
    run_id = start(api)
    claim(project.id, "busy")

    (shown,) = api.get("workers").json()["items"]

    assert [job["run_id"] for job in shown["jobs"]] == [run_id]


def test_a_claim_that_reached_nobody_goes_back_as_the_same_attempt(
    api: Api, project: Project
) -> None:
    start(api)
    wanted = Claim(project.id, "w1")
    job = claim_job(wanted, now=clock.now())
    assert job is not None

    give_back(wanted, job)

    again = claim(project.id, "w2")
    assert again is not None
    assert (again["job_id"], again["attempt"]) == (job["job_id"], 1)
