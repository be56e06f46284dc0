"""What one request of each kind costs, sent one after the other."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from tests.load.figures import Row, in_ms
from tests.load.setting import Meter, Setting
from tests.load.wire import Answer, Connection
from tests.load.worker import RESULT

REQUESTS: Final = 300
COUNTED: Final = 30
QUEUE: Final = "routes"
WORKER: Final = "routes"

Call = Callable[[Any], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one route cost: seconds of each call, web's processor time, statements."""

    seconds: list[float]
    cpu_ms: float
    statements: float


def measure(setting: Setting) -> list[Row]:
    """Walk as many runs through their first step as it takes, route by route."""
    return uvloop.run(_measure(setting))


async def _measure(setting: Setting) -> list[Row]:
    setting.say(f"routes: {REQUESTS} requests of each kind, then {COUNTED} counted")
    connection = Connection(setting.target)
    workflow_id = await setting.define(connection, 1)
    count = min(REQUESTS, setting.runs)
    await _walk(setting, connection, workflow_id, count)  # warm-up
    costs = await _walk(setting, connection, workflow_id, count)
    counted = await _walk(setting, connection, workflow_id, COUNTED, counting=True)
    connection.close()
    return [
        Row(
            f"{route}: web's CPU, SQL statements, p50 / p99",
            f"{cost.cpu_ms:.2f} ms, {counted[route].statements:.1f}, "
            f"{in_ms(cost.seconds)}",
        )
        for route, cost in costs.items()
    ]


async def _walk(
    setting: Setting,
    connection: Connection,
    workflow_id: str,
    count: int,
    *,
    counting: bool = False,
) -> dict[str, Cost]:
    """Take ``count`` runs from start to end, all by one route before the next."""
    runs: list[str] = []
    jobs: list[dict[str, Any]] = []
    costs: dict[str, Cost] = {}

    async def start(_: int) -> Answer:
        wanted = {"definition_id": workflow_id, "queue": QUEUE}
        answer = await connection.post("runs", wanted)
        runs.append(answer.expect(202).json()["id"])
        return answer

    async def claim(_: int) -> Answer:
        wanted = {"worker_id": WORKER, "queues": [QUEUE], "wait_seconds": 5}
        answer = await connection.post("jobs/claim", wanted)
        jobs.append(answer.expect(200).json())
        return answer

    def tell(verb: str, answer: int, **more: Any) -> Callable[[int], Awaitable[Answer]]:
        async def call(place: int) -> Answer:
            job = jobs[place]
            body = {"worker_id": WORKER, "attempt": job["attempt"], **more}
            path = f"jobs/{job['job_id']}/{verb}"
            return (await connection.post(path, body)).expect(answer)

        return call

    async def read(place: int) -> Answer:
        return (await connection.get(f"runs/{runs[place]}")).expect(200)

    async def read_page(_: int) -> Answer:
        return (await connection.get("runs?limit=20")).expect(200)

    events = [{"type": "progress", "payload": {"percent": 50}}]
    report = {"status": "completed", "result_b64": RESULT}
    for route, call in (
        ("POST runs", start),
        ("POST jobs/claim", claim),
        ("POST jobs/{id}/heartbeat", tell("heartbeat", 200)),
        ("POST jobs/{id}/events", tell("events", 204, events=events)),
        ("POST jobs/{id}/complete", tell("complete", 204, **report)),
        ("GET runs/{id}", read),
        ("GET runs?limit=20", read_page),
    ):
        setting.database.wait_for_dispatch()
        costs[route] = await _cost(setting, call, count, counting=counting)
    return costs


async def _cost(
    setting: Setting,
    call: Callable[[int], Awaitable[Answer]],
    count: int,
    *,
    counting: bool,
) -> Cost:
    if counting:
        with setting.database.listening() as heard:
            for place in range(count):
                await call(place)
        return Cost([], 0.0, heard.count["web"] / count)
    seconds = []
    meter = Meter(setting.parts)
    for place in range(count):
        started = time.perf_counter()
        seconds.append((await call(place)).at - started)
    return Cost(seconds, 1000 * meter.spent()["web"] / count, 0.0)
