"""Runs per second, end to end: one client, one worker process, durable storage."""

import time
from dataclasses import dataclass
from typing import Final

import orjson
import uvloop

from tests.load.database import Written
from tests.load.figures import Row, in_ms, median, spread
from tests.load.processes import busy_seconds
from tests.load.programs import ask, program
from tests.load.setting import Meter, Setting
from tests.load.wire import Connection

STEPS: Final = 2
WARM_UP_RUNS: Final = 200
COUNTED_RUNS: Final = 200
RUN_SECONDS_MAX: Final = 0.2
#: Requests of one run: its start, and for each step a claim and a report.
REQUESTS: Final = 1 + 2 * STEPS
RUNS_PER_SECOND_AIM: Final = 150
PROBE_RATIO_AIM: Final = 0.03


@dataclass(frozen=True, slots=True)
class Round:
    """One load of runs; processor time in seconds, by part."""

    runs: int
    seconds: float
    commit_rate: float
    spent: dict[str, float]
    foreign_seconds: float
    written: Written
    call_seconds: list[float]

    @property
    def rate(self) -> float:
        """Runs per second."""
        return self.runs / self.seconds

    @property
    def ratio(self) -> float:
        """Runs per small transaction of the probe beside it."""
        return self.rate / self.commit_rate


def measure(setting: Setting) -> list[Row]:
    """Warm up, measure each round between two probes, count statements at the end."""
    _load(setting, min(WARM_UP_RUNS, setting.runs))
    rounds = [_round(setting, number) for number in range(setting.rounds)]
    counted = min(COUNTED_RUNS, setting.runs)
    setting.say(f"throughput: counting the statements of {counted} runs")
    with setting.database.listening() as heard:
        _load(setting, counted)
    return [*_rows(setting, rounds), _statements(heard.count, counted)]


def _round(setting: Setting, number: int) -> Round:
    before = setting.probe.rate()
    found = _load(setting, setting.runs)
    after = setting.probe.rate()
    setting.say(
        f"throughput round {number + 1}: {found.rate:.0f} runs/s; {setting.probe.name} "
        f"{before:.0f} before, {after:.0f} after; "
        f"other programs took {_foreign(found):.0%} of a core"
    )
    return Round(
        found.runs,
        found.seconds,
        (before + after) / 2,
        found.spent,
        found.foreign_seconds,
        found.written,
        found.call_seconds,
    )


def _load(setting: Setting, runs: int) -> Round:
    """Start ``runs`` runs and wait until the last is complete."""
    workflow_id = uvloop.run(_define(setting))
    queue = f"load-{time.time_ns()}"
    client_words = ["tests.load.client", workflow_id, queue, str(runs)]
    with (
        program("tests.load.worker", queue) as worker,
        program(*client_words) as client,
    ):
        roots = {**setting.parts, "worker": worker.pid, "client": client.pid}
        meter, busy = Meter(roots), busy_seconds()
        before, started = setting.database.written(), time.perf_counter()
        call_seconds = orjson.loads(ask(client))
        limit = 10 + runs * RUN_SECONDS_MAX
        setting.database.wait_for_runs(workflow_id, runs, seconds=limit)
        seconds = time.perf_counter() - started
        after, spent = setting.database.written(), meter.spent()
        foreign = busy_seconds() - busy - sum(spent.values())
    written = Written(
        after.transactions - before.transactions, after.wal_bytes - before.wal_bytes
    )
    return Round(runs, seconds, 1.0, spent, foreign, written, call_seconds)


async def _define(setting: Setting) -> str:
    connection = Connection(setting.target)
    workflow_id = await setting.define(connection, STEPS)
    connection.close()
    return workflow_id


def _rows(setting: Setting, rounds: list[Round]) -> list[Row]:
    middle = sorted(rounds, key=lambda one: one.rate)[len(rounds) // 2]
    runs = middle.runs
    written = middle.written
    spent = {name: 1000 * s / runs for name, s in middle.spent.items()}
    by_part = ", ".join(f"{k} {ms:.2f}" for k, ms in spent.items() if ms >= 0.005)
    rates = [one.rate for one in rounds]
    ratios = [one.ratio for one in rounds]
    commits = [one.commit_rate for one in rounds]
    return [
        Row(
            f"runs/s, {STEPS} steps, {runs} runs, {len(rounds)} rounds",
            spread(rates),
            f">= {RUNS_PER_SECOND_AIM}",
            f"{setting.probe.name}: {spread(commits)} commits/s",
            f"{spread(ratios, '.3f')} (aim >= {PROBE_RATIO_AIM})",
        ),
        Row("jobs/s", f"{STEPS * median(rates):.0f}"),
        Row("start answered under load, p50 / p99", in_ms(middle.call_seconds)),
        Row(
            "CPU ms per run, by process",
            f"{sum(spent.values()):.2f}: {by_part}",
            limit="2 cores have 2,000 ms a second",
            ratio=f"other programs: {_foreign(middle):.0%} of a core",
        ),
        Row(
            f"CPU ms of web per request ({REQUESTS} requests a run)",
            f"{spent.get('web', 0) / REQUESTS:.2f}",
        ),
        Row(
            "commits with WAL per run",
            f"{written.transactions / runs:.2f}",
            limit="1 start, 1 claim and 1 report per step: 5",
        ),
        Row("WAL KiB per run", f"{written.wal_bytes / runs / 1024:.1f}"),
    ]


def _statements(count: dict[str, int], runs: int) -> Row:
    return Row(
        "statements per run under load, BEGIN and COMMIT included",
        f"web {count['web'] / runs:.1f} ({count['web'] / runs / REQUESTS:.1f} "
        f"a request), dispatch {count['dispatch'] / runs:.1f}",
    )


def _foreign(one: Round) -> float:
    return max(0.0, one.foreign_seconds / one.seconds)
