"""A thousand events a second for a minute, and what has to become of them.

The events are those of ``tests.load.mix``: 200 triggers and never fewer than 1,000
open waits listen, runs are started, resumed and worked on meanwhile. Afterwards the
same at the same pace, but every event is heard by somebody, so all are dispatched.
"""

import time
from dataclasses import dataclass
from typing import Any, Final

import orjson
import uvloop

from tests.load.client import start_runs
from tests.load.figures import Row, in_ms, median
from tests.load.lag import LagWatch
from tests.load.mix import (
    BATCH,
    RATE,
    TRIGGERS,
    trigger_type,
    wait_type,
)
from tests.load.processes import busy_seconds
from tests.load.programs import ask, program
from tests.load.setting import Meter, Setting
from tests.load.wire import Connection

SECONDS: Final = 60
OPEN_WAITS: Final = 1000
REST_SECONDS_MAX: Final = 60.0
#: Behind by more than this at the end is falling behind.
BEHIND_SECONDS: Final = 1.0
_TABLES: Final = (
    "source_events_sourceevent, source_events_listener, runs_wait, runs_run,"
    " triggers_trigger, triggers_triggerfire"
)

#: Started runs of triggers: how many, by how many events, and events that started
#: what they should not have.
_STARTED: Final = """
SELECT count(*), count(DISTINCT e.id),
       count(*) FILTER (WHERE (e.event->>'amount')::int <= 100
                           OR e.event_type NOT LIKE %(type)s)
FROM runs_run r JOIN source_events_sourceevent e ON e.id = r.source_event_id
WHERE r.workflow_id = %(workflow)s
  AND (e.event->>'batch')::int >= %(first)s
"""
#: The same of resumed ones: an event must be the one its run waited for.
_RESUMED: Final = """
SELECT count(*), count(DISTINCT e.id),
       count(*) FILTER (WHERE e.event->'order' <> r.inputs->'number')
FROM runs_run r JOIN runs_wait w ON w.run_id = r.id
JOIN source_events_sourceevent e ON e.id = w.event_id
WHERE r.workflow_id = %(workflow)s AND r.status = 'completed'
  AND (e.event->>'batch')::int >= %(first)s
"""
#: Seconds from the acceptance of an event to the line that its run began.
_TO_START: Final = """
SELECT extract(epoch FROM l.created_at - e.created_at)::float
FROM runs_run r JOIN source_events_sourceevent e ON e.id = r.source_event_id
JOIN run_events_runevent l ON l.run_id = r.id AND l.type = 'run.started'
WHERE r.workflow_id = %(workflow)s
  AND (e.event->>'batch')::int >= %(first)s
"""
_TO_RESUME: Final = """
SELECT extract(epoch FROM w.closed_at - e.created_at)::float
FROM runs_run r JOIN runs_wait w ON w.run_id = r.id
JOIN source_events_sourceevent e ON e.id = w.event_id
WHERE r.workflow_id = %(workflow)s
  AND (e.event->>'batch')::int >= %(first)s
"""


@dataclass(frozen=True, slots=True)
class _Scene:
    """Who listens; ``name`` sets its event types apart from those of others."""

    name: str
    queue: str
    started: str
    waiting: str


@dataclass(frozen=True, slots=True)
class _Load:
    """What was published and what it cost."""

    numbers: range
    mix: str
    seconds: float
    late: list[float]
    ages: list[float]
    counts: list[int]
    rest_seconds: float
    spent: dict[str, float]
    foreign: float


def measure(setting: Setting) -> list[Row]:
    """Set the scene, publish for a minute, and compare what came of it."""
    some = heard = _batches(min(SECONDS, setting.runs / 10))
    scene = uvloop.run(_set_scene(setting, some + heard))
    setting.database.wait_for_dispatch()
    setting.database.analyze(_TABLES)
    rows = []
    for numbers, mix in (
        (range(some), "some"),
        (range(some, some + heard), "all"),
    ):
        before = setting.probe.rate()
        load = _publish(setting, scene, numbers, mix)
        after = setting.probe.rate()
        rows += _rows(setting, scene, load, (before + after) / 2)
    return rows


def _batches(seconds: float) -> int:
    return round(seconds * RATE / BATCH)


async def _set_scene(setting: Setting, batches: int) -> _Scene:
    """Have triggers listen, and one run wait for each batch, and 1,000 for others."""
    count = OPEN_WAITS + batches
    setting.say(f"ingestion: {TRIGGERS} triggers, {count:,} waits")
    name, connection = f"load{time.time_ns()}", Connection(setting.target)
    wait = {
        "event_type": wait_type(name),
        "match": {"event.order": "${inputs.number}"},
        "timeout": "24h",
    }
    waiting = await _define(connection, "wait", {"wait_for_event": wait})
    started = await _define(connection, "start", {"action": "bench.noop"})
    for place in range(TRIGGERS):
        trigger = {
            "name": f"{name} {place}",
            "kind": "event",
            "source_config": {
                "event_type": trigger_type(name, place),
                "condition": "event.amount > 100",
            },
            "targets": [{"workflow_id": started, "queue": name}],
        }
        (await connection.post("triggers", trigger)).expect(201)
    connection.close()
    await start_runs(setting.target, waiting, name, count)
    return _Scene(name, name, started, waiting)


