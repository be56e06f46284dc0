"""Who is on a worker socket: the upgrade, reconnects, conflicts, revoked keys."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from apps.identity.actor import OPERATOR
from apps.identity.credentials import read_bearer
from apps.identity.models import ApiKey, Project
from apps.identity.services.revoke_key import revoke_key
from apps.jobs.models import Job, Worker
from apps.kernel import clock
from tests.support.api import Api
from tests.support.drive import start_run
from tests.support.factories import (
    make_api,
    make_organization_api,
    make_project_beside,
)
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

pytestmark = pytest.mark.django_db(transaction=True)


def refusal(url: str, path: str, key: str) -> tuple[int, dict[str, Any]]:
    """What the upgrade is answered with instead of a socket."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    address = url.replace("http", "ws", 1) + path
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(address, additional_headers=headers),
    ):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"{}")


# --- The upgrade ------------------------------------------------------------------


def test_who_may_claim_jobs_may_open_a_socket(
    url: str, api_as: Callable[[str], Api]
) -> None:
    for role in ("Worker", "Admin"):
        with SocketWorker.on(url, api_as(role)) as worker:
            worker.register(role)


def test_a_socket_needs_a_good_key(url: str, api: Api) -> None:
    path = f"/v1/projects/{api.project}/workers/socket"
    for key in ("", "mbx_unknown", "garbage"):
        status, body = refusal(url, path, key)
        assert (key, status) == (key, 401)
        assert (body["code"], body["error"]["code"]) == ("unauthorized",) * 2


def test_a_socket_needs_the_permission_to_claim(
    url: str, api_as: Callable[[str], Api]
) -> None:
    viewer = api_as("Viewer")

    status, body = refusal(
        url, f"/v1/projects/{viewer.project}/workers/socket", viewer.key
    )

    assert (status, body["code"]) == (403, "permission_denied")
    assert body["details"] == {"permission": "mobius.job.claim"}


def test_another_project_has_no_socket(url: str, api: Api, stranger: Api) -> None:
    for project in (api.project, "nowhere"):
        path = f"/v1/projects/{project}/workers/socket"
        status, body = refusal(url, path, stranger.key)
        assert (project, status, body["code"]) == (project, 404, "not_found")


def test_there_is_no_socket_anywhere_else(url: str, api: Api) -> None:
    for below in ("workers", "workers/socket/", "runs/socket"):
        status, _ = refusal(url, f"/v1/projects/{api.project}/{below}", api.key)
        assert (below, status) == (below, 404)


def test_a_key_with_the_handle_of_its_project_opens_a_socket(
    url: str, api: Api
) -> None:
    pinned = Api(api.project, f"{api.key}.{api.project}")
    with SocketWorker.on(url, pinned) as worker:
        worker.register()


def test_a_key_of_the_organization_works_in_the_project_of_the_path(
    url: str, project: Project, api: Api
) -> None:
    beside = make_project_beside(project, "lab")
    key = make_organization_api(project, role="Worker").key
    lab = make_api(beside, role="Admin")
    start_run(lab)
    with (
        SocketWorker.on(url, Api("acme", key)) as here,
        SocketWorker.on(url, Api("lab", key)) as there,
    ):
        here.register()
        there.register()
        (job,) = there.claim()
        assert there.report(job)["type"] == "job.report.ack"
        start_run(api)
        assert len(here.claim()) == 1

        _revoke(Api("lab", key))

        assert here.closed_with() == there.closed_with() == 1008
    assert Job.objects.get(project_id=beside.id).status == "completed"


# --- One worker, one socket -------------------------------------------------------


def test_another_process_of_the_same_name_is_refused_while_the_first_lives(
    url: str, api: Api, worker: SocketWorker
) -> None:
    for token in ({}, {"worker_session_token": "wst_other"}):
        with SocketWorker.on(url, api) as second:
            sent = second.send("worker.register", worker_instance_id="w1", **token)
            error = second.expect("error", message_id=sent)["error"]
            assert error["code"] == "worker_instance_conflict"
            assert second.closed_with() == 1008
    start_run(api)
    assert worker.claim()


def test_the_same_name_in_another_project_is_another_worker(
    url: str, api: Api, stranger: Api, worker: SocketWorker
) -> None:
    with SocketWorker.on(url, stranger) as other:
        other.register("w1")


def test_a_name_is_free_again_when_its_worker_has_hung_up(url: str, api: Api) -> None:
    with SocketWorker.on(url, api) as first:
        first.register()
    wait_until(lambda: Worker.objects.get().connection_id == "")

    with SocketWorker.on(url, api) as second:
        second.register()

    assert second.token != first.token


