"""The acceptance checklist of the published documents, items 1 to 26, one by one.

Each test's docstring says which item it shows. Most are shown in more depth by the
guides' own files; here each stands alone.
"""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.remote import HandWorker, Remote
from tests.support.specs import NO_RETRY, ONE_STEP, TWO_STEPS, action, spec
from tests.support.stack import Stack, Tenant
from tests.support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("contract")

RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ONE_RETRY = [{"max_retries": 1, "base_delay": "0s"}]


def key_with(remote: Remote, role: str | None) -> Remote:
    """A client whose key's principal holds one built-in role, or none."""
    name = f"holder-{role}".lower()
    roles = [role] if role else []
    body = {"name": name, "kind": "service", "role_names": roles}
    principal = remote.post("principals", body).body["id"]
    key = remote.post("api-keys", {"name": name, "principal_id": principal}).body
    return Remote(remote.base_url, key["key"], remote.project)


def ask_approval(tenant: Tenant) -> dict[str, Any]:
    """A step that asks the project's reviewer."""
    question = {
        "type": "approval",
        "message": "Is it good?",
        "target": {"type": "user", "id": tenant.reviewer_id},
        "timeout": "1h",
    }
    return {"name": "ask", "interaction": question}


# --- Auth and conventions -------------------------------------------------------


def test_a_missing_or_revoked_key_is_401(remote: Remote) -> None:
    """Item 1."""
    spare = key_with(remote, "Admin")
    assert spare.get("runs").status == 200
    (found,) = [
        key
        for key in remote.get("api-keys").body["items"]
        if key["name"] == "holder-admin"
    ]

    remote.call("DELETE", f"api-keys/{found['id']}")

    assert spare.api_key.startswith("mbx_")
    assert spare.get("runs").status == 401
    assert Remote(remote.base_url, "", remote.project).get("runs").status == 401


def test_a_keys_rights_are_its_principals_roles_in_one_project(
    stack: Stack, remote: Remote
) -> None:
    """Item 2."""
    viewer = key_with(remote, "Viewer")
    other = stack.remote(stack.new_tenant())

    assert viewer.get("runs").status == 200
    assert viewer.post("runs", {"spec": ONE_STEP}).status == 403
    assert key_with(remote, None).get("runs").status == 403
    stranger = Remote(remote.base_url, other.api_key, remote.project)
    assert stranger.get("runs").status == 404


def test_everything_is_below_v1_with_the_projects_handle_in_the_path(
    remote: Remote,
) -> None:
    """Item 3."""
    (project,) = remote.get("/v1/projects").body["items"]

    assert project["handle"] == remote.project
    assert remote.get(f"/v1/projects/{project['id']}/runs").status == 200
    assert remote.get(f"/v0/projects/{remote.project}/runs").status == 404
    assert remote.get(f"/projects/{remote.project}/runs").status == 404


def test_ids_say_what_they_are_of(
    remote: Remote, tenant: Tenant, worker: HandWorker
) -> None:
    """Item 4."""
    workflow = remote.post("workflows", {"name": "W", "spec": ONE_STEP}).body["id"]
    run_id = remote.start(spec(action("parse"), ask_approval(tenant)))
    job = worker.claim()
    worker.complete(job)
    remote.wait_for(run_id, "suspended")
    (asked,) = remote.get(f"interactions?run_id={run_id}").body["items"]
    (key,) = remote.get("api-keys").body["items"]

    found = (workflow, run_id, job["job_id"], asked["id"], key["id"])
    prefixes = [id_.partition("_")[0] for id_ in found]

    assert prefixes == ["aut", "run", "job", "iact", "key"]


def test_lists_are_paged_by_opaque_cursors(remote: Remote) -> None:
    """Item 5."""
    started = [remote.start(ONE_STEP) for _ in range(5)]
    seen: list[str] = []
    path = "runs?limit=2"
    while True:
        page = remote.get(path).body
        seen += [run["id"] for run in page["items"]]
        if not page["has_more"]:
            break
        assert re.fullmatch(r"[A-Za-z0-9_-]+", page["next_cursor"])
        path = f"runs?limit=2&cursor={page['next_cursor']}"

    assert seen == started[::-1]
    assert "next_cursor" not in page


