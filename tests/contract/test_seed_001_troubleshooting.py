"""The guide "Build a worker": every line of its troubleshooting."""

import time
from typing import Any

import pytest

from tests.contract.guides import CLAIM, COMPLETE, EMIT_EVENTS, HEARTBEAT, call
from tests.contract.sessions import assert_lease_lost, claim, statuses
from tests.support.curl import Shell
from tests.support.remote import HandWorker, Remote
from tests.support.specs import NO_RETRY, ONE_STEP, TWO_STEPS, action, spec
from tests.support.stack import LEASE_SECONDS, Stack

FAILED = COMPLETE.replace('"completed"', '"failed"')
A_SECOND = CLAIM.replace('"wait_seconds": 30', '"wait_seconds": 1')
ONE_RETRY = [{"max_retries": 1, "base_delay": "0s"}]

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
