"""`manage.py bench` measures a system of its own and leaves nothing behind."""

import re
import subprocess
import sys

import pytest

from mobius.local.environment import ROOT
from tests.load.figures import Row, as_markdown, quantile
from tests.load.streams import Watcher

BENCH_SECONDS_MAX = 180
SEED = b'event: run_updated\ndata: {"type":"run_updated","seq":4,"data":{}}'


def line(number: int, event: str = "step.started") -> bytes:
    """One frame of a stream, as the server writes it."""
    return (
        f"id: {number}\nevent: run_updated\ndata: "
        f'{{"seq":{number},"timestamp":"2026-05-04T12:00:00.000000Z","data":'
        f'{{"event":"{event}"}}}}'
    ).encode()


def test_the_bench_measures_every_route_and_finds_no_broken_promise() -> None:
    words = ["--only", "routes", "--only", "history", "--runs", "5"]
    done = subprocess.run(
        [sys.executable, "manage.py", "bench", *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=BENCH_SECONDS_MAX,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    complete = re.search(r"\| POST jobs/\{id\}/complete.*?(\d+\.\d) / ", done.stdout)
    assert complete, done.stdout
    assert float(complete[1]) > 0
    assert "| promises broken in the rows left behind | 0 | 0 | 40 runs" in done.stdout


@pytest.mark.parametrize(
    ("part", "expected"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)]
)
def test_a_quantile_is_one_of_the_values(part: float, expected: float) -> None:
    assert quantile([float(i) for i in range(100, 0, -1)], part) == expected


def test_the_table_has_a_line_for_every_row() -> None:
    table = as_markdown([Row("a|b", "1 ms", ">= 2"), Row("c", "3")])
    assert table.splitlines()[2:] == [
        "| a/b | 1 ms | >= 2 |  |  |",
        "| c | 3 |  |  |  |",
    ]


@pytest.mark.parametrize(
    ("numbers", "flawed"),
    [([5, 6, 7], False), ([5, 7], True), ([5, 5, 6], True), ([], True)],
)
def test_a_watcher_finds_gaps_and_duplicates(numbers: list[int], flawed: bool) -> None:
    watcher = Watcher()
    watcher(SEED, 0.0)
    for number in numbers:
        is_last = number == numbers[-1]
        watcher(line(number, "run.completed" if is_last else "step.started"), 0.0)
    assert bool(watcher.flaws()) is flawed


def test_a_watcher_misses_the_end_of_a_run() -> None:
    watcher = Watcher()
    watcher(SEED, 0.0)
    watcher(line(5), 0.0)
    assert "not the end of the run" in watcher.flaws()[0]


def test_a_watcher_measures_from_a_lines_timestamp_to_its_arrival() -> None:
    watcher = Watcher()
    watcher(SEED, 0.0)
    watcher(line(5), 1_777_896_000.25)
    assert watcher.delays() == [0.25]
