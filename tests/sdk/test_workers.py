"""Workers with plain functions, against the real system."""

import threading
from collections import Counter
from typing import Any, Literal

import pytest

from mobius.sdk import (
    ActionFailed,
    ApiError,
    AuthError,
    Client,
    ConfigurationError,
    JobContext,
    PermanentFailure,
    Worker,
    result_of,
)
from tests.sdk.conftest import Work
from tests.sdk.scenes import QUICK, await_claimed, both, start
from tests.support.specs import NO_RETRY
from tests.support.stack import Stack, Tenant
from tests.support.waiting import wait_until


@both
def test_two_workers_share_the_jobs_and_each_is_done_once(
    client: Client, work: Work, transport: Literal["http", "socket"]
) -> None:
    done, together = Counter[str](), threading.Barrier(2, timeout=30)

    def meet(parameters: Any, context: JobContext) -> dict[str, int]:
        together.wait()  # both workers have a job at the same time, in every pair
        done[context.run_id] += 1
        return {"attempt": context.attempt}

    for _ in range(2):
        work(Worker(client, transport=transport, actions={"do.a": meet}))
    runs = [start(client, "a") for _ in range(6)]

    ended = [client.runs.wait(run_id, timeout=60) for run_id in runs]
    assert [run["status"] for run in ended] == ["completed"] * 6
    assert done == Counter(runs)
    assert len({job["claimed_by"] for run in ended for job in run["jobs"]}) == 2


@both
def test_a_failure_is_reported_with_its_type_and_retried_unless_it_is_final(
    client: Client, work: Work, transport: Literal["http", "socket"]
) -> None:
    worker = Worker(client, transport=transport, concurrency=4)

    @worker.action("do.flaky")
    def flaky(parameters: Any, context: JobContext) -> int:
        if context.attempt < 3:
            raise ActionFailed("not yet", "Busy")
        return context.attempt

    @worker.action("do.final")
    def final(parameters: Any) -> None:
        raise PermanentFailure("never")

    @worker.action("do.odd")
    def odd(parameters: Any) -> object:
        return {"a": object()}

    @worker.action("do.crash")
    def crash(parameters: dict[str, int]) -> int:
        return parameters["missing"]

    work(worker)
    runs = {
        name: start(client, name, retry=QUICK if name != "crash" else NO_RETRY)
        for name in ("flaky", "final", "odd", "crash")
    }
    ended = {name: client.runs.wait(id_, timeout=60) for name, id_ in runs.items()}

    def told(name: str) -> tuple[str, str, int]:
        run = ended[name]
        return run["status"], run.get("error_type", ""), len(run["jobs"])

    assert told("flaky") == ("completed", "", 3)
    assert ended["flaky"]["jobs"][0]["error_type"] == "Busy"
    assert told("final") == ("failed", "fatal_error", 1)
    assert ended["final"]["error_message"] == "never"
    assert told("odd") == ("failed", "fatal_error", 1)
    assert told("crash") == ("failed", "KeyError", 1)


@both
def test_a_function_is_told_when_its_run_is_cancelled(
    client: Client, work: Work, transport: Literal["http", "socket"]
) -> None:
    stopped = threading.Event()
    worker = Worker(client, transport=transport)

    @worker.action("do.long")
    def long(parameters: Any, context: JobContext) -> None:
        assert not context.should_cancel
        assert context.cancelled.wait(30)
        stopped.set()
        context.check()

    @worker.action("do.short")
    def short(parameters: Any) -> str:
        return "free again"

    work(worker)
    run_id = start(client, "long")
    await_claimed(client, run_id)
    client.runs.cancel(run_id)

    assert stopped.wait(20)
    after = client.runs.wait(start(client, "short"), timeout=30)
    assert result_of(after) is None or after["status"] == "completed"
    assert client.runs.get(run_id)["status"] == "cancelled"


@both
def test_events_are_on_the_timeline_in_order_and_bad_ones_are_refused(
    client: Client, work: Work, transport: Literal["http", "socket"]
) -> None:
    refused: list[str] = []
    worker = Worker(client, transport=transport)

    @worker.action("do.tell")
    def tell(parameters: Any, context: JobContext) -> None:
        for number in range(3):
            assert context.emit("progress", {"n": number})
        try:
            context.emit("mobius.mine")
        except ApiError as error:
            refused.append(error.code)

    work(worker)
    run_id = start(client, "tell")
    events = list(client.runs.watch(run_id, timeout=30))

    assert [e.data["n"] for e in events if e.type == "progress"] == [0, 1, 2]
    assert events[-1].type == "run.completed"
    assert refused == ["bad_request"]


def test_a_worker_whose_network_fails_while_it_reports_reports_once(
    stack: Stack, tenant: Tenant, client: Client, proxy: Any, work: Work
) -> None:
    """The report arrives, its answer does not: it is sent again, and accepted."""
    with Client(proxy.url, tenant.api_key, tenant.project) as through:

        def lose(parameters: Any, context: JobContext) -> str:
            proxy.stall(answers_only=True)
            return "done"

        work(Worker(through, actions={"do.a": lose}))
        run_id = start(client, "a")
        wait_until(lambda: client.runs.get(run_id)["status"] == "completed")
        proxy.cut()
        proxy.flow()
        events = list(client.runs.watch(run_id))
        ends = [event for event in events if event.type == "action.completed"]
        assert len(ends) == 1
        again = client.runs.wait(start(client, "a"), timeout=60)
        proxy.cut()
        proxy.flow()
        assert again["status"] == "completed"


@both
def test_a_key_that_is_no_good_ends_the_worker(
    stack: Stack, tenant: Tenant, transport: Literal["http", "socket"]
) -> None:
    with Client(stack.base_url, "mbx_" + "0" * 43, tenant.project) as client:
        worker = Worker(client, transport=transport, actions={"a": print})
        with pytest.raises(AuthError):
            worker.run()


def test_what_a_worker_cannot_be_is_said_before_it_begins(client: Client) -> None:
    for wrong in (
        {"concurrency": 0},
        {"queues": "default"},
        {"transport": "pigeon"},
        {"actions": {"a": 1}},
    ):
        with pytest.raises(ConfigurationError, match=next(iter(wrong)).rstrip("s")):
            Worker(client, **wrong)
    worker = Worker(client, actions={"a": print})
    with pytest.raises(ConfigurationError, match="two functions"):
        worker.action("a")(print)
    with pytest.raises(ConfigurationError, match="none"):
        Worker(client).run()