def test_errors_carry_code_message_and_details(remote: Remote) -> None:
    """Item 6."""
    refused = [
        Remote(remote.base_url, "", remote.project).get("runs"),
        remote.get("runs/run_unknown"),
        remote.get("runs?cursor=*"),
        remote.post("runs", {"surprise": 1}),
        remote.call("PUT", "runs"),
        remote.get("/v1/nothing"),
        remote.post("jobs/claim", {"worker_id": ""}),
    ]

    assert [reply.status for reply in refused] == [401, 404, 400, 400, 405, 404, 400]
    for reply in refused:
        assert set(reply.body) == {"code", "message", "details", "error"}
        flat = {name: reply.body[name] for name in ("code", "message", "details")}
        assert reply.body["error"] == flat
        assert reply.headers["content-type"] == "application/json"


def test_instants_are_rfc_3339_in_utc(remote: Remote, worker: HandWorker) -> None:
    """Item 7."""
    run_id = remote.start(ONE_STEP)
    worker.complete(worker.claim())
    run = remote.wait_for(run_id)
    instants = [
        v for n, v in [*run.items(), *run["jobs"][0].items()] if n[-3:] == "_at"
    ]

    assert len(instants) >= 8
    for instant in instants:
        assert RFC_3339_UTC.fullmatch(instant)
        moment = datetime.fromisoformat(instant)
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_an_idempotency_key_starts_one_run(remote: Remote) -> None:
    """Item 8."""
    body = {"spec": ONE_STEP, "external_id": "doc-1"}

    def start(_: int) -> Any:
        return remote.post("runs", body, Idempotency_Key="once-1")

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(start, range(4)))

    assert {reply.status for reply in replies} == {202}
    assert len({reply.body["id"] for reply in replies}) == 1
    assert len(remote.get("runs").body["items"]) == 1
    other = remote.post("runs", {"spec": TWO_STEPS}, Idempotency_Key="once-1")
    assert (other.status, other.body["code"]) == (409, "idempotency_key_conflict")


# --- Workflows ------------------------------------------------------------------


def test_a_workflow_is_created(remote: Remote) -> None:
    """Item 9."""
    made = remote.post("workflows", {"name": "Ingest document", "spec": TWO_STEPS})

    assert made.status == 201
    assert made.body["spec"] == TWO_STEPS
    assert remote.get(f"workflows/{made.body['id']}").body == made.body


def test_a_handle_comes_from_the_name_and_is_unique(remote: Remote) -> None:
    """Item 10."""
    first = remote.post("workflows", {"name": "Ingest document", "spec": ONE_STEP})
    clash = {"name": "Other", "handle": "ingest-document", "spec": ONE_STEP}

    assert first.body["handle"] == "ingest-document"
    assert remote.post("workflows", clash).status == 409
    assert remote.get("workflows/ingest-document").body["id"] == first.body["id"]


def test_the_same_name_is_409_and_patch_updates(remote: Remote) -> None:
    """Item 11."""
    body = {"name": "Ingest document", "spec": ONE_STEP}
    first = remote.post("workflows", body).body

    assert remote.post("workflows", body).status == 409
    path = f"workflows/{first['id']}"
    patched = remote.call("PATCH", path, {"spec": TWO_STEPS})

    assert patched.status == 200
    assert (patched.body["latest_version"], patched.body["spec"]) == (2, TWO_STEPS)


# --- Runs -----------------------------------------------------------------------


def test_a_run_of_a_definition_is_accepted_as_queued(remote: Remote) -> None:
    """Item 12."""
    made = remote.post("workflows", {"name": "W", "spec": ONE_STEP}).body
    body = {"definition_id": made["id"], "external_id": "doc-1", "inputs": {"a": 1}}

    started = remote.post("runs", body)

    assert (started.status, started.body["status"]) == (202, "queued")
    assert started.body["definition_id"] == made["id"]
    assert remote.get("runs?external_id=doc-1").body["items"][0]["inputs"] == {"a": 1}


