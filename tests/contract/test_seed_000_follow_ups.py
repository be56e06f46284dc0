"""The guide "Run a workflow from your code": follow-ups and troubleshooting."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.guides import (
    COMPLETE,
    CREATE_WORKFLOW,
    EVERY_CALL,
    FOLLOW_RUN,
    READ_RUN,
    call,
)
from tests.contract.sessions import create_and_start, frames_in, start
from tests.support.curl import Shell
from tests.support.remote import HandWorker, Remote
from tests.support.specs import NO_RETRY, ONE_STEP, TWO_STEPS, action, spec
from tests.support.waiting import wait_until

WAITS_FOR_APPROVAL = spec(
    {"name": "wait", "wait_signal": {"topic": "approved", "timeout": "1h"}},
    action("publish"),
)


# --- Follow-ups -----------------------------------------------------------------


def test_a_run_in_flight_is_cancelled(
    shell: Shell, remote: Remote, worker: HandWorker
) -> None:
    run_id = start(shell, remote, TWO_STEPS)
    job = worker.claim()
    following = shell.begin(FOLLOW_RUN)

    cancelled = shell.run(call("POST", "runs/$RUN_ID/cancellations"))

    assert (cancelled.status, cancelled.text) == (204, "")
    assert remote.run(run_id)["status"] == "cancelled"
    assert frames_in(following.wait().text)[-1]["data"]["status"] == "cancelled"
    assert worker.heartbeat(job).body["directives"] == {"should_cancel": True}


def test_a_batch_is_cancelled_and_answered_per_run(
    shell: Shell, remote: Remote
) -> None:
    first, second = remote.start(ONE_STEP), remote.start(ONE_STEP)
    shell.export(FIRST=first, SECOND=second)
    ids = """["'"$FIRST"'", "'"$SECOND"'", "run_unknown"]"""

    answer = shell.run(call("POST", "runs/cancellations", f'{{"run_ids": {ids}}}'))

    assert answer.status == 200
    assert answer.json["succeeded"] == [first, second]
    assert list(answer.json["failures"]) == ["run_unknown"]
    assert {remote.run(id_)["status"] for id_ in (first, second)} == {"cancelled"}


def test_a_failed_run_is_enqueued_again_without_repeating_finished_steps(
    shell: Shell, remote: Remote, worker: HandWorker
) -> None:
    run_id = start(
        shell, remote, spec(action("parse"), action("index", retry=NO_RETRY))
    )
    worker.complete(worker.claim())
    worker.fail(worker.claim())
    remote.wait_for(run_id, "failed")

    body = """{"run_ids": ["'"$RUN_ID"'"]}"""
    answer = shell.run(call("POST", "runs/retries", body))

    assert (answer.status, answer.json) == (
        200,
        {"succeeded": [run_id], "failures": {}},
    )
    job = worker.claim()
    assert (job["run_id"], job["step_name"]) == (run_id, "index")
    worker.complete(job)
    assert remote.wait_for(run_id)["status"] == "completed"
    assert remote.run(run_id)["attempt"] == 2


def test_only_failed_runs_are_retried(shell: Shell, remote: Remote) -> None:
    run_id = start(shell, remote, ONE_STEP)
    remote.wait_for(run_id, "queued")

    body = """{"run_ids": ["'"$RUN_ID"'"]}"""
    answer = shell.run(call("POST", "runs/retries", body)).json

    assert answer["succeeded"] == []
    assert "queued" in answer["failures"][run_id]


def test_a_signal_resumes_a_suspended_run(
    shell: Shell, remote: Remote, worker: HandWorker
) -> None:
    run_id = start(shell, remote, WAITS_FOR_APPROVAL)
    remote.wait_for(run_id, "suspended")

    body = '{"name": "approved", "payload": {"by": "ada"}}'
    sent = shell.run(call("POST", "runs/$RUN_ID/signals", body))

    assert sent.status == 202
    assert set(sent.json) == {"id", "run_id", "name"}
    assert (sent.json["run_id"], sent.json["name"]) == (run_id, "approved")
    assert worker.claim()["step_name"] == "publish"


# --- Troubleshooting ------------------------------------------------------------


def test_a_name_twice_in_a_project_is_409_and_patch_updates_it(shell: Shell) -> None:
    first = shell.run(CREATE_WORKFLOW)
    again = shell.run(CREATE_WORKFLOW)
    assert (again.status, again.json["code"]) == (409, "conflict")
    assert "PATCH" in again.json["message"]

    shell.export(WORKFLOW_ID=first.json["id"])
    body = '{"spec": {"name": "ingest-document", "steps": [%s]}}'
    step = '{"name": "scan", "action": "doc.scan"}'
    patched = shell.run(call("PATCH", "workflows/$WORKFLOW_ID", body % step))

    assert patched.status == 200
    assert patched.json["id"] == first.json["id"]
    assert first.json["latest_version"] + 1 == patched.json["latest_version"]
    assert patched.json["spec"]["steps"] == [{"name": "scan", "action": "doc.scan"}]


def test_both_or_neither_of_definition_and_spec_are_400(shell: Shell) -> None:
    shell.export(WORKFLOW_ID=shell.run(CREATE_WORKFLOW).json["id"])
    inline = '"spec": {"name": "s", "steps": [{"name": "a", "action": "b"}]}'
    saved = """"definition_id": "'"$WORKFLOW_ID"'\""""

    both = shell.run(call("POST", "runs", f"{{{saved}, {inline}}}"))
    neither = shell.run(call("POST", "runs", '{"inputs": {}}'))

    for refused in (both, neither):
        assert (refused.status, refused.json["code"]) == (400, "bad_request")
        assert "exactly one" in refused.json["message"]


