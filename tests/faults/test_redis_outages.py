"""Redis is wiped, killed, frozen: it is quick, PostgreSQL is right."""

import signal
import time
from collections.abc import Callable

import pytest
import redis

from tests.faults.children import kill_children
from tests.faults.load import Load, quick_run
from tests.support.remote import HandWorker, Reply
from tests.support.specs import ONE_STEP
from tests.support.stack import HEARTBEAT_SECONDS, Stack

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

WIPES = 5
FROZEN_SECONDS = 15.0
#: The longest a request may take while Redis says nothing: a few times its timeout.
ANSWER_SECONDS_MAX = 2.0


def test_redis_is_wiped_again_and_again(stack: Stack, load: Load) -> None:
    with redis.Redis.from_url(stack.redis_url) as client:
        for _ in range(WIPES):
            client.flushall()
            load.await_finished(3)
        client.flushall()
    # Now only a message that goes through the broker brings a drain.
    kill_children(stack)

    assert load.finish() > 0


def test_redis_is_killed_and_comes_back(stack: Stack, load: Load) -> None:
    stack.kill("valkey")
    stack.wait_running("valkey")

    assert load.finish() > 0


class Held:
    """A job that stays in hands, with a heartbeat each second."""

    def __init__(self, load: Load) -> None:
        self._worker = HandWorker(load.remote, "by-hand")
        self.run_id = load.remote.start(ONE_STEP, queue="by-hand")
        load.adopt(self.run_id)
        self._job = self._worker.claim(queues=["by-hand"])
        self._next = time.monotonic() + HEARTBEAT_SECONDS

    def beat(self) -> Reply | None:
        """Send a heartbeat if it is time."""
        if time.monotonic() < self._next:
            return None
        self._next += HEARTBEAT_SECONDS
        return self._worker.heartbeat(self._job)

    def complete(self) -> None:
        """Report."""
        assert self._worker.complete(self._job).status == 204


def start_another(load: Load) -> Reply:
    """Start a run, once, besides those that start anyway."""
    reply = load.remote.post("runs", quick_run())
    load.adopt(reply.body["id"])
    return reply


def test_a_frozen_redis_slows_nobody_down_and_takes_no_job_away(
    stack: Stack, load: Load
) -> None:
    held = Held(load)
    asked: dict[str, Callable[[], Reply | None]] = {
        "start a run": lambda: start_another(load),
        "read a run": lambda: load.remote.get(f"runs/{held.run_id}"),
        "readiness": lambda: load.remote.get("/readyz"),
        "heartbeat": held.beat,
    }
    slowest = dict.fromkeys(asked, 0.0)

    stack.kill("valkey", signal.SIGSTOP)
    try:
        ends = time.monotonic() + FROZEN_SECONDS
        while time.monotonic() < ends:
            for name, ask in asked.items():
                began = time.monotonic()
                reply = ask()
                slowest[name] = max(slowest[name], time.monotonic() - began)
                assert reply is None or reply.status in (200, 202), reply
            load.breathe()
    finally:
        stack.kill("valkey", signal.SIGCONT)
    held.complete()

    print("slowest:", {k: f"{v * 1000:.0f} ms" for k, v in slowest.items()})  # noqa: T201
    assert load.finish() > 0
    assert max(slowest.values()) < ANSWER_SECONDS_MAX, slowest
    assert load.slowest_start < ANSWER_SECONDS_MAX
    [job] = load.remote.run(held.run_id)["jobs"]
    assert job["attempt"] == 1