def test_an_inline_run_with_an_interaction_is_accepted_as_queued(
    remote: Remote, tenant: Tenant
) -> None:
    """Item 13."""
    started = remote.post("runs", {"spec": spec(ask_approval(tenant))})

    assert (started.status, started.body["status"]) == (202, "queued")


@pytest.mark.parametrize("both", [True, False])
def test_both_or_neither_of_definition_and_spec_are_400(
    remote: Remote, both: bool
) -> None:
    """Item 14."""
    made = remote.post("workflows", {"name": "W", "spec": ONE_STEP}).body
    body = {"definition_id": made["id"], "spec": ONE_STEP} if both else {}

    assert remote.post("runs", body).status == 400


def test_the_queue_is_default_and_without_a_worker_nothing_moves(
    remote: Remote,
) -> None:
    """Item 15."""
    run_id = remote.start(ONE_STEP)
    wait_until(lambda: remote.run(run_id)["jobs"], every=0.05)

    run = remote.run(run_id)

    assert (run["queue"], run["jobs"][0]["queue"]) == ("default", "default")
    assert (run["status"], run["jobs"][0]["status"]) == ("queued", "pending")


@pytest.mark.parametrize("output", [{"pages": 3}, None])
def test_a_completed_run_has_its_result_when_there_is_one(
    remote: Remote, worker: HandWorker, output: Any
) -> None:
    """Item 16."""
    run_id = remote.start(ONE_STEP)
    worker.complete(worker.claim(), output)

    run = remote.wait_for(run_id)

    assert run["status"] == "completed"
    assert ("result_b64" in run) == (output is not None)
    if output is not None:
        assert json.loads(base64.b64decode(run["result_b64"])) == output


