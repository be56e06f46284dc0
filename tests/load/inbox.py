"""Inboxes in which thousands of questions wait: do they open at once?"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import uvloop

from tests.load.figures import Row, in_ms, median
from tests.load.latency import row_beside_flush
from tests.load.limits import hello_seconds
from tests.load.response import ANSWER, new_member, respond_to_runs
from tests.load.setting import Setting
from tests.load.wire import Connection

if TYPE_CHECKING:
    from tests.load.backlog import Member

REQUESTS: Final = 300
RUNS: Final = 100
#: How many wait for the busy member: first a full page and some, then very many.
FEW: Final = 60
PENDING: Final = 10_000
#: Of the many, every tenth asks the others too.
SHARED_EVERY: Final = 10
OTHERS: Final = 5
#: How many wait for others alone, half of them newer than all the rest.
PENDING_OF_OTHERS: Final = 3000
#: How many wait for the quiet member, older than all the rest.
QUIET: Final = 20
PAGE_ITEMS: Final = 50
PAGE_AIM: Final = "p99 <= 150 ms"
MESSAGE: Final = "Publish document"

_LIST: Final = "interactions?inbox=true&status=pending"
_TABLES: Final = "interactions_interaction, interactions_interactionparticipant"


@dataclass(frozen=True, slots=True)
class _Read:
    """Seconds of each reading of one member's inbox, over the API and as a page."""

    listed: list[float]
    shown: list[float]


def measure(setting: Setting) -> list[Row]:
    """Read two inboxes while little is pending, then while very much is; answer."""
    busy, quiet, *others = (new_member(setting) for _ in range(2 + OTHERS))
    hello = asyncio.run(hello_seconds(setting.target))
    _ask(setting, [[quiet.id]] * QUIET + [[busy.id]] * FEW)
    setting.say(f"inbox: reading with {FEW} and {QUIET} pending")
    alone = [_read(setting, busy, PAGE_ITEMS), _read(setting, quiet, QUIET)]
    setting.say(f"inbox: asking {PENDING:,} times, and others {PENDING_OF_OTHERS:,}")
    _ask(setting, list(_people(busy.id, [one.id for one in others])))
    setting.say(f"inbox: reading beside {PENDING + PENDING_OF_OTHERS:,} pending")
    among = [_read(setting, busy, PAGE_ITEMS), _read(setting, quiet, QUIET)]
    setting.say("inbox: answering beside them")
    answered = uvloop.run(_respond(setting, busy, min(REQUESTS, setting.runs)))
    runs = min(RUNS, setting.runs)
    times = uvloop.run(respond_to_runs(setting, busy, runs))
    beside = f"beside {PENDING:,} pending"
    return [
        *_rows(alone, among, hello),
        row_beside_flush(
            f"response answered, newest of {PENDING:,} pending",
            answered,
            "",
            1,
            times.flush,
        ),
        *times.rows(f"{runs} in a row {beside}"),
    ]


def _ask(setting: Setting, people: list[list[str]]) -> None:
    from tests.load.backlog import ask

    ask(setting.target.project, people, MESSAGE)
    # Within a minute the server would do so by itself.
    setting.database.analyze(_TABLES)


def _people(busy: str, others: list[str]) -> Iterator[list[str]]:
    """Return whom each question asks, in the order of asking."""
    tail = PENDING_OF_OTHERS // 2
    between = PENDING_OF_OTHERS - tail
    spacing = (PENDING - FEW) // between
    for number in range(PENDING - FEW):
        yield [busy, *others] if number % SHARED_EVERY == 0 else [busy]
        if number % spacing == 0 and number < between * spacing:
            yield [others[number % OTHERS]]
    for number in range(tail):
        yield [others[number % OTHERS]]


def _read(setting: Setting, member: "Member", items: int) -> _Read:
    return uvloop.run(_read_often(setting, member, items))


async def _read_often(setting: Setting, member: "Member", items: int) -> _Read:
    count = min(REQUESTS, setting.runs)
    own = replace(setting.target, key=member.key)
    api, browser = Connection(own), Connection(own, credentials=member.cookie)

    async def listed() -> float:
        answer = (await api.get(_LIST)).expect(200)
        asked = answer.body.count(f'"user_id":"{member.id}"'.encode())
        if asked != items:
            raise RuntimeError(f"{asked} instead of {items} questions are listed")
        return answer.at

    async def shown() -> float:
        answer = (await browser.send(b"GET", "/inbox/", b"")).expect(200)
        if MESSAGE.encode() not in answer.body:
            raise RuntimeError("the page of the inbox shows no question")
        return answer.at

    read = _Read(await _timed(listed, count), await _timed(shown, count))
    api.close()
    browser.close()
    return read


async def _timed(call: Callable[[], Awaitable[float]], count: int) -> list[float]:
    """Return how long each call took; it returns when its answer was there."""
    await call()
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        seconds.append(await call() - started)
    return seconds


async def _respond(setting: Setting, member: "Member", count: int) -> list[float]:
    """Answer what the inbox shows first, again and again."""
    connection = Connection(replace(setting.target, key=member.key))
    seconds: list[float] = []
    while len(seconds) < count:
        page = (await connection.get(_LIST)).expect(200).json()
        for item in page["items"][: count - len(seconds)]:
            started = time.perf_counter()
            path = f"interactions/{item['id']}/respond"
            answer = (await connection.post(path, ANSWER)).expect(200)
            seconds.append(answer.at - started)
    connection.close()
    return seconds


def _rows(alone: list[_Read], among: list[_Read], hello: list[float]) -> list[Row]:
    many = f"{PENDING:,} pending, {PENDING_OF_OTHERS:,} of others"
    few = f"{QUIET} pending, {PENDING + PENDING_OF_OTHERS:,} of others"
    api, page = "GET interactions?inbox=true&status=pending", "page /inbox/"
    return [
        Row(
            f"{what}, p50 / p99",
            in_ms(seconds),
            PAGE_AIM,
            f"empty answer of uvicorn: {in_ms(hello)}",
            f"{median(seconds) / median(first):.1f} x the time before them",
        )
        for what, seconds, first in (
            (f"{api}, {many}", among[0].listed, alone[0].listed),
            (f"{page}, {many}", among[0].shown, alone[0].shown),
            (f"{api}, {few}", among[1].listed, alone[1].listed),
            (f"{page}, {few}", among[1].shown, alone[1].shown),
        )
    ]
