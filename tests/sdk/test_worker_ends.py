"""How workers end: killed, told to stop, out of time. Against the real system."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest

from mobius.local.environment import ROOT
from mobius.sdk import Client, JobContext, Worker
from tests.sdk.conftest import Work
from tests.sdk.scenes import both, start
from tests.support.specs import NO_RETRY
from tests.support.stack import Stack, Tenant


class Program:
    """A worker that can be killed."""

    def __init__(self, stack: Stack, tenant: Tenant, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sdk.worker_program", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "MOBIUS_BASE_URL": stack.base_url,
                "MOBIUS_API_KEY": tenant.api_key,
                "MOBIUS_PROJECT": tenant.project,
            },
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next thing it says; empty once it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def program(stack: Stack, tenant: Tenant) -> Iterator[Callable[..., Program]]:
    """Start worker programs in the project; they are gone at the end."""
    running: list[Program] = []

    def begin(*arguments: str) -> Program:
        running.append(Program(stack, tenant, *arguments))
        return running[-1]

    yield begin
    for each in running:
        each.close()


@both
def test_the_jobs_of_a_killed_worker_go_to_another(
    client: Client, work: Work, program: Callable[..., Program], transport: str
) -> None:
    victim = program(transport, "60")
    run_id = start(client, "parse")
    assert victim.line().endswith(" 1")
    victim.process.send_signal(signal.SIGKILL)
    victim.process.wait()

    work(Worker(client, actions={"do.parse": lambda _, context: context.attempt}))

    run = client.runs.wait(run_id, timeout=60)
    assert (run["status"], len(run["jobs"])) == ("completed", 2)
    assert [job["attempt"] for job in run["jobs"]] == [1, 2]


@both
def test_a_signal_lets_a_worker_finish_what_it_has_and_end(
    client: Client, program: Callable[..., Program], transport: str
) -> None:
    worker = program(transport, "1.5")
    first, second = start(client, "parse"), start(client, "parse")
    assert worker.line().startswith("begun")
    worker.process.send_signal(signal.SIGTERM)

    assert worker.line() == "ended"
    assert worker.process.wait(timeout=20) == 0
    runs = [client.runs.get(run_id) for run_id in (first, second)]
    attempts = [[job["status"] for job in run["jobs"]] for run in runs]
    assert sorted(attempts) == [["completed"], ["pending"]]


@both
def test_what_is_not_finished_in_time_is_given_back_as_it_was(
    client: Client, transport: Literal["http", "socket"], work: Work
) -> None:
    begun = threading.Event()

    def stubborn(parameters: Any, context: JobContext) -> None:
        begun.set()
        context.cancelled.wait(60)
        context.check()

    worker = Worker(client, transport=transport, grace=0.1, actions={"do.a": stubborn})
    thread = threading.Thread(target=worker.run)
    thread.start()
    run_id = start(client, "a", retry=NO_RETRY)
    assert begun.wait(30)
    worker.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()

    work(Worker(client, actions={"do.a": lambda _, context: context.attempt}))
    run = client.runs.wait(run_id, timeout=60)
    assert run["status"] == "completed"
    assert [job["attempt"] for job in run["jobs"]] == [1]