def test_without_a_worker_a_run_stays_queued(shell: Shell, remote: Remote) -> None:
    run_id = create_and_start(shell)
    wait_until(lambda: remote.run(run_id)["jobs"], every=0.05)

    run = shell.run(READ_RUN).json

    assert run["status"] == "queued"
    assert [(job["status"], job["queue"]) for job in run["jobs"]] == [
        ("pending", "default")
    ]
    assert remote.get("workers").body["items"] == []


def test_a_worker_of_another_queue_leaves_a_run_queued(
    shell: Shell, remote: Remote, worker: HandWorker
) -> None:
    run_id = start(shell, remote, ONE_STEP, queue="gpu")
    wait_until(lambda: remote.run(run_id)["jobs"], every=0.05)

    assert worker.ask(queues=["default"], wait_seconds=1).status == 204
    assert shell.run(READ_RUN).json["status"] == "queued"
    assert worker.claim(queues=["gpu"])["run_id"] == run_id
    assert remote.wait_for(run_id, "running")["queue"] == "gpu"


def test_a_heartbeating_worker_is_seen_to_be_recent(
    shell: Shell, remote: Remote, worker: HandWorker
) -> None:
    start(shell, remote, ONE_STEP)
    worker.heartbeat(worker.claim())

    (found,) = shell.run(call("GET", "workers")).json["items"]

    at = datetime.fromisoformat(found["last_heartbeat_at"])
    assert datetime.now(UTC) - at < timedelta(seconds=10)
    assert (found["worker_id"], found["stale"]) == (worker.worker_id, False)
    assert [job["step_name"] for job in found["jobs"]] == ["parse"]


@pytest.mark.parametrize("key", ["missing", "empty", "unknown", "revoked"])
def test_every_call_is_401_without_a_good_key(
    shell: Shell, remote: Remote, worker: HandWorker, key: str
) -> None:
    create_and_start(shell)
    job = worker.claim()
    shell.export(JOB_ID=job["job_id"], ATTEMPT=job["attempt"], WORKER_ID="worker-1")
    shell.export(MOBIUS_API_KEY=bad_key(remote, key))

    for name, command in EVERY_CALL.items():
        refused = shell.run(without_key(command) if key == "missing" else command)
        assert (name, refused.status) == (name, 401)
        assert refused.json["code"] == "unauthorized"
        assert refused.headers["www-authenticate"] == "Bearer"


def bad_key(remote: Remote, kind: str) -> str:
    """A key that is no longer, or never was, one."""
    if kind != "revoked":
        return {"unknown": "mbx_" + "x" * 43}.get(kind, "")
    (live,) = remote.get("api-keys").body["items"]
    body = {"name": "spare", "principal_id": live["principal_id"]}
    issued = remote.post("api-keys", body).body
    spare = Remote(remote.base_url, issued["key"], remote.project)
    assert spare.get("runs").status == 200
    assert remote.call("DELETE", f"api-keys/{issued['id']}").status == 204
    return str(issued["key"])


def without_key(command: str) -> str:
    """The command without its Authorization line."""
    lines = command.strip().split(" \\\n")
    kept = [line for line in lines if "Authorization" not in line]
    return " \\\n".join(kept)


def test_a_completed_call_of_a_stranger_changes_nothing(
    shell: Shell, remote: Remote, worker: HandWorker
) -> None:
    run_id = create_and_start(shell)
    job = worker.claim()
    shell.export(JOB_ID=job["job_id"], ATTEMPT=job["attempt"], WORKER_ID="worker-1")
    shell.export(MOBIUS_API_KEY="mbx_" + "x" * 43)

    assert shell.run(COMPLETE).status == 401

    assert [job["status"] for job in remote.run(run_id)["jobs"]] == ["claimed"]
