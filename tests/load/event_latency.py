"""How quickly an idle system reacts to an event: one at a time, over HTTP."""

import asyncio
import time
from typing import Any, Final

import uvloop

from tests.load.figures import Row, median
from tests.load.latency import Hands, row_beside_flush
from tests.load.limits import FlushProbe
from tests.load.setting import Setting
from tests.load.wire import Connection

EVENTS: Final = 250
QUIET_EVENTS: Final = 10
#: Longer than the dispatcher stays awake after its last event.
QUIET_SECONDS: Final = 3.0
POLL_SECONDS: Final = 0.0005
SECONDS_MAX: Final = 10.0
STARTED_AIM: Final = "p50 <= 40, p99 <= 150 ms"
#: The runs of an event whose timeline says that they began.
_STARTED: Final = """
SELECT count(*) FROM runs_run r
JOIN run_events_runevent l ON l.run_id = r.id AND l.type = 'run.started'
WHERE r.source_event_id = %s
"""


class _Times:
    """Seconds from sending an event: to its 202, to its effect, to a job in hands."""

    def __init__(self) -> None:
        self.accepted: list[float] = []
        self.started: list[float] = []
        self.in_hands: list[float] = []


def measure(setting: Setting) -> list[Row]:
    """Publish 250 in a row, and ten with a silence before each."""
    return uvloop.run(_measure(setting))


async def _measure(setting: Setting) -> list[Row]:
    connection = Connection(setting.target)
    name = f"latency{time.time_ns()}"
    await _listen(setting, connection, name)
    hands = Hands(setting.target, name, 2)
    flush, busy, quiet = FlushProbe(), _Times(), _Times()
    await _publish_one(setting, connection, hands, name, _Times())
    count = min(EVENTS, setting.runs)
    setting.say(f"event latency: {count} events, one after the other")
    for _ in range(count):
        flush()
        await _publish_one(setting, connection, hands, name, busy)
    setting.say(
        f"event latency: {QUIET_EVENTS} events, each after {QUIET_SECONDS:.0f} s of"
        " silence"
    )
    for _ in range(min(QUIET_EVENTS, setting.runs)):
        await asyncio.sleep(QUIET_SECONDS)
        await _publish_one(setting, connection, hands, name, quiet)
    flush.close()
    await hands.let_go()
    connection.close()
    return _rows(busy, quiet, median(flush.seconds))


async def _listen(setting: Setting, connection: Connection, name: str) -> None:
    """Have a trigger start a run of one step for each event."""
    workflow_id = await setting.define(connection, 1)
    trigger: dict[str, Any] = {
        "name": name,
        "kind": "event",
        "source_config": {
            "event_type": f"custom.{name}.*",
            "condition": "event.amount > 100",
        },
        "targets": [{"workflow_id": workflow_id, "queue": name}],
    }
    (await connection.post("triggers", trigger)).expect(201)


async def _publish_one(
    setting: Setting, connection: Connection, hands: Hands, name: str, times: _Times
) -> None:
    event = {"event_type": f"custom.{name}.paid", "event": {"amount": 250}}
    sent = time.perf_counter()
    answer = (await connection.post("source-events", event)).expect(202)
    times.accepted.append(answer.at - sent)
    event_id = answer.json()["source_event_id"]
    while not setting.database.one(_STARTED, event_id):
        if time.perf_counter() > sent + SECONDS_MAX:
            raise TimeoutError(f"event {event_id} started no run")
        await asyncio.sleep(POLL_SECONDS)
    times.started.append(time.perf_counter() - sent)
    job, at = await hands.take()
    times.in_hands.append(at - sent)
    await hands.complete(job)
    setting.database.wait_for_dispatch()


def _rows(busy: _Times, quiet: _Times, flush: float) -> list[Row]:
    often = f"{len(busy.started)} in a row"
    rarely = f"{len(quiet.started)} after {QUIET_SECONDS:.0f} s of silence"
    return [
        row_beside_flush(
            f"event sent to accepted, {often}", busy.accepted, "", 1, flush
        ),
        row_beside_flush(
            f"event sent to run started, {often}", busy.started, STARTED_AIM, 3, flush
        ),
        row_beside_flush(
            f"event sent to the run's job in hands, {often}",
            busy.in_hands,
            "",
            4,
            flush,
        ),
        row_beside_flush(
            f"event sent to run started, {rarely}", quiet.started, STARTED_AIM, 3, flush
        ),
    ]
