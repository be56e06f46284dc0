"""Children are started again, stopped in order, and never outlive us."""

import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from mobius.local.children import Child
from mobius.local.console import Console
from mobius.local.supervisor import Supervisor, wait_until

SLEEPER = "import time; time.sleep(600)"
#: Ends at SIGTERM and writes its name down when it does.
WITNESS = """
import signal, sys, time
def end(*_):
    with open(sys.argv[2], "a") as order:
        order.write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""
#: A supervisor of one child, for killing.
SUPERVISOR = """
import os, sys
from pathlib import Path
from mobius.local.children import Child, Guard
guard = Guard()
guard.remove_at_end(Path(sys.argv[2]))
child = Child("c", [sys.executable, "-c", "import time; time.sleep(600)"],
              Path(sys.argv[1]), os.environ)
child.start(guard)
print(child.pid, flush=True)
sys.stdin.read()
"""


def python(place: Path, name: str, code: str, *arguments: str, tier: int = 0) -> Child:
    argv = [sys.executable, "-c", code, *arguments]
    return Child(name, argv, place / f"{name}.log", os.environ, tier=tier)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.fault
def test_a_child_that_is_killed_runs_again_and_a_line_says_so(
    place: Path, supervisor: Supervisor, said: StringIO
) -> None:
    child = supervisor.start(python(place, "sleeper", SLEEPER))
    first = child.pid
    assert first is not None
    supervisor.watch()

    os.kill(first, signal.SIGKILL)

    assert wait_until(lambda: "runs again" in said.getvalue(), seconds=15)
    assert child.is_running()
    assert child.pid != first
    assert "sleeper was killed by signal 9; starting it again in 1 s" in said.getvalue()


def test_the_highest_tier_stops_first(place: Path, supervisor: Supervisor) -> None:
    order = place / "order"
    children = [
        python(place, name, WITNESS, name, str(order), tier=tier)
        for tier, name in enumerate(("database", "worker", "web"))
    ]
    for child in children:
        supervisor.start(child)
    assert wait_until(lambda: all(c.log.read_text() for c in children), seconds=15)

    supervisor.stop()

    assert order.read_text().split() == ["web", "worker", "database"]


def test_a_child_that_does_not_heed_is_killed(
    place: Path, supervisor: Supervisor
) -> None:
    child = python(place, "stubborn", STUBBORN)
    child.grace_seconds = 0.1
    supervisor.start(child)
    assert wait_until(lambda: "ready" in child.log.read_text(), seconds=15)
    pid = child.pid
    assert pid is not None

    supervisor.stop()

    assert not is_alive(pid)


@pytest.mark.fault
def test_nothing_outlives_a_supervisor_that_is_killed(place: Path) -> None:
    litter = place / "litter"
    litter.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(place / "log"), str(litter)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert is_alive(pid)

        process.kill()

    assert wait_until(lambda: not is_alive(pid), seconds=15)
    assert wait_until(lambda: not litter.exists(), seconds=15)


def test_a_reader_that_has_gone_away_does_not_disturb() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    console = Console(stream)

    console.line("nobody listens")
    with console.phase("work") as phase:
        phase.label = "work done"

    assert phase.label == "work done"
    with pytest.raises(BrokenPipeError):
        stream.close()
