"""Workers on sockets of one web process: what an idle one costs, how soon it works."""

import asyncio
import os
import time
from typing import Any, Final

import orjson
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from tests.load.figures import Row, in_ms
from tests.load.processes import Memory, memory_of, threads_of
from tests.load.setting import Meter, Setting
from tests.load.target import Target
from tests.load.wire import Connection

SOCKETS: Final = 1000
OPENING_AT_ONCE: Final = 32
WARM_UP: Final = 50
RUNS: Final = 200
SETTLE_SECONDS: Final = 3.0
#: Longer than a claim is held: what is idle then has no claim open.
EMPTY_SECONDS: Final = 23.0
IDLE_SECONDS: Final = 20.0
KIB_AIM: Final = 100


class Worker:
    """One worker: claims when it is told of work, keeps jobs with their arrival."""

    def __init__(self, target: Target, name: str, queue: str) -> None:
        self._target = target
        self._name = name
        self._queue = queue
        self._task: asyncio.Task[None] | None = None
        self.registered = asyncio.Event()
        self.socket: ClientConnection | None = None
        self.arrived: asyncio.Queue[tuple[dict[str, Any], float]] = asyncio.Queue()

    async def open(self) -> "Worker":
        """Connect, register, claim; return once the server knows the worker."""
        self._task = asyncio.create_task(self._work())
        await self.registered.wait()
        return self

    async def close(self) -> None:
        """Hang up."""
        if self.socket is not None:
            await self.socket.close()
        if self._task is not None:
            await self._task

    async def report(self, job: dict[str, Any]) -> None:
        """Report success and claim again."""
        await self._send("job.report", job_id=job["id"], lease_token=job["lease_token"])
        await self._send("jobs.claim", available_slots=1)

    async def _send(self, kind: str, **fields: Any) -> None:
        assert self.socket is not None
        await self.socket.send(orjson.dumps({"type": kind, **fields}).decode())

    async def _work(self) -> None:
        path = self._target.path("workers/socket")
        url = f"ws://{self._target.host}:{self._target.port}{path}"
        headers = {"Authorization": f"Bearer {self._target.key}"}
        async with connect(
            url, additional_headers=headers, compression=None, ping_interval=None
        ) as socket:
            self.socket = socket
            await self._send(
                "worker.register",
                worker_instance_id=self._name,
                concurrency_limit=1,
                queues=[self._queue],
            )
            async for raw in socket:
                at = time.perf_counter()
                frame = orjson.loads(raw)
                if frame["type"] in ("worker.registered", "work.available"):
                    await self._send("jobs.claim", available_slots=1)
                    self.registered.set()
                for job in frame.get("jobs", ()):
                    self.arrived.put_nowait((job, at))


class _Found:
    def __init__(self) -> None:
        self.before = Memory()
        self.idle = Memory()
        self.threads = 0
        self.cpu = 0.0
        self.connections = 0
        self.opening = 0.0
        self.claimed: list[float] = []
        self.told: list[float] = []


def measure(setting: Setting) -> list[Row]:
    """Hold a thousand idle workers; beside them, hand out jobs to one."""
    return _rows(uvloop.run(_measure(setting)))


async def _measure(setting: Setting) -> _Found:
    found = _Found()
    for worker in await _open(setting, WARM_UP, "warm"):
        await worker.close()
    await asyncio.sleep(SETTLE_SECONDS)
    found.before = memory_of([setting.web])
    setting.say(f"sockets: opening {SOCKETS}, each an idle worker")
    started = time.perf_counter()
    workers = await _open(setting, SOCKETS, "idle")
    found.opening = time.perf_counter() - started
    await asyncio.sleep(EMPTY_SECONDS)
    found.idle = memory_of([setting.web])
    found.threads = threads_of(setting.web)
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    found.connections = int(setting.database.one(count))
    meter = Meter({"web": setting.web, "self": os.getpid()})
    await asyncio.sleep(IDLE_SECONDS)
    found.cpu = meter.spent()["web"] / IDLE_SECONDS
    connection = Connection(setting.target)
    workflow_id = await setting.define(connection, 1)
    setting.say(f"sockets: {min(RUNS, setting.runs)} runs beside them")
    busy = await Worker(setting.target, "busy", "sockets-busy").open()
    for _ in range(min(RUNS, setting.runs)):
        found.claimed.append(
            await _run(setting, connection, workflow_id, "sockets-busy", [busy])
        )
    for _ in range(min(RUNS // 4, setting.runs)):
        found.told.append(
            await _run(setting, connection, workflow_id, "sockets-idle", workers)
        )
    await busy.close()
    await asyncio.gather(*(worker.close() for worker in workers))
    connection.close()
    return found


async def _run(
    setting: Setting,
    connection: Connection,
    workflow_id: str,
    queue: str,
    workers: list[Worker],
) -> float:
    """Start a run; return the seconds until a worker has its job."""
    started = time.perf_counter()
    await setting.start(connection, workflow_id, queue)
    waiting = {
        asyncio.ensure_future(worker.arrived.get()): worker for worker in workers
    }
    done, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    ((job, at),) = [task.result() for task in done]
    worker = waiting[done.pop()]
    await worker.report(job)
    return at - started


async def _open(setting: Setting, count: int, kind: str) -> list[Worker]:
    room = asyncio.Semaphore(OPENING_AT_ONCE)

    async def open_one(number: int) -> Worker:
        async with room:
            name = f"{kind}-{number}"
            return await Worker(setting.target, name, "sockets-idle").open()

    return await asyncio.gather(*(open_one(number) for number in range(count)))


def _rows(found: _Found) -> list[Row]:
    each = (found.idle.uss - found.before.uss) / SOCKETS / 1024
    beside = f"beside {SOCKETS:,} idle ones"
    return [
        Row(
            f"memory of an idle worker on a socket ({SOCKETS:,} open, USS of web)",
            f"{each:.1f} KiB",
            f"<= {KIB_AIM} KiB",
        ),
        Row(
            f"{SOCKETS:,} workers connected and registered",
            f"{found.opening:.1f} s",
        ),
        Row(
            f"threads of web, connections to PostgreSQL with {SOCKETS:,} sockets",
            f"{found.threads}, {found.connections}",
        ),
        Row(
            f"processor of web with {SOCKETS:,} idle sockets",
            f"{found.cpu:.1%} of a core",
        ),
        Row(
            f"start to job in hands, open claim on a socket {beside}, p50 / p99",
            in_ms(found.claimed),
            "p50 <= 25, p99 <= 100 ms",
        ),
        Row(
            f"the same, told of work first, one of the {SOCKETS:,}, p50 / p99",
            in_ms(found.told),
        ),
    ]
