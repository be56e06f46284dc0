"""Published workers on sockets while the web process dies under them."""

import contextlib
import signal
from collections.abc import Iterator
from functools import partial

import pytest
import redis

from tests.faults.load import Load
from tests.support.published_worker import PublishedWorker
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

RUNS = 12
QUEUE = "on-sockets"
EAGER = [{"max_retries": 25, "base_delay": "0s"}]
SPEC = {
    "name": "echoes",
    "steps": [
        {"name": "a", "action": "echo", "retry": EAGER},
        {"name": "b", "action": "echo", "retry": EAGER},
    ],
}


@pytest.fixture
def workers(load: Load) -> Iterator[list[PublishedWorker]]:
    """Three published workers of a queue."""
    running = [
        PublishedWorker(
            version,
            load.remote,
            worker_instance_id=version,
            queues=[QUEUE],
            concurrency=2,
        )
        for version in ("0.0.23", "0.0.28", "0.0.61")
    ]
    yield running
    for worker in running:
        worker.close()


def start_runs(load: Load) -> list[str]:
    """Start runs for them, besides those that start anyway."""
    runs = [load.remote.start(SPEC, queue=QUEUE) for _ in range(RUNS)]
    for run_id in runs:
        load.adopt(run_id)
    return runs


def another(stack: Stack, before: int) -> bool:
    """Whether the web process runs and is not the one of before."""
    with contextlib.suppress(AssertionError):
        return stack.pid("web") != before
    return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_come_back_to_a_server_that_died(
    stack: Stack, load: Load, workers: list[PublishedWorker], number: signal.Signals
) -> None:
    for _ in range(2):
        runs = start_runs(load)
        workers[0].expect("echo")
        before = stack.kill("web", number)
        wait_until(partial(another, stack, before), seconds=30)
        stack.wait_running("web")

        for run_id in runs:
            load.remote.wait_for(run_id, "completed", seconds=60)

    assert load.finish() > 0


def test_workers_do_not_notice_that_redis_was_wiped(
    stack: Stack, load: Load, workers: list[PublishedWorker]
) -> None:
    runs = start_runs(load)
    with redis.Redis.from_url(stack.redis_url) as client:
        for worker in workers:
            worker.expect("echo")
            client.flushall()

    for run_id in runs:
        load.remote.wait_for(run_id, "completed", seconds=60)

    assert load.finish() > 0