def test_a_name_is_free_again_when_its_server_is_silent(
    url: str, api: Api, worker: SocketWorker
) -> None:
    Worker.objects.update(connection_seen_at=clock.now() - timedelta(minutes=1))

    with SocketWorker.on(url, api) as second:
        second.register()

        assert worker.closed_with() == 1008


def test_a_reconnect_replaces_the_old_socket_and_keeps_its_jobs(
    url: str, api: Api, worker: SocketWorker
) -> None:
    run_id = start_run(api)
    (job,) = worker.claim()

    with SocketWorker.on(url, api) as again:
        again.token = worker.token
        assert again.register()["worker_session_token"] == worker.token

        assert worker.closed_with() == 1008
        again.beat(job)
        again.expect("job.heartbeat.ack")
        api.post(f"runs/{run_id}/cancellations")
        assert again.expect("job.cancel")["job_id"] == job["id"]
        assert "duplicate" not in again.report(job)
    assert Job.objects.get().status == "cancelled"


def test_a_cancel_that_came_while_the_worker_was_away_is_told_first(
    url: str, api: Api
) -> None:
    run_id = start_run(api)
    with SocketWorker.on(url, api) as worker:
        worker.register()
        (job,) = worker.claim()
    api.post(f"runs/{run_id}/cancellations")

    with SocketWorker.on(url, api) as again:
        again.token = worker.token
        again.register()

        assert again.expect("job.cancel")["job_id"] == job["id"]


def test_a_job_is_never_handed_to_a_replaced_socket(
    url: str, api: Api, worker: SocketWorker
) -> None:
    worker.send("jobs.claim", available_slots=1)
    with SocketWorker.on(url, api) as again:
        again.token = worker.token
        again.register()
        start_run(api)

        (job,) = again.claim()

        assert "duplicate" not in again.report(job)
    worker.closed_with()
    assert "jobs.claimed" not in [frame["type"] for frame in worker.read()]


def test_an_open_claim_ends_with_its_socket(url: str, api: Api) -> None:
    with SocketWorker.on(url, api) as worker:
        worker.register()
        worker.send("jobs.claim", available_slots=1)
    wait_until(lambda: Worker.objects.get().connection_id == "")

    start_run(api)

    with SocketWorker.on(url, api) as other:
        other.register("w2")
        assert other.claim()


# --- Keys, presence, time ---------------------------------------------------------


def test_a_revoked_key_ends_the_socket_within_seconds(
    url: str, api_as: Callable[[str], Api]
) -> None:
    api = api_as("Worker")
    with SocketWorker.on(url, api) as worker:
        worker.register()

        _revoke(api)

        assert worker.expect("error")["error"]["code"] == "invalid_actor"
        assert worker.closed_with() == 1008


def test_a_revoked_key_claims_and_reports_nothing_in_these_seconds(
    url: str, api: Api, api_as: Callable[[str], Api]
) -> None:
    start_run(api)
    mine = api_as("Worker")
    with SocketWorker.on(url, mine) as worker:
        worker.register()
        (job,) = worker.claim()

        _revoke(mine)
        lease = {"job_id": job["id"], "lease_token": job["lease_token"]}
        worker.send("job.report", **lease)

        assert worker.expect("error")["error"]["code"] == "invalid_actor"
    assert Job.objects.get().status == "claimed"


def _revoke(api: Api) -> None:
    presented = read_bearer(f"Bearer {api.key}")
    assert presented is not None
    key = ApiKey.objects.get(digest=presented.digest)
    revoke_key(key, by=OPERATOR, now=clock.now())


def test_a_worker_on_a_socket_stays_in_the_list_of_workers(
    project: Project, api: Api, worker: SocketWorker
) -> None:
    long_ago = clock.now() - timedelta(hours=1)
    Worker.objects.update(last_seen_at=long_ago, last_heartbeat_at=long_ago)

    wait_until(lambda: Worker.objects.get().last_heartbeat_at > long_ago)

    (shown,) = api.get("workers").json()["items"]
    assert not shown["stale"]


def test_a_silent_socket_is_kept_alive(
    url: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.jobs.socket.KEEP_ALIVE_SECONDS", 0.0)
    with SocketWorker.on(url, api) as worker:
        worker.register()

        assert set(worker.expect("keepalive")) == {"type"}


def test_who_does_not_register_is_let_go(
    url: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.jobs.socket.REGISTER_SECONDS_MAX", 0.0)
    with SocketWorker.on(url, api) as worker:
        assert worker.expect("error")["error"]["code"] == "not_registered"
        assert worker.closed_with() == 1008
