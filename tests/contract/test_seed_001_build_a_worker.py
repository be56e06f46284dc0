"""The guide "Build a worker", request by request and line by line."""

import time
from typing import Any

import pytest

from tests.contract.guides import CLAIM, COMPLETE, EMIT_EVENTS, HEARTBEAT, call
from tests.support.curl import Printed, Shell
from tests.support.remote import HandWorker, Remote
from tests.support.specs import NO_RETRY, ONE_STEP, TWO_STEPS, action, spec
from tests.support.stack import HEARTBEAT_SECONDS, LEASE_SECONDS, Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("contract")

FAILED = COMPLETE.replace('"completed"', '"failed"')
AT_ONCE = CLAIM.replace('"wait_seconds": 30', '"wait_seconds": 0')
A_SECOND = CLAIM.replace('"wait_seconds": 30', '"wait_seconds": 1')
ONE_RETRY = [{"max_retries": 1, "base_delay": "0s"}]


def claim(shell: Shell) -> dict[str, Any]:
    """The guide's claim; exports what the guide says to capture."""
    claimed = shell.run(CLAIM)
    assert claimed.status == 200
    shell.export(JOB_ID=claimed.json["job_id"], ATTEMPT=claimed.json["attempt"])
    return dict(claimed.json)


def statuses(remote: Remote, run_id: str) -> list[tuple[int, str]]:
    """Attempt and status of each job of a run, oldest first."""
    return [(job["attempt"], job["status"]) for job in remote.run(run_id)["jobs"]]


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


# --- Troubleshooting ------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", ["no job", "another queue", "another project"])
def test_an_empty_poll_window_is_204(
    stack: Stack, shell: Shell, remote: Remote, elsewhere: str
) -> None:
    if elsewhere == "another queue":
        remote.start(ONE_STEP, queue="gpu")
    if elsewhere == "another project":
        stack.remote(stack.new_tenant()).start(ONE_STEP)
    started = time.monotonic()

    empty = shell.run(A_SECOND)

    assert (empty.status, empty.text) == (204, "")
    assert time.monotonic() - started > 0.9


def test_an_expired_lease_is_409_and_the_job_goes_to_the_next_worker(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(spec(action("parse", retry=ONE_RETRY)))
    claim(shell)

    # No heartbeat: within two leases somebody else has the job.
    other = HandWorker(remote, "other")
    taken = other.claim(wait_seconds=2 * LEASE_SECONDS + 2)
    assert (taken["run_id"], taken["attempt"]) == (run_id, 2)

    for command in (HEARTBEAT, COMPLETE, EMIT_EVENTS):
        assert_lease_lost(shell.run(command))
    assert other.complete(taken, "by the other").status == 204
    run = remote.wait_for(run_id, "completed")
    assert run["result"] == "by the other"
    assert statuses(remote, run_id) == [(1, "lost"), (2, "completed")]


def test_an_expired_lease_without_attempts_left_fails_the_run(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(spec(action("parse", retry=NO_RETRY)))
    claim(shell)

    run = remote.wait_for(run_id, seconds=2 * LEASE_SECONDS + 2)

    assert (run["status"], run["error_type"]) == ("failed", "lease_expired")
    assert_lease_lost(shell.run(HEARTBEAT))
    assert_lease_lost(shell.run(COMPLETE))


@pytest.mark.parametrize(
    "wrong", [{"WORKER_ID": "somebody-else"}, {"ATTEMPT": 2}], ids=["worker", "attempt"]
)
@pytest.mark.parametrize(
    "command", [HEARTBEAT, COMPLETE, EMIT_EVENTS], ids=["heartbeat", "complete", "emit"]
)
def test_another_worker_or_attempt_is_409(
    shell: Shell, remote: Remote, wrong: dict[str, Any], command: str
) -> None:
    run_id = remote.start(ONE_STEP)
    claim(shell)
    shell.export(**wrong)

    assert_lease_lost(shell.run(command))

    assert statuses(remote, run_id) == [(1, "claimed")]


def test_a_second_different_report_is_409_and_the_same_again_is_204(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(ONE_STEP)
    claim(shell)

    assert shell.run(COMPLETE).status == 204
    assert shell.run(COMPLETE).status == 204
    assert_lease_lost(shell.run(FAILED))

    assert remote.wait_for(run_id)["status"] == "completed"


def assert_lease_lost(answer: Printed) -> None:
    assert (answer.status, answer.json["code"]) == (409, "lease_lost")


def test_a_cancelled_run_tells_its_worker_and_stays_cancelled(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(spec(action("parse", retry=ONE_RETRY)))
    claim(shell)
    shell.export(RUN_ID=run_id)
    assert shell.run(call("POST", "runs/$RUN_ID/cancellations")).status == 204

    beat = shell.run(HEARTBEAT)
    assert beat.json["directives"]["should_cancel"] is True
    assert shell.run(FAILED).status == 204

    # Neither a retry nor a change of the run comes of it.
    assert shell.run(A_SECOND).status == 204
    assert remote.run(run_id)["status"] == "cancelled"
    assert statuses(remote, run_id) == [(1, "cancelled")]


def test_a_worker_that_completes_after_the_cancellation_revives_nothing(
    shell: Shell, remote: Remote
) -> None:
    run_id = remote.start(TWO_STEPS)
    claim(shell)
    remote.post(f"runs/{run_id}/cancellations")

    assert shell.run(COMPLETE).status == 204

    assert shell.run(A_SECOND).status == 204
    run = remote.run(run_id)
    assert run["status"] == "cancelled"
    assert "result_b64" not in run


def test_a_job_that_does_not_exist_is_404(shell: Shell) -> None:
    shell.export(JOB_ID="job_unknown", ATTEMPT=1)

    for command in (HEARTBEAT, COMPLETE, EMIT_EVENTS):
        answer = shell.run(command)
        assert (answer.status, answer.json["code"]) == (404, "not_found")
