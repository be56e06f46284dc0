"""The processes in which a stack's Celery worker runs its tasks."""

import contextlib
import os
import signal
from pathlib import Path

from tests.support.stack import Stack
from tests.support.waiting import wait_until


def celery_children(stack: Stack) -> list[int]:
    """Return their process ids."""
    pid = stack.pid("worker")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in children.split()]


def kill_children(stack: Stack) -> None:
    """Kill all of them, whatever they do; the worker starts others."""
    wait_until(lambda: celery_children(stack))
    for pid in celery_children(stack):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