def test_the_stream_begins_with_a_seed_and_names_three_types(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 17."""
    run_id = remote.start(ONE_STEP)
    with remote.stream(run_id) as stream:
        job = worker.claim()
        worker.emit(job, {"type": "progress", "payload": {"pct": 1}})
        worker.complete(job)
        seed, *frames = stream.rest()

    assert (seed.type, seed.id, seed.data["data"]["status"]) == (
        "run_updated",
        None,
        "queued",
    )
    for frame in (seed, *frames):
        assert set(frame.data) == {"type", "run_id", "seq", "timestamp", "data"}
        assert frame.event == frame.type
    assert {frame.type for frame in frames} == {
        *("run_updated", "job_updated", "action_appended", "progress")
    }


def test_the_stream_shows_suspended_and_the_end(remote: Remote, tenant: Tenant) -> None:
    """Item 18."""
    run_id = remote.start(spec(ask_approval(tenant)))
    with remote.stream(run_id, since=0) as stream:
        stream.until(lambda frame: frame.data["data"].get("status") == "suspended")
        (asked,) = remote.get(f"interactions?run_id={run_id}").body["items"]
        remote.post(f"interactions/{asked['id']}/respond", {"value": True})
        last = stream.rest()[-1]

    assert (last.type, last.data["data"]["status"]) == ("run_updated", "completed")


def test_runs_are_cancelled_retried_and_signalled(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 19."""
    waits = {"name": "wait", "wait_signal": {"topic": "go", "timeout": "1h"}}
    one, two = remote.start(ONE_STEP, queue="q"), remote.start(ONE_STEP, queue="q")
    failing = remote.start(spec(action("parse", retry=NO_RETRY)))
    waiting = remote.start(spec(waits))
    worker.fail(worker.claim(queues=["default"]))
    remote.wait_for(failing, "failed")
    remote.wait_for(waiting, "suspended")

    assert remote.post(f"runs/{one}/cancellations").status == 204
    cancelled = remote.post("runs/cancellations", {"run_ids": [two]})
    assert cancelled.body == {"succeeded": [two], "failures": {}}
    retried = remote.post("runs/retries", {"run_ids": [failing, one]})
    assert retried.body["succeeded"] == [failing]
    assert list(retried.body["failures"]) == [one]
    assert remote.post(f"runs/{waiting}/signals", {"name": "go"}).status == 202

    assert [remote.run(id_)["status"] for id_ in (one, two)] == ["cancelled"] * 2
    assert remote.wait_for(waiting)["status"] == "completed"
    assert worker.claim(queues=["default"])["run_id"] == failing


# --- Workers --------------------------------------------------------------------


def test_a_claim_returns_a_job_or_204_and_registers_the_worker(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 20."""
    assert worker.ask(queues=["default"], wait_seconds=0).status == 204
    (known,) = remote.get("workers").body["items"]
    assert known["worker_id"] == worker.worker_id

    run_id = remote.start(ONE_STEP)
    job = worker.claim(queues=["default"], wait_seconds=30)

    assert (job["run_id"], job["attempt"]) == (run_id, 1)
    assert job["heartbeat_interval_seconds"] >= 1
    assert (
        remote.post("jobs/claim", {"worker_id": "w", "wait_seconds": 31}).status == 400
    )


def test_workers_show_when_they_were_heard_and_seen(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 21."""
    worker.ask(wait_seconds=0)

    (found,) = remote.get("workers").body["items"]

    for name in ("last_heartbeat_at", "last_seen_at"):
        at = datetime.fromisoformat(found[name])
        assert datetime.now(UTC) - at < timedelta(seconds=10)
    assert found["stale"] is False


def test_a_heartbeat_answers_with_directives(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 22."""
    remote.start(ONE_STEP)

    beat = worker.heartbeat(worker.claim())

    assert beat.status == 200
    assert beat.body == {"ok": True, "directives": {"should_cancel": False}}


def test_events_are_durable_and_the_reserved_prefix_is_refused(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 23."""
    run_id = remote.start(ONE_STEP)
    job = worker.claim()

    assert worker.emit(job, {"type": "page", "payload": {"n": 1}}).status == 204
    assert worker.emit(job, {"type": "mobius.page", "payload": {}}).status == 400
    worker.complete(job)
    remote.wait_for(run_id)

    with remote.stream(run_id, since=1) as stream:
        pages = [frame for frame in stream.rest() if "page" in frame.type]
    assert [(page.type, page.data["data"]) for page in pages] == [("page", {"n": 1})]


def test_a_failed_step_is_retried_until_its_attempts_are_used_up(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 24."""
    run_id = remote.start(spec(action("parse", retry=ONE_RETRY)))

    for attempt in (1, 2):
        job = worker.claim()
        assert job["attempt"] == attempt
        assert worker.fail(job).status == 204

    assert remote.wait_for(run_id)["status"] == "failed"


def test_a_wrong_fence_is_409(remote: Remote, worker: HandWorker) -> None:
    """Item 25."""
    remote.start(ONE_STEP)
    job = worker.claim()
    stranger = HandWorker(remote, "stranger")
    later = {**job, "attempt": job["attempt"] + 1}

    for reply in (
        stranger.heartbeat(job),
        stranger.complete(job),
        worker.heartbeat(later),
        worker.complete(later),
    ):
        assert (reply.status, reply.body["code"]) == (409, "lease_lost")


def test_a_cancelled_run_stops_its_worker_and_is_not_revived(
    remote: Remote, worker: HandWorker
) -> None:
    """Item 26."""
    run_id = remote.start(spec(action("parse", retry=ONE_RETRY)))
    job = worker.claim()
    remote.post(f"runs/{run_id}/cancellations")

    assert worker.heartbeat(job).body["directives"]["should_cancel"] is True
    assert worker.fail(job, kind="Timeout").status == 204

    assert worker.ask(wait_seconds=1).status == 204
    assert remote.run(run_id)["status"] == "cancelled"
    assert len(remote.run(run_id)["jobs"]) == 1
