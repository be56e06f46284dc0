"""Thousands of held connections on one web process: what each costs, how live it is."""

import asyncio
import os
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import uvloop

from tests.load.figures import Row, in_ms
from tests.load.latency import Hands
from tests.load.processes import Memory, memory_of, threads_of
from tests.load.setting import Meter, Setting
from tests.load.wire import Connection, EventStream

STREAMS: Final = 2000
CLAIMS: Final = 500
STARTING_AT_ONCE: Final = 8
OPENING_AT_ONCE: Final = 32
WARM_UP_STREAMS: Final = 100
WATCHED_RUNS: Final = 20
WATCHED_STEPS: Final = 5
SETTLE_SECONDS: Final = 3.0
END_SECONDS_MAX: Final = 60.0
KIB_AIM: Final = 100
DELIVERY_AIM: Final = "p99 <= 250 ms"

_ID: Final = re.compile(rb"^id: (\d+)$", re.MULTILINE)
_TIMESTAMP: Final = re.compile(rb'"timestamp":"([^"]+)"')


class Watcher:
    """Collects one stream's frames; the first is the seed and has no number."""

    def __init__(self) -> None:
        self._frames: list[tuple[bytes, float]] = []

    def __call__(self, frame: bytes, at: float) -> None:
        """Take one frame."""
        self._frames.append((frame, at))

    def delays(self) -> list[float]:
        """Return the seconds from each line's timestamp to its arrival here.

        The timestamp is the beginning of the transaction that wrote the line.
        """
        found = []
        for frame, at in self._frames:
            match = _TIMESTAMP.search(frame)
            if match and _ID.search(frame):
                written = datetime.fromisoformat(match[1].decode()).timestamp()
                found.append(at - written)
        return found

    def flaws(self) -> list[str]:
        """Return what is wrong with the numbers, or with the end."""
        matches = [_ID.search(frame) for frame, _ in self._frames]
        numbers = [int(match[1]) for match in matches if match]
        first = numbers[0] if numbers else 0
        if numbers != list(range(first, first + len(numbers))) or not numbers:
            return [f"a stream's numbers are {numbers}"]
        if b"run.completed" not in self._frames[-1][0]:
            return [f"a stream's last line is {numbers[-1]} and not the end of the run"]
        return []


class _Found:
    """What was measured on the way."""

    def __init__(self) -> None:
        self.before = Memory()
        self.with_streams = Memory()
        self.with_claims = Memory()
        self.after = Memory()
        self.threads = 0
        self.idle_cpu = 0.0
        self.one: list[float] = []
        self.all: list[float] = []
        self.spent: dict[str, float] = {}
        self.flaws: list[str] = []


def measure(setting: Setting) -> list[Row]:
    """Open, hold, progress a run that one watches, then one that all watch.

    Raises:
        RuntimeError: a stream had a gap, a duplicate, or no end.
    """
    found = uvloop.run(_measure(setting))
    if found.flaws:
        shown = "; ".join(found.flaws[:3])
        raise RuntimeError(f"{len(found.flaws)} flawed streams: {shown}")
    return _rows(found)


async def _measure(setting: Setting) -> _Found:
    found = _Found()
    connection = Connection(setting.target)
    workflow_id = await setting.define(connection, WATCHED_STEPS)
    parked = await _start_parked(setting, workflow_id)
    await _close(await _open(setting, parked[:WARM_UP_STREAMS]))
    found.before = await _settled(setting)
    setting.say(f"streams: opening {STREAMS}, each on a run of its own")
    streams = await _open(setting, parked)
    found.with_streams = await _settled(setting)
    setting.say(f"streams: holding {CLAIMS} claims as well")
    claims = Hands(setting.target, "nothing-here", CLAIMS)
    found.with_claims = await _settled(setting)
    found.threads = threads_of(setting.web)
    meter = Meter(setting.parts)
    await asyncio.sleep(SETTLE_SECONDS)
    found.idle_cpu = meter.spent()["web"] / SETTLE_SECONDS
    setting.say(f"streams: {WATCHED_RUNS} runs, each watched by one more")
    for _ in range(WATCHED_RUNS):
        watchers = await _watch(setting, connection, workflow_id, 1)
        found.one += watchers[0].delays()
        found.flaws += watchers[0].flaws()
    await _close(streams)
    setting.say(f"streams: one run, watched by {STREAMS}")
    watchers = await _watch(setting, connection, workflow_id, STREAMS, found.spent)
    for watcher in watchers:
        found.all += watcher.delays()
        found.flaws += watcher.flaws()
    await claims.let_go()
    connection.close()
    found.after = await _settled(setting)
    return found


