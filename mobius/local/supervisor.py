"""Keeps the processes of a system alive, and stops them in the right order."""

import contextlib
import threading
import time
from collections.abc import Callable
from itertools import groupby

from mobius.local.children import Child, Guard
from mobius.local.console import Console

LOOK_SECONDS = 0.25
RESTART_DELAY_SECONDS_MAX = 30.0
HEALTHY_SECONDS = 60.0


class Supervisor:
    """Starts children, starts them again when they die, stops them at the end.

    The watching happens in a thread of its own from ``watch`` on. A child that dies
    is started again after 1 s, 2 s, 4 s ... 30 s; a minute of life forgives.
    """

    def __init__(self, console: Console, guard: Guard) -> None:
        self._console = console
        self._guard = guard
        self._children: list[Child] = []
        self._deaths: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self, child: Child) -> Child:
        """Start ``child`` and look after it from now on."""
        with self._lock:
            self._children.append(child)
            child.start(self._guard)
        return child

    def watch(self) -> None:
        """From now on, start again whatever dies."""
        self._watcher.start()

    def dead(self) -> list[Child]:
        """The children that are not running at this moment."""
        with self._lock:
            return [child for child in self._children if not child.is_running()]

    def child(self, name: str) -> Child:
        """The child called ``name``. Raises KeyError when there is none."""
        with self._lock:
            return {child.name: child for child in self._children}[name]

    def stop(self) -> None:
        """Stop every child, the highest tier first, tier by tier; then the guard."""
        self._stopping.set()
        with self._lock:
            by_tier = sorted(self._children, key=_tier, reverse=True)
            for _, group in groupby(by_tier, key=_tier):
                members = list(group)
                for child in members:
                    child.ask_to_stop()
                for child in members:
                    child.finish(self._guard)
            self._children.clear()
        self._guard.dismiss()

    def kill(self) -> None:
        """Kill everything at once; may be called while ``stop`` is at work."""
        self._stopping.set()
        for child in list(self._children):
            child.end_at_once()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            with self._lock:
                for child in self._children:
                    if not self._stopping.is_set() and not child.is_running():
                        with contextlib.suppress(OSError):
                            self._revive(child)

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.name not in self._due:
            code = child.exit_code()
            if now - child.started_at > HEALTHY_SECONDS:
                self._deaths[child.name] = 0
            deaths = self._deaths.get(child.name, 0)
            self._deaths[child.name] = deaths + 1
            delay = min(2.0**deaths, RESTART_DELAY_SECONDS_MAX)
            self._due[child.name] = now + delay
            self._console.line(
                f"{child.name} {_how(code)}; starting it again in {delay:.0f} s "
                f"(log: {child.log})"
            )
        elif now >= self._due[child.name]:
            del self._due[child.name]
            child.finish(self._guard)  # helpers that outlived it
            child.start(self._guard)
            self._console.line(f"{child.name} runs again (pid {child.pid})")


def wait_until(
    met: Callable[[], bool], *, seconds: float, interval_seconds: float = 0.05
) -> bool:
    """Ask ``met`` until it holds; say whether it did within ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if met():
            return True
        time.sleep(interval_seconds)
    return met()


def _tier(child: Child) -> int:
    return child.tier


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by signal {-code}"
    return f"ended with exit code {code}"
