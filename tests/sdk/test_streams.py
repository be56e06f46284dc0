"""Streams that are cut, against the real system."""

import asyncio
import threading

from mobius.sdk import AsyncClient, Client, StreamEvent
from tests.support.remote import HandWorker, Remote
from tests.support.specs import action, spec
from tests.support.stack import Stack, Tenant
from tests.support.stalling_proxy import StallingProxy

LINES = 30


def emit(worker: HandWorker, job: dict[str, object], number: int) -> None:
    reply = worker.emit(job, {"type": "progress", "payload": {"n": number}})
    assert reply.status == 204


def check(events: list[StreamEvent]) -> None:
    """Every line once, in order, to the end."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    told = [event.data["n"] for event in events if event.type == "progress"]
    assert told == list(range(LINES))
    assert events[-1].type == "run.completed"


def test_a_stream_that_is_cut_goes_on_without_gap_or_double(
    stack: Stack, tenant: Tenant, client: Client, proxy: StallingProxy
) -> None:
    """Both clients read the same run; the network breaks again and again."""
    given = (proxy.url, tenant.api_key, tenant.project)
    seen: list[StreamEvent] = []
    awaited: list[StreamEvent] = []
    run = client.runs.start(spec=spec(action("parse")))
    worker = HandWorker(Remote(stack.base_url, tenant.api_key, tenant.project))
    job = worker.claim()

    def read() -> None:
        with Client(*given) as reader:
            seen.extend(reader.runs.watch(run["id"]))

    async def read_async() -> None:
        async with AsyncClient(*given) as reader:
            async for event in reader.runs.watch(run["id"]):
                awaited.append(event)

    threads = [
        threading.Thread(target=read),
        threading.Thread(target=lambda: asyncio.run(read_async())),
    ]
    for thread in threads:
        thread.start()
    for number in range(LINES):
        emit(worker, job, number)
        if number % 10 == 5:
            proxy.cut()
    assert worker.complete(job, {"ok": True}).status == 204
    for thread in threads:
        thread.join(timeout=60)

    check(seen)
    check(awaited)


def test_a_projects_stream_is_resumed_where_it_broke_off(
    stack: Stack, tenant: Tenant, client: Client, proxy: StallingProxy
) -> None:
    """Its places are no numbers of lines; lines of several runs are mixed."""
    seen: list[StreamEvent] = []
    opened, ends = threading.Event(), 0

    def count(event: StreamEvent) -> bool:
        nonlocal ends
        ends += event.is_end
        return ends == 3

    def read() -> None:
        with Client(proxy.url, tenant.api_key, tenant.project) as reader:
            for event in reader.stream("runs/events", until=count):
                seen.append(event)
                opened.set()

    thread = threading.Thread(target=read)
    thread.start()
    runs = []
    while not opened.wait(timeout=0.05):
        run = client.runs.start(spec=spec(action("a")))
        client.runs.cancel(run["id"])
    for _ in range(3):
        proxy.cut()
        run = client.runs.start(spec=spec(action("a")))
        runs.append(client.runs.cancel(run["id"])["id"])
    thread.join(timeout=60)

    assert not thread.is_alive()
    for run_id in {event.run_id for event in seen}:
        numbers = [event.seq for event in seen if event.run_id == run_id]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len({event.id for event in seen}) == len(seen)