async def _define(connection: Connection, name: str, step: dict[str, Any]) -> str:
    body = {
        "name": f"bench {name} {time.time_ns()}",
        "spec": {"name": "bench", "steps": [{"name": name, **step}]},
    }
    return str((await connection.post("workflows", body)).expect(201).json()["id"])


def _publish(setting: Setting, scene: _Scene, numbers: range, mix: str) -> _Load:
    setting.say(f"ingestion: {len(numbers) * BATCH:,} events, {mix} heard")
    words = [scene.name, str(numbers.start), str(len(numbers)), mix]
    with (
        program("tests.load.worker", scene.queue) as worker,
        program("tests.load.publisher", *words) as publisher,
    ):
        roots = {**setting.parts, "worker": worker.pid, "publisher": publisher.pid}
        watch = LagWatch(setting.target.database_url)
        meter, busy = Meter(roots), busy_seconds()
        began = time.perf_counter()
        told = orjson.loads(ask(publisher))
        spent = meter.spent()
        foreign = busy_seconds() - busy - sum(spent.values())
        took = time.perf_counter() - began
        watch.stop()
        ended = time.perf_counter()
        setting.database.wait_for_dispatch(seconds=REST_SECONDS_MAX)
        rest = time.perf_counter() - ended
        for workflow_id in (scene.started, scene.waiting):
            setting.database.wait_for_runs(
                workflow_id, numbers.stop, seconds=REST_SECONDS_MAX
            )
    return _Load(
        numbers,
        mix,
        told["seconds"],
        told["late"],
        watch.ages,
        watch.counts,
        rest,
        {name: s / took for name, s in spent.items()},
        max(0.0, foreign / took),
    )


def _rows(setting: Setting, scene: _Scene, load: _Load, commits: float) -> list[Row]:
    where: dict[str, Any] = {"first": load.numbers.start}
    started = {**where, "workflow": scene.started, "type": f"custom.{scene.name}.shop%"}
    resumed = {**where, "workflow": scene.waiting}
    count = len(load.numbers)
    found = (
        setting.database.row(_STARTED, **started),
        setting.database.row(_RESUMED, **resumed),
    )
    if found != ((count, count, 0), (count, count, 0)):
        raise RuntimeError(f"started and resumed {found}, not {count} each")
    rate = count * BATCH / load.seconds
    spent = ", ".join(f"{k} {s:.0%}" for k, s in load.spent.items() if s >= 0.005)
    quarter = max(1, len(load.ages) // 4)
    when = "a fifth heard" if load.mix == "some" else "every one heard"
    return [
        Row(
            f"events accepted a second for {load.seconds:.0f} s in batches of {BATCH},"
            f" {when}, {TRIGGERS} triggers, {OPEN_WAITS:,} open waits",
            f"{rate:,.0f}",
            f">= {RATE:,}",
            f"{setting.probe.name}: {commits:,.0f} commits/s",
            f"{rate / commits:.3f}",
        ),
        Row(
            f"a batch from its due instant to its answer, {when}, p50 / p99",
            in_ms(load.late),
        ),
        Row(
            f"oldest undispatched event, {when}: median of the first and of the last"
            " quarter, most",
            f"{median(load.ages[:quarter]) * 1000:.0f}"
            f" and {median(load.ages[-quarter:]) * 1000:.0f} ms,"
            f" {max(load.ages) * 1000:.0f} ms",
            f"not behind by {BEHIND_SECONDS:.0f} s",
            f"at most {max(load.counts)} events due; none"
            f" {load.rest_seconds * 1000:.0f} ms after the last was accepted",
        ),
        Row(
            f"runs started, and resumed, by exactly their event, {when}; missed, twice",
            f"{count:,} and {count:,}; 0, 0",
            f"{count:,} and {count:,}; 0, 0",
        ),
        Row(
            f"event accepted to run started, {when}, p50 / p99",
            in_ms(setting.database.column(_TO_START, **started)),
        ),
        Row(
            f"event accepted to run resumed, {when}, p50 / p99",
            in_ms(setting.database.column(_TO_RESUME, **resumed)),
        ),
        Row(
            f"processors meanwhile, {when}, of a core",
            f"{sum(load.spent.values()):.0%}: {spent}",
            limit="2 cores are 200 %",
            ratio=f"other programs: {load.foreign:.0%} of a core",
        ),
    ]
