"""Everything that moves runs happens twice at once, or at the wrong time."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from mobius.local.environment import ROOT
from tests.faults.load import Load
from tests.support.stack import LEASE_SECONDS, Stack

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

DRAIN_BY_HAND = """
from apps.dispatch.services.drain import drain_batch
from apps.kernel import clock
for _ in range(300):
    drain_batch(clock.now(), limit=3)
"""
RESCUE_EARLY = f"""
from datetime import timedelta
from apps.jobs.services.rescue import rescue_jobs
from apps.kernel import clock
for _ in range(300):
    rescue_jobs(now=clock.now() + timedelta(seconds={LEASE_SECONDS + 1}))
"""


def in_a_shell(stack: Stack, program: str) -> "subprocess.Popen[bytes]":
    """Run a few lines as an operator would, beside the system."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", program],
        cwd=ROOT,
        env=stack.environment,
    )


def test_two_people_drain_by_hand_while_the_system_runs(
    stack: Stack, load: Load
) -> None:
    drains = [in_a_shell(stack, DRAIN_BY_HAND) for _ in range(2)]

    assert [drain.wait(60) for drain in drains] == [0, 0]
    assert load.finish() > 0


@pytest.fixture
def second_beat(stack: Stack) -> Iterator["subprocess.Popen[bytes]"]:
    """One more clock."""
    beat = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "mobius", "beat"),
            *("--scheduler", "celery.beat:Scheduler", "--loglevel", "INFO"),
        ],
        cwd=ROOT,
        env=stack.environment,
        stderr=subprocess.PIPE,
    )
    yield beat
    beat.kill()
    beat.communicate()


def test_two_clocks_tick_at_once(
    load: Load, second_beat: "subprocess.Popen[bytes]"
) -> None:
    assert second_beat.stderr is not None
    ticks = 0
    while ticks < 4:
        ticks += b"Sending due task dispatch" in second_beat.stderr.readline()

    assert load.finish() > 0


def test_a_rescuer_whose_clock_is_ahead_costs_attempts_and_no_result(
    stack: Stack, load: Load
) -> None:
    early = in_a_shell(stack, RESCUE_EARLY)

    assert early.wait(60) == 0
    assert load.finish() > 0
