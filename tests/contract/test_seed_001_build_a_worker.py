"""The guide "Build a worker": its walkthrough."""

import time

import pytest

from tests.contract.guides import CLAIM, COMPLETE, EMIT_EVENTS, HEARTBEAT
from tests.contract.sessions import claim, statuses
from tests.support.curl import Shell
from tests.support.remote import HandWorker, Remote
from tests.support.specs import NO_RETRY, ONE_STEP, TWO_STEPS, action, spec
from tests.support.stack import HEARTBEAT_SECONDS, LEASE_SECONDS
from tests.support.waiting import wait_until

FAILED = COMPLETE.replace('"completed"', '"failed"')
AT_ONCE = CLAIM.replace('"wait_seconds": 30', '"wait_seconds": 0')
ONE_RETRY = [{"max_retries": 1, "base_delay": "0s"}]

# --- Walkthrough ----------------------------------------------------------------


def test_the_walkthrough_works_as_printed(shell: Shell, remote: Remote) -> None:
    run_id = remote.start(TWO_STEPS)
    assert remote.get("workers").body["items"] == []

    for step in ("parse", "index"):
        job = claim(shell)
        assert (job["run_id"], job["step_name"], job["attempt"]) == (run_id, step, 1)
        assert job["heartbeat_interval_seconds"] == HEARTBEAT_SECONDS

        beat = shell.run(HEARTBEAT)
        assert beat.status == 200
        assert beat.json == {"ok": True, "directives": {"should_cancel": False}}

        emitted = shell.run(EMIT_EVENTS)
        assert (emitted.status, emitted.text) == (204, "")

        completed = shell.run(COMPLETE)
        assert (completed.status, completed.text) == (204, "")

    assert remote.wait_for(run_id)["status"] == "completed"


def test_the_first_claim_registers_the_worker(shell: Shell, remote: Remote) -> None:
    assert shell.run(AT_ONCE).status == 204

    (worker,) = remote.get("workers").body["items"]

    assert worker["worker_id"] == "ingest-worker-1"
    assert worker["id"].startswith("wkr_")


def test_a_claim_is_held_open_until_there_is_work(shell: Shell, remote: Remote) -> None:
    held = shell.begin(CLAIM)
    wait_until(lambda: remote.get("workers").body["items"])

    run_id = remote.start(ONE_STEP)

    # Far sooner than the 30 seconds it would be held.
    assert held.wait(seconds=10).json["run_id"] == run_id


def test_a_claim_may_not_be_held_for_more_than_thirty_seconds(shell: Shell) -> None:
    refused = shell.run(CLAIM.replace('"wait_seconds": 30', '"wait_seconds": 31'))

    assert refused.status == 400
    assert refused.json["details"]["path"] == "wait_seconds"


def test_the_claim_carries_what_published_clients_parse_and_nothing_else(
    shell: Shell, remote: Remote
) -> None:
    step = action("parse", parameters={"url": "${inputs.url}"})
    remote.start(
        spec(step, inputs=[{"name": "url", "type": "string"}]), inputs={"url": "u"}
    )

    job = claim(shell)

    assert set(job) == {
        *("job_id", "run_id", "workflow_name", "step_name", "action"),
        *("parameters", "attempt", "queue", "heartbeat_interval_seconds"),
    }
    assert (job["action"], job["parameters"]) == ("do.parse", {"url": "u"})
    assert (job["workflow_name"], job["queue"]) == ("test-flow", "default")


def test_heartbeats_at_the_given_cadence_keep_a_lease_alive(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(ONE_STEP)
    job = claim(shell)
    other = HandWorker(remote, "other")
    ends = time.monotonic() + LEASE_SECONDS + 2

    # The other worker's claim waits as long as the cadence asks.
    cadence = job["heartbeat_interval_seconds"]
    while time.monotonic() < ends:
        assert other.ask(wait_seconds=cadence).status == 204
        assert shell.run(HEARTBEAT).status == 200

    assert shell.run(COMPLETE).status == 204
    remote.wait_for(run_id, "completed")
    assert statuses(remote, run_id) == [(1, "completed")]


def test_events_are_stored_and_reach_live_subscribers(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(ONE_STEP)
    claim(shell)
    with remote.stream(run_id) as stream:
        assert stream.next() is not None
        shell.run(EMIT_EVENTS)
        live = stream.until(lambda frame: frame.type == "progress")[-1]

    assert live.data["data"] == {"pct": 50}
    assert live.id == str(live.seq)
    with remote.stream(run_id, since=live.seq - 1) as again:
        replayed = again.take(2)[1]
    assert replayed == live


def test_a_reserved_event_type_is_400_and_refuses_the_whole_batch(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(ONE_STEP)
    claim(shell)
    mixed = '{ "type": "fine" }, { "type": "mobius.progress", "payload": {} }'
    one = '{ "type": "progress", "payload": { "pct": 50 } }'

    refused = shell.run(EMIT_EVENTS.replace(one, mixed))

    assert (refused.status, refused.json["code"]) == (400, "bad_request")
    assert refused.json["details"]["path"] == "events[1].type"
    items = remote.call(
        "GET", f"runs/{run_id}/events", headers={"Accept": "application/json"}
    ).body["items"]
    assert not {"fine", "mobius.progress"} & {item["event_type"] for item in items}


@pytest.mark.parametrize("type_", ["mobiusx.progress", "doc.page_read", "run_updated"])
def test_any_other_event_type_is_accepted(
    shell: Shell, remote: Remote, type_: str
) -> None:
    run_id = remote.start(ONE_STEP)
    claim(shell)

    emitted = shell.run(EMIT_EVENTS.replace('"progress"', f'"{type_}"'))

    assert emitted.status == 204
    items = remote.call(
        "GET", f"runs/{run_id}/events", headers={"Accept": "application/json"}
    ).body["items"]
    assert items[-1]["event_type"] == type_


def test_a_failure_is_retried_while_attempts_are_left_and_then_fails_the_run(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(spec(action("parse", retry=ONE_RETRY)))

    assert claim(shell)["attempt"] == 1
    assert shell.run(FAILED).status == 204
    assert claim(shell)["attempt"] == 2
    assert remote.run(run_id)["status"] in ("queued", "running")
    assert shell.run(FAILED).status == 204

    assert remote.wait_for(run_id)["status"] == "failed"
    assert statuses(remote, run_id) == [(1, "failed"), (2, "failed")]


def test_a_failure_says_what_went_wrong(
    shell: Shell, remote: Remote, worker: HandWorker
) -> None:
    run_id = remote.start(spec(action("parse", retry=NO_RETRY)))

    worker.fail(worker.claim(), "the page is missing", "NoSuchPage")

    run = remote.wait_for(run_id, "failed")
    assert (run["error_type"], run["error_message"]) == (
        "NoSuchPage",
        "the page is missing",
    )
