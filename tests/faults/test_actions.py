"""A Celery process dies while it runs an action: another one calls again, as the same
call, and the attempt is counted."""

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.deliveries.receiver import Receiver, running_receiver
from tests.faults.children import kill_children
from tests.support.remote import Remote
from tests.support.specs import spec
from tests.support.stack import LEASE_SECONDS, Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]


@pytest.fixture
def remote(stack: Stack) -> Remote:
    """A client in a project of the test's own."""
    return stack.remote(stack.new_tenant())


@pytest.fixture
def over() -> threading.Event:
    """Set when the endpoint may answer."""
    return threading.Event()


@pytest.fixture
def held(remote: Remote, over: threading.Event) -> Iterator[Receiver]:
    """An action whose endpoint answers once it is ``over``."""
    with running_receiver() as receiver:
        receiver.before = over.wait
        receiver.answer = b"7"
        body = {"name": "slow", "endpoint_url": receiver.url, "timeout_seconds": 60}
        assert remote.post("actions", body).status == 201
        yield receiver
        over.set()


def test_a_step_survives_the_process_that_runs_it(
    stack: Stack, remote: Remote, held: Receiver
) -> None:
    step = {"name": "do", "action": "slow", "action_kind": "server"}
    run_id = remote.start(spec(step))
    wait_until(lambda: held.received)
    held.before = lambda: None

    kill_children(stack)

    run = remote.wait_for(run_id)
    assert (run["status"], run["result"]) == ("completed", 7)
    assert [job["status"] for job in run["jobs"]] == ["lost", "completed"]
    names = {one.headers["x-mobius-delivery-id"] for one in held.received}
    keys = {one.headers["idempotency-key"] for one in held.received}
    assert len(held.received) == 2
    assert len(names) == 1
    assert names == keys
    [line] = remote.get(f"action-invocations?run_id={run_id}").body["items"]
    assert (line["id"], line["retry_count"]) == (names.pop(), 1)


def test_a_direct_call_survives_too(
    stack: Stack, remote: Remote, held: Receiver
) -> None:
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(remote.post("actions/slow/invoke", {}))
    )
    asking.start()
    wait_until(lambda: held.received)
    held.before = lambda: None

    kill_children(stack)
    asking.join()

    assert (answers[0].status, answers[0].body["output"]) == (200, {"output": 7})
    assert len(held.received) == 2


def test_a_lease_is_kept_while_an_endpoint_takes_longer(
    remote: Remote, held: Receiver, over: threading.Event
) -> None:
    step = {"name": "do", "action": "slow", "action_kind": "server"}
    run_id = remote.start(spec(step))
    wait_until(lambda: held.received)

    def outlived_its_first_lease() -> bool:
        [job] = remote.run(run_id)["jobs"]
        times = [
            datetime.fromisoformat(job[at]) for at in ("claimed_at", "heartbeat_at")
        ]
        return (times[1] - times[0]).total_seconds() > LEASE_SECONDS

    wait_until(outlived_its_first_lease, every=0.2)
    over.set()
    run = remote.wait_for(run_id)

    assert [job["status"] for job in run["jobs"]] == ["completed"]
    assert len(held.received) == 1
