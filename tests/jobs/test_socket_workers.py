"""Workers on sockets as others see them: lists, the admin, what a job is part of."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.identity.models import Project
from apps.jobs.models import Worker
from tests.admin.conftest import page_of
from tests.support.api import Api
from tests.support.drive import dispatch_all, start_run
from tests.support.published_worker import PublishedWorker
from tests.support.remote import Remote
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("dialect", "origin"),
    [
        ("automation", "automation_action_step"),
        ("loop", "loop_action_step"),
        ("workflow", "server_internal"),
    ],
)
def test_a_job_says_what_it_is_part_of(
    api: Api, worker: SocketWorker, dialect: str, origin: str
) -> None:
    step = {"kind": "action", "config": {"action_name": "do.it", "parameters": {}}}
    if dialect == "workflow":
        start_run(api)
    elif dialect == "loop":
        loop = api.post("loops", {"name": "l", "steps": [{"id": "a", **step}]}).json()
        api.post(f"loops/{loop['id']}/runs")
    else:
        api.post("automations", {"name": "a", "handle": "a"})
        api.post("automations/a/versions", {"spec": {"steps": [{"key": "a", **step}]}})
        api.post("automations/a/versions/1/publication")
        api.post("automations/a/runs")
    dispatch_all()

    (job,) = worker.claim()

    assert job["origin"] == origin
    assert job["step_id"].startswith(f"{job['run_id']}.")


def test_the_list_of_sessions_shows_what_each_worker_is_doing(
    url: str, api: Api
) -> None:
    with SocketWorker.on(url, api) as worker:
        worker.register(
            concurrency_limit=4,
            action_names=["do.parse"],
            models=[{"provider": "p", "model": "m"}],
        )
        run_id = start_run(api)
        (job,) = worker.claim(4)

        answer = api.get("worker-sessions").json()

    (shown,) = answer["items"]
    assert (shown["worker_instance_id"], shown["instance_status"]) == ("w1", "active")
    assert shown["action_names"] == ["do.parse"]
    assert shown["models"] == [{"provider": "p", "model": "m"}]
    (current,) = shown["current_jobs"]
    assert (current["id"], current["run_id"]) == (job["id"], run_id)
    assert answer["totals"] == {
        "active_instances": 1,
        "slots": 4,
        "busy": 1,
        "stale": 0,
    }


@pytest.fixture
def chief(transactional_db: None) -> Client:
    """Somebody who may do everything in the admin."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))
    return client


def press_drain(chief: Client) -> str:
    page = page_of(Worker, Worker.objects.get().id, "drain")
    answer = chief.post(page, {"_form_submitted": "on"}, follow=True)
    return answer.content.decode()


def test_a_worker_is_drained_in_the_admin(
    api: Api, chief: Client, worker: SocketWorker
) -> None:
    assert "takes no more" in press_drain(chief)

    worker.expect("worker.drain")
    (shown,) = api.get("worker-sessions").json()["items"]
    assert shown["instance_status"] == "draining"


@pytest.mark.parametrize("version", ["0.0.23", "0.0.28", "0.0.61"])
def test_a_published_worker_that_is_drained_ends(
    url: str, project: Project, api: Api, chief: Client, version: str
) -> None:
    remote = Remote(url, api.key, project.handle)
    worker = PublishedWorker(version, remote, worker_instance_id="w1")
    try:
        wait_until(lambda: Worker.objects.exclude(connection_id="").exists())
        api.post(
            "runs",
            {"spec": {"name": "w", "steps": [{"name": "a", "action": "wait"}]}},
        )
        dispatch_all()
        worker.expect("waiting")

        press_drain(chief)
        (run,) = api.get("runs").json()["items"]
        api.post(f"runs/{run['id']}/cancellations")

        worker.expect("cancelled")
        worker.expect("end")
    finally:
        worker.close()
