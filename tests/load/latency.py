"""How quickly an idle system reacts: one run at a time, workers already waiting."""

import asyncio
import time
from typing import Any, Final

import uvloop

from tests.load.figures import Row, in_ms, median
from tests.load.limits import FlushProbe
from tests.load.setting import Setting
from tests.load.target import Target
from tests.load.wire import Connection
from tests.load.worker import RESULT

RUNS: Final = 200
QUIET_RUNS: Final = 10
#: Longer than the dispatcher stays awake after its last event.
QUIET_SECONDS: Final = 3.0
WAITING_CLAIMS: Final = 2
WAIT_SECONDS: Final = 20
STORED_SECONDS_MAX: Final = 10.0
STORED_POLL_SECONDS: Final = 0.0005


class Hands:
    """Claims that wait, as many as there are connections; jobs with their arrival."""

    def __init__(self, target: Target, queue: str, claims: int) -> None:
        self.arrived: asyncio.Queue[tuple[dict[str, Any], float]] = asyncio.Queue()
        self._report = Connection(target)
        self._tasks = [
            asyncio.create_task(self._claim(Connection(target), f"hand-{i}", queue))
            for i in range(claims)
        ]

    async def take(self) -> tuple[dict[str, Any], float]:
        """Return the next job and when it arrived; an error of a claim is raised."""
        taken = asyncio.ensure_future(self.arrived.get())
        await asyncio.wait([taken, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in self._tasks:
            if task.done():
                task.result()
        return await taken

    async def complete(self, job: dict[str, Any]) -> float:
        """Report success; return when the report began to be sent."""
        sent = time.perf_counter()
        report = {
            "worker_id": job["worker_id"],
            "attempt": job["attempt"],
            "status": "completed",
            "result_b64": RESULT,
        }
        path = f"jobs/{job['job_id']}/complete"
        (await self._report.post(path, report)).expect(204)
        return sent

    async def let_go(self) -> None:
        """Give up waiting."""
        self._report.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _claim(self, connection: Connection, name: str, queue: str) -> None:
        wanted = {"worker_id": name, "queues": [queue], "wait_seconds": WAIT_SECONDS}
        try:
            while True:
                answer = await connection.post("jobs/claim", wanted)
                if answer.status != 204:
                    job = {**answer.expect(200).json(), "worker_id": name}
                    self.arrived.put_nowait((job, answer.at))
        finally:
            connection.close()


class _Times:
    """Seconds of every run, by what was waited for."""

    def __init__(self) -> None:
        self.answered: list[float] = []
        self.first: list[float] = []
        self.following: list[float] = []
        self.stored: list[float] = []


def measure(setting: Setting) -> list[Row]:
    """Run 200 in a row, and ten with a silence before each."""
    return uvloop.run(_measure(setting))


async def _measure(setting: Setting) -> list[Row]:
    connection = Connection(setting.target)
    workflow_id = await setting.define(connection, 2)
    hands = Hands(setting.target, "latency", WAITING_CLAIMS)
    await _run_one(setting, connection, hands, workflow_id, _Times())
    flush = FlushProbe()
    setting.say(f"latency: {RUNS} runs, one after the other")
    busy, quiet = _Times(), _Times()
    for _ in range(min(RUNS, setting.runs)):
        flush()
        await _run_one(setting, connection, hands, workflow_id, busy)
    setting.say(
        f"latency: {QUIET_RUNS} runs, each after {QUIET_SECONDS:.0f} s of silence"
    )
    for _ in range(min(QUIET_RUNS, setting.runs)):
        await asyncio.sleep(QUIET_SECONDS)
        await _run_one(setting, connection, hands, workflow_id, quiet)
    flush.close()
    await hands.let_go()
    connection.close()
    return _rows(busy, quiet, median(flush.seconds))


async def _run_one(
    setting: Setting,
    connection: Connection,
    hands: Hands,
    workflow_id: str,
    times: _Times,
) -> None:
    started = time.perf_counter()
    answer = await connection.post(
        "runs", {"definition_id": workflow_id, "queue": "latency"}
    )
    run_id = answer.expect(202).json()["id"]
    times.answered.append(answer.at - started)
    job, at = await hands.take()
    times.first.append(at - started)
    sent = await hands.complete(job)
    job, at = await hands.take()
    times.following.append(at - sent)
    sent = await hands.complete(job)
    deadline = sent + STORED_SECONDS_MAX
    query = "SELECT count(*) FROM runs_run WHERE id = %s AND status = 'completed'"
    while not setting.database.one(query, run_id):
        if time.perf_counter() > deadline:
            raise TimeoutError(f"run {run_id} is not complete")
        await asyncio.sleep(STORED_POLL_SECONDS)
    times.stored.append(time.perf_counter() - sent)


def _rows(busy: _Times, quiet: _Times, flush: float) -> list[Row]:
    often = f"{len(busy.first)} runs in a row"
    rarely = f"{len(quiet.first)} runs after {QUIET_SECONDS:.0f} s of silence"
    both = "p50 <= 25, p99 <= 100 ms"
    return [
        row_beside_flush(
            f"start answered, {often}", busy.answered, "p50 <= 15 ms", 1, flush
        ),
        row_beside_flush(f"start to job in hands, {often}", busy.first, both, 3, flush),
        row_beside_flush(
            f"report to next step's job in hands, {often}",
            busy.following,
            "p50 <= 25 ms",
            3,
            flush,
        ),
        row_beside_flush(
            f"last report to run complete in the store, {often}",
            busy.stored,
            "",
            2,
            flush,
        ),
        row_beside_flush(
            f"start to job in hands, {rarely}", quiet.first, both, 3, flush
        ),
    ]


def row_beside_flush(
    what: str, seconds: list[float], aim: str, commits: int, flush: float
) -> Row:
    """Return durations beside the disk's own: so many commits follow one another."""
    least = commits * flush
    return Row(
        f"{what}, p50 / p99",
        in_ms(seconds),
        aim,
        f"{commits} x flush of {flush * 1000:.1f} ms",
        f"{median(seconds) / least:.1f} x",
    )
