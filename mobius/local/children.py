"""Processes that we start: each in a group of its own, with a log, under a guard."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from mobius.local import guard as guard_program
from mobius.local.accounts import Account
from mobius.local.guard import signal_group

GRACE_SECONDS = 10.0


class Guard:
    """The process that stops our children if we are killed (see ``guard.py``).

    ``keep`` is a descriptor it holds for as long as it lives: with the lock of a
    data folder, the folder stays locked until everything in it has stopped.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard_program.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            pass_fds=() if keep is None else (keep,),
            start_new_session=True,
            cwd="/",
        )

    def started(self, group: int, tier: int, number: int) -> None:
        """Note a process group that must not outlive us."""
        self._tell(f"start {group} {tier} {number}")

    def ended(self, group: int) -> None:
        """Note that a process group is gone."""
        self._tell(f"end {group}")

    def remove_at_end(self, folder: Path) -> None:
        """Note a temporary folder, to be removed if we cannot do it ourselves."""
        self._tell(f"remove {folder}")

    def dismiss(self) -> None:
        """We have stopped everything ourselves: the guard may go."""
        self._tell("done")
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        if self._process.stdin and not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()


@dataclass
class Child:
    """One process of the system: how to start it, and how to stop it.

    ``tier`` orders the stopping, highest first. ``quick_signal`` is for a process
    that does not heed ``stop_signal`` in ``grace_seconds``; then it is killed.
    """

    name: str
    argv: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    account: Account | None = None
    folder: Path | None = None
    tier: int = 0
    stop_signal: signal.Signals = signal.SIGTERM
    quick_signal: signal.Signals | None = None
    grace_seconds: float = GRACE_SECONDS
    log_offset: int = field(default=0, init=False)
    started_at: float = field(default=0.0, init=False)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """The process id, while there is a process."""
        return self._process.pid if self._process else None

    def start(self, guard: Guard) -> None:
        """Start it and return at once; its output is appended to ``log``."""
        options = self.account.process_options() if self.account else {}
        if self.folder:
            options["cwd"] = self.folder
        with self._open_log() as log:
            self._process = subprocess.Popen(
                self.argv,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        self.started_at = time.monotonic()
        guard.started(self._process.pid, self.tier, self.stop_signal)

    def exit_code(self) -> int | None:
        """The exit code, or None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the signal that ends it cleanly, to the process itself only."""
        self._signal(self.stop_signal)

    def finish(self, guard: Guard) -> None:
        """Wait until it has stopped, with growing insistence; nothing of it stays."""
        if self._process is None:
            return
        if not self._ends_within(self.grace_seconds) and self.quick_signal:
            self._signal(self.quick_signal)
            self._ends_within(self.grace_seconds)
        self.kill()
        self._process.wait()
        guard.ended(self._process.pid)
        self._process = None

    def end_at_once(self) -> None:
        """End it without waiting, in the roughest way that it survives well."""
        if self.quick_signal:
            self._signal(self.quick_signal)
        else:
            self.kill()

    def kill(self) -> None:
        """Kill it and everything it started, at once."""
        if self._process is not None:
            signal_group(self._process.pid, signal.SIGKILL)

    def _ends_within(self, seconds: float) -> bool:
        if self._process is None:
            return True
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _open_log(self) -> IO[bytes]:
        log = self.log.open("ab")
        self.log_offset = log.tell()
        return log
