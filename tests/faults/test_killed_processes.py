"""Kill a process of the system, or a worker of somebody's, in the middle of work."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.faults.load import Load
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

CHILD_KILLS = 12


def celery_children(stack: Stack) -> list[int]:
    """The processes in which the Celery worker runs its tasks."""
    pid = stack.pid("worker")
    return [
        int(word)
        for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ]


def test_a_killed_worker_process_loses_its_jobs_to_the_next(load: Load) -> None:
    wait_until(lambda: load.jobs_held_by("anna") >= 1)
    load.kill_worker("anna")

    load.heal()
    load.start_worker("anna")

    load.finish()


def test_celery_children_killed_again_and_again_leave_nothing_half_done(
    stack: Stack, load: Load
) -> None:
    for _ in range(CHILD_KILLS):
        wait_until(lambda: celery_children(stack))
        with contextlib.suppress(ProcessLookupError):
            os.kill(celery_children(stack)[0], signal.SIGKILL)
        load.await_finished(1)

    load.finish()
