"""Workers with coroutines, over a real socket that is lost now and then."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mobius.sdk import AsyncClient, AsyncJobContext, AsyncWorker, result_of
from mobius.sdk.working.socket import SocketTransport
from tests.sdk.conftest import at_work
from tests.support.specs import NO_RETRY, action, spec
from tests.support.stack import Stack, Tenant
from tests.support.stalling_proxy import StallingProxy

SECONDS = 60


async def start(client: AsyncClient, *names: str) -> str:
    steps = [action(name, retry=NO_RETRY) for name in names]
    return str((await client.runs.start(spec=spec(*steps)))["id"])


def clients(
    stack: Stack, tenant: Tenant, proxy: StallingProxy
) -> tuple[AsyncClient, AsyncClient]:
    """One that always reaches the system, one behind the network that fails."""
    who = (tenant.api_key, tenant.project)
    return AsyncClient(stack.base_url, *who), AsyncClient(proxy.url, *who)


async def timeline(client: AsyncClient, run_id: str) -> list[str]:
    return [event.type async for event in client.runs.events(run_id)]


def test_a_socket_that_is_lost_mid_job_loses_nothing(
    stack: Stack, tenant: Tenant, proxy: StallingProxy
) -> None:
    async def story() -> None:
        direct, through = clients(stack, tenant, proxy)
        async with direct, through:
            begun, go_on = asyncio.Event(), asyncio.Event()
            worker = AsyncWorker(through, concurrency=2)

            @worker.action("do.wait")
            async def wait(parameters: Any, context: AsyncJobContext) -> int:
                begun.set()
                await go_on.wait()
                return context.attempt

            @worker.action("do.echo")
            async def echo(parameters: Any) -> Any:
                return parameters

            async with asyncio.timeout(SECONDS), at_work(worker):
                run_id = await start(direct, "wait", "echo")
                await begun.wait()
                proxy.cut()
                # While it is away another run begins; it is taken once it is back.
                other = await start(direct, "echo")
                assert (await direct.runs.wait(other))["status"] == "completed"
                go_on.set()
                run = await direct.runs.wait(run_id)
                assert run["status"] == "completed"
                assert [job["attempt"] for job in run["jobs"]] == [1, 1]
                assert {job["claimed_by"] for job in run["jobs"]} == {worker.worker_id}

    asyncio.run(story())


def test_a_report_whose_acknowledgement_is_lost_counts_once(
    stack: Stack, tenant: Tenant, proxy: StallingProxy, monkeypatch: Any
) -> None:
    sent: list[str] = []
    send_report = SocketTransport._send_report

    async def note(self: SocketTransport, job_id: str) -> None:
        await send_report(self, job_id)
        sent.append(job_id)

    monkeypatch.setattr(SocketTransport, "_send_report", note)

    async def story() -> None:
        direct, through = clients(stack, tenant, proxy)
        async with direct, through:
            worker = AsyncWorker(through)

            @worker.action("do.lose")
            async def lose(parameters: Any) -> str:
                proxy.stall(answers_only=True)
                return "done"

            async with asyncio.timeout(SECONDS), at_work(worker):
                run_id = await start(direct, "lose")
                run = await direct.runs.wait(run_id)
                assert run["status"] == "completed"
                assert len(sent) == 1
                proxy.cut()
                proxy.flow()
                while len(sent) < 2:  # on the next connection
                    await asyncio.sleep(0.01)
            told = await timeline(direct, run_id)
            assert told.count("action.completed") == 1
            assert set(sent) == {run["jobs"][0]["id"]}

    asyncio.run(story())


def test_a_cancelled_run_cancels_its_coroutine(
    stack: Stack, tenant: Tenant, proxy: StallingProxy
) -> None:
    async def story() -> None:
        direct, through = clients(stack, tenant, proxy)
        async with direct, through:
            begun, cleaned = asyncio.Event(), asyncio.Event()
            worker = AsyncWorker(through)

            @worker.action("do.long")
            async def long(parameters: Any, context: AsyncJobContext) -> None:
                begun.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    assert context.should_cancel
                    cleaned.set()

            async with asyncio.timeout(SECONDS), at_work(worker):
                run_id = await start(direct, "long")
                await begun.wait()
                await direct.runs.cancel(run_id)
                await cleaned.wait()
            assert (await direct.runs.get(run_id))["status"] == "cancelled"

    asyncio.run(story())


def test_a_result_that_no_frame_takes_fails_its_attempt_alone(
    stack: Stack, tenant: Tenant, proxy: StallingProxy
) -> None:
    async def story() -> None:
        direct, through = clients(stack, tenant, proxy)
        async with direct, through:
            worker = AsyncWorker(through)

            @worker.action("do.big")
            async def big(parameters: Any) -> str:
                return "x" * 5_000_000

            @worker.action("do.small")
            async def small(parameters: Any) -> dict[str, Any]:
                return {"ü": [1.5, None, True]}

            async with asyncio.timeout(SECONDS), at_work(worker):
                run = await direct.runs.wait(await start(direct, "big"))
                assert (run["status"], run["error_type"]) == ("failed", "fatal_error")
                step = action("small", store="out")
                outputs = [{"name": "out", "variable": "out"}]
                started = await direct.runs.start(spec=spec(step, outputs=outputs))
                run = await direct.runs.wait(started["id"])
                assert result_of(run) == {"out": {"ü": [1.5, None, True]}}

    asyncio.run(story())


async def each(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


@pytest.mark.parametrize("transport", ["socket", "http"])
def test_one_worker_does_as_many_jobs_at_once_as_it_has_room_for(
    stack: Stack, tenant: Tenant, proxy: StallingProxy, transport: Any
) -> None:
    async def story() -> None:
        direct, through = clients(stack, tenant, proxy)
        async with direct, through:
            together = asyncio.Barrier(3)
            worker = AsyncWorker(through, concurrency=3, transport=transport)

            @worker.action("do.meet")
            async def meet(parameters: Any) -> None:
                await together.wait()

            async with asyncio.timeout(SECONDS), at_work(worker):
                runs = [await start(direct, "meet") for _ in range(3)]
                for run_id in runs:
                    run = await direct.runs.wait(run_id)
                    assert run["status"] == "completed"
                (shown,) = await each(direct.workers.list())
                assert shown["worker_id"] == worker.worker_id

    asyncio.run(story())
