"""The workers of published clients, unmodified, on the worker socket.

Their models of a claimed job refuse every field and every word they do not know: a job
that they work on was shown exactly in their words.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.published_worker import PublishedWorker
from tests.support.remote import Remote
from tests.support.waiting import wait_until

VERSIONS = ("0.0.23", "0.0.28", "0.0.61")
Hire = Callable[..., PublishedWorker]
Start = Callable[..., str]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """A published version that speaks over the socket."""
    return str(request.param)


@pytest.fixture
def hire(version: str, remote: Remote) -> Iterator[Hire]:
    """Run workers in the project until the test ends."""
    running: list[PublishedWorker] = []

    def run(name: str = "w1", **config: Any) -> PublishedWorker:
        config = {"worker_instance_id": name, **config}
        running.append(PublishedWorker(version, remote, **config))
        return running[-1]

    yield run
    for worker in running:
        worker.close()


@pytest.fixture
def start(version: str, remote: Remote) -> Start:
    """Start a run of one action in the words of the version's generation."""
    made: dict[str, str] = {}

    def define(name: str) -> str:
        config = {"action_name": name, "parameters": {"n": 1}}
        step = {"kind": "action", "config": config, "retry": {"max_attempts": 1}}
        if version == "0.0.23":
            remote.post("automations", {"name": name, "handle": f"do-{name}"})
            spec = {"schema_version": "1", "steps": [{"key": "only", **step}]}
            path = f"automations/do-{name}"
            remote.post(f"{path}/versions", {"spec": spec})
            remote.post(f"{path}/versions/1/publication", {})
            return path
        loop = {"name": name, "steps": [{"id": "only", **step}]}
        return f"loops/{remote.post('loops', loop).body['id']}"

    def run(name: str) -> str:
        if name not in made:
            made[name] = define(name)
        started = remote.post(f"{made[name]}/runs", {})
        assert started.status == 202, started.body
        return str(started.body["id"])

    return run


def test_the_worker_is_the_published_one(hire: Hire, version: str) -> None:
    begin = hire().begin

    assert begin["version"] == version
    assert f"client-{version}" in begin["file"]


def test_it_works_through_runs_of_its_own_generation(
    hire: Hire, start: Start, remote: Remote
) -> None:
    worker = hire()
    runs = [start("echo") for _ in range(3)]

    for _ in runs:
        assert worker.expect("echo")["attempt"] == 1
    for run_id in runs:
        assert remote.wait_for(run_id)["status"] == "completed"
    (listed,) = remote.get("workers").body["items"]
    assert (listed["worker_id"], listed["stale"]) == ("w1", False)


def test_it_works_on_a_workflow_too(hire: Hire, remote: Remote) -> None:
    hire()
    steps = [{"name": "a", "action": "echo", "parameters": {"n": "${inputs.n}"}}]

    run_id = remote.start({"name": "w", "steps": steps}, inputs={"n": 7})

    assert remote.wait_for(run_id)["status"] == "completed"


def test_what_it_returns_that_is_no_object_is_an_output(
    hire: Hire, start: Start, remote: Remote
) -> None:
    hire()

    run = remote.wait_for(start("number"))

    assert run["status"] == "completed"
    assert "7" in str(run["result"])


def test_what_it_raises_fails_the_attempt(
    hire: Hire, start: Start, remote: Remote
) -> None:
    hire()

    run = remote.wait_for(start("fail"))

    assert (run["status"], run["error_message"]) == ("failed", "it broke")


def test_it_is_told_of_work_after_its_claim_was_answered_empty(
    hire: Hire, start: Start, remote: Remote
) -> None:
    worker = hire()
    assert remote.wait_for(start("echo"))["status"] == "completed"
    seen = remote.get("workers").body["items"][0]["last_seen_at"]
    # Its claim is held for a heartbeat, which is a second here.
    wait_until(
        lambda: remote.get("workers").body["items"][0]["last_seen_at"] != seen,
        seconds=30,
    )

    run_id = start("echo")

    worker.expect("echo")
    assert remote.wait_for(run_id)["status"] == "completed"


def test_it_works_on_as_many_jobs_as_it_has_room_for(
    hire: Hire, start: Start, remote: Remote
) -> None:
    worker = hire(concurrency=2)
    runs = [start("wait"), start("wait"), start("wait")]

    jobs = {worker.expect("waiting")["job"] for _ in range(2)}

    assert len(jobs) == 2
    held = [job["job_id"] for job in remote.get("workers").body["items"][0]["jobs"]]
    assert set(held) == jobs
    for run_id in runs:
        remote.post(f"runs/{run_id}/cancellations", {})


def test_it_stops_a_job_whose_run_is_cancelled(
    hire: Hire, start: Start, remote: Remote
) -> None:
    worker = hire()
    run_id = start("wait")
    job = worker.expect("waiting")["job"]

    remote.post(f"runs/{run_id}/cancellations", {})

    assert worker.expect("cancelled")["job"] == job
    assert remote.wait_for(run_id)["status"] == "cancelled"
    # It is free for the next one.
    assert remote.wait_for(start("echo"))["status"] == "completed"


def test_another_of_its_name_stops_with_a_conflict(hire: Hire, start: Start) -> None:
    first = hire("same")
    start("echo")
    first.expect("echo")

    second = hire("same")

    assert second.expect("error")["error"] == "WorkerInstanceConflictError"


def test_a_revoked_key_stops_it(
    version: str, remote: Remote, hire: Hire, start: Start
) -> None:
    principal = remote.post("principals", {"name": "machine", "kind": "service"}).body
    assigned = {"principal_id": principal["id"], "role_name": "Worker"}
    assert remote.post("role-assignments", assigned).status == 201
    key = remote.post("api-keys", {"name": "k", "principal_id": principal["id"]}).body
    own = Remote(remote.base_url, key["key"], remote.project)
    worker = PublishedWorker(version, own, worker_instance_id="w9")
    try:
        start("echo")
        worker.expect("echo")

        assert remote.call("DELETE", f"api-keys/{key['id']}").status == 204

        assert worker.expect("error")["error"] == "AuthRevokedError"
    finally:
        worker.close()