async def _start_parked(setting: Setting, workflow_id: str) -> list[str]:
    """Start as many runs as there are streams, on a queue that nobody serves."""
    setting.say(f"streams: starting {STREAMS} runs that stay in the queue")
    connections = [Connection(setting.target) for _ in range(STARTING_AT_ONCE)]
    places = iter(range(STREAMS))
    ids: list[str] = []

    async def start(own: Connection) -> None:
        for _ in places:
            ids.append(str((await setting.start(own, workflow_id, "parked"))["id"]))
        own.close()

    await asyncio.gather(*map(start, connections))
    setting.database.wait_for_dispatch()
    return ids


async def _watch(
    setting: Setting,
    connection: Connection,
    workflow_id: str,
    count: int,
    spent: dict[str, float] | None = None,
) -> list[Watcher]:
    """Work through one run while ``count`` streams watch; return what they saw.

    ``spent`` receives the processor seconds of web and of ourselves meanwhile.
    """
    run = await setting.start(connection, workflow_id, "watched")
    setting.database.wait_for_dispatch()
    watchers = [Watcher() for _ in range(count)]
    streams = await _open(setting, [run["id"]] * count, watchers)
    meter = Meter({"web": setting.web, "client": os.getpid()})
    hands = Hands(setting.target, "watched", 2)
    for _ in range(WATCHED_STEPS):
        job, _at = await hands.take()
        await hands.complete(job)
    await hands.let_go()
    ends = asyncio.gather(*(stream.ended for stream in streams))
    await asyncio.wait_for(ends, END_SECONDS_MAX)
    if spent is not None:
        spent |= meter.spent()
    await _close(streams)
    return watchers


async def _open(
    setting: Setting, run_ids: Sequence[str], watchers: Sequence[Watcher] = ()
) -> list[EventStream]:
    room = asyncio.Semaphore(OPENING_AT_ONCE)

    async def open_one(place: int) -> EventStream:
        on_frame = watchers[place] if watchers else _ignore
        async with room:
            return await EventStream(setting.target, run_ids[place], on_frame).open()

    return await asyncio.gather(*(open_one(i) for i in range(len(run_ids))))


def _ignore(frame: bytes, at: float) -> None:
    """For streams that only have to be there."""


async def _close(streams: Sequence[EventStream]) -> None:
    for stream in streams:
        stream.close()
    await asyncio.gather(*(stream.ended for stream in streams))


async def _settled(setting: Setting) -> Memory:
    await asyncio.sleep(SETTLE_SECONDS)
    return memory_of([setting.web])


def _rows(found: _Found) -> list[Row]:
    stream = (found.with_streams.uss - found.before.uss) / STREAMS / 1024
    claim = (found.with_claims.uss - found.with_streams.uss) / CLAIMS / 1024
    sizes = [found.before, found.with_claims, found.after]
    whole = ", ".join(f"{size.rss / 2**20:.0f}" for size in sizes)
    each = {name: 1e6 * s / len(found.all) for name, s in found.spent.items()}
    cpu = ", ".join(f"{name} {us:.0f}" for name, us in each.items())
    held = f"{STREAMS:,} streams + {CLAIMS} claims"
    return [
        Row(
            f"memory of an idle stream ({STREAMS:,} open, USS of web)",
            f"{stream:.1f} KiB",
            f"<= {KIB_AIM} KiB",
        ),
        Row(
            f"memory of a held claim ({CLAIMS} held, USS of web)",
            f"{claim:.1f} KiB",
            f"<= {KIB_AIM} KiB",
        ),
        Row("web before, with, after them (RSS)", f"{whole} MiB"),
        Row(f"threads of web with {held}", str(found.threads)),
        Row(f"processor of web with {held}", f"{found.idle_cpu:.1%} of a core"),
        Row(
            f"live delivery to the 1 stream concerned beside {held}, p50 / p99",
            in_ms(found.one),
            DELIVERY_AIM,
            f"{len(found.one):,} frames",
        ),
        Row(
            f"live delivery to {STREAMS:,} streams of one run, p50 / p99",
            in_ms(found.all),
            DELIVERY_AIM,
            f"{len(found.all):,} frames, no gap, no duplicate; CPU us a frame: {cpu}",
        ),
    ]
