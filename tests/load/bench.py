"""The measurements one after the other, and the table at the end."""

import argparse
import asyncio
import contextlib
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Final

import django

from tests.load import (
    event_latency,
    idle,
    inbox,
    ingestion,
    latency,
    limits,
    matching,
    response,
    routes,
    setup,
    sockets,
    streams,
    throughput,
)
from tests.load.database import Database
from tests.load.figures import Row, as_markdown, in_ms
from tests.load.processes import busy_seconds, find_parts, processor_name
from tests.load.setting import Meter, Setting
from tests.load.target import Target

RUNS: Final = 2000
ROUNDS: Final = 3
DESCRIPTORS: Final = 20_000

Measurement = Callable[[Setting], list[Row]]


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for, print the table; 1 when something broke."""
    options = _read(arguments)
    if options.setup:
        sys.stdout.write(f"{_title()}\n\n{as_markdown(setup.measure())}\n")
        return 0
    _allow_many_files(os.getpid())
    setting = _setting(options)
    with contextlib.suppress(PermissionError, ProcessLookupError):
        _allow_many_files(setting.web)
    wanted = options.only or list(MEASUREMENTS)
    rows: list[Row] = []
    broken = False
    others: dict[str, float] = {}
    try:
        for name in wanted:
            meter, busy = Meter(_ours(setting)), busy_seconds()
            started = time.perf_counter()
            broken |= not _measured(setting, name, rows)
            foreign = busy_seconds() - busy - sum(meter.spent().values())
            others[name] = max(0.0, foreign / (time.perf_counter() - started))
        durability = setting.database.settings()
    finally:
        setting.probe.remove()
        setting.database.close()
    shares = ", ".join(f"{name} {share:.0%}" for name, share in others.items())
    rows.append(Row("other programs on this machine meanwhile, of a core", shares))
    sys.stdout.write(
        f"\n{_title()}. PostgreSQL: {durability}. "
        "Authentication and rate limits on, as they are by default.\n\n"
    )
    sys.stdout.write(as_markdown(rows) + "\n")
    return 1 if broken else 0


def _ours(setting: Setting) -> dict[str, int]:
    """The launcher with all below it, and ourselves if we are not."""
    ours = {"launcher": setting.launcher}
    return ours if os.getppid() == setting.launcher else {**ours, "self": os.getpid()}


def _measured(setting: Setting, name: str, rows: list[Row]) -> bool:
    """Add the rows of one measurement, or say what broke."""
    try:
        rows += MEASUREMENTS[name](setting)
    except Exception as error:
        traceback.print_exc()
        rows.append(Row(name, f"broke: {type(error).__name__}: {error}"))
        return False
    return True


def _limits(setting: Setting) -> list[Row]:
    setting.say("limits of the machine")
    target, flush = setting.target, limits.flush_seconds()
    return [
        Row(
            f"limit: BEGIN, INSERT, UPDATE, COMMIT by {setting.probe.name}",
            f"{setting.probe.rate():,.0f} a second",
        ),
        Row("limit: 8 KiB written and flushed, p50 / p99", in_ms(flush)),
        Row(
            "limit: PING to Redis, one connection",
            f"{limits.ping_rate(target.redis_url):,.0f} a second",
        ),
        Row(
            "limit: hello from uvicorn, one process, 16 connections",
            f"{asyncio.run(limits.hello_rate(target)):,.0f} a second",
        ),
    ]


def _history(setting: Setting) -> list[Row]:
    """Verify the promises on every row that the load has left behind."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mobius.settings.production")
    django.setup()
    from apps.identity.models import Project
    from tests.support.history import check_history

    setting.say("history: checking every run")
    setting.database.wait_for_dispatch()
    project = Project.objects.get(handle=setting.target.project)
    found = check_history(project.id)
    if found.violations:
        raise RuntimeError("; ".join(found.violations[:10]))
    checked = f"{found.runs:,} runs, {found.jobs:,} jobs, {found.lines:,} lines"
    return [Row("promises broken in the rows left behind", "0", "0", checked)]


def _idle_at_last(setting: Setting) -> list[Row]:
    return idle.measure(setting, ", after the load")


#: In this order: nothing disturbs the idle system, and the history comes last.
MEASUREMENTS: Final[dict[str, Measurement]] = {
    "limits": _limits,
    "idle": idle.measure,
    "latency": latency.measure,
    "response": response.measure,
    "event-latency": event_latency.measure,
    "routes": routes.measure,
    "throughput": throughput.measure,
    "streams": streams.measure,
    "sockets": sockets.measure,
    "inbox": inbox.measure,
    "ingestion": ingestion.measure,
    "matching": matching.measure,
    "idle-after": _idle_at_last,
    "history": _history,
}


def _setting(options: argparse.Namespace) -> Setting:
    target = Target.from_environment()
    parts = find_parts(options.launcher)
    if "web" not in parts:
        raise SystemExit(f"process {options.launcher} runs no web server of Mobius")
    return Setting(
        target=target,
        launcher=options.launcher,
        parts=parts,
        database=Database(target.database_url),
        probe=limits.CommitProbe(target.database_url),
        runs=options.runs,
        rounds=options.rounds,
    )


def _allow_many_files(pid: int) -> None:
    """Let a process hold as many connections as the measurements need."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    wanted = max(soft, DESCRIPTORS if hard < 0 else min(DESCRIPTORS, hard))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (wanted, hard))


def _title() -> str:
    date = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    cores = len(os.sched_getaffinity(0))
    return f"{date}, {processor_name()}, {cores} cores"


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py bench", description="Measure a fresh system on this machine."
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=sorted(MEASUREMENTS),
        metavar="NAME",
        help=f"measure only this, may be repeated: {', '.join(MEASUREMENTS)}",
    )
    parser.add_argument(
        "--runs", type=int, default=RUNS, help=f"runs in a round ({RUNS})"
    )
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"rounds of the load ({ROUNDS})"
    )
    parser.add_argument(
        "--setup",
        action="store_true",
        help="measure only `up` itself, in a copy of the tree with empty caches",
    )
    parser.add_argument(
        "--launcher",
        type=int,
        default=os.getppid(),
        metavar="PID",
        help="the process that started the system (whoever started this one)",
    )
    return parser.parse_args(arguments)
