"""The acceptance checklist of the published documents: items 12 to 26, one by one.

Each test's docstring says which item it shows. Most are shown in more depth by the
guides' own files; here each stands alone.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.remote import HandWorker, Remote
from tests.support.specs import NO_RETRY, ONE_STEP, action, spec
from tests.support.waiting import wait_until

ONE_RETRY = [{"max_retries": 1, "base_delay": "0s"}]

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
    remote: Remote, ask_approval: dict[str, Any]
) -> None:
    """Item 13."""
    started = remote.post("runs", {"spec": spec(ask_approval)})

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


def test_the_stream_shows_suspended_and_the_end(
    remote: Remote, ask_approval: dict[str, Any]
) -> None:
    """Item 18."""
    run_id = remote.start(spec(ask_approval))
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
