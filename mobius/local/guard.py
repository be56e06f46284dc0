"""Stops a local system whose supervisor was killed. Run as a program of its own.

The supervisor holds the other end of our standard input and writes a line for each
process group it starts or sees end, and for each folder to remove at the end:

    start <group> <tier> <signal number>
    end <group>
    remove <folder>
    done

When the input ends, with ``done`` or because the supervisor was killed, the groups
that are left are stopped, highest tier first, and those that do not go are killed.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from itertools import groupby

GRACE_SECONDS = 6.0
POLL_SECONDS = 0.05


def main() -> None:
    """Follow the supervisor's lines until they end; stop what it left behind."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, tuple[int, int]] = {}
    folders: list[str] = []
    for line in sys.stdin:
        verb, _, rest = line.rstrip("\n").partition(" ")
        if verb == "start":
            group, tier, number = (int(word) for word in rest.split())
            groups[group] = (tier, number)
        elif verb == "end":
            groups.pop(int(rest), None)
        elif verb == "remove":
            folders.append(rest)
        elif verb == "done":
            break
    stop(groups)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def stop(groups: dict[int, tuple[int, int]]) -> None:
    """Stop process groups given as {group: (tier, signal)}, highest tier first."""
    by_tier = sorted(groups.items(), key=lambda item: item[1][0], reverse=True)
    for _, members in groupby(by_tier, key=lambda item: item[1][0]):
        tier = {group: number for group, (_, number) in members}
        for group, number in tier.items():
            _ask_to_stop(group, number)
        if not _wait_until_gone(tier):
            for group in tier:
                signal_group(group, signal.SIGKILL)


def _ask_to_stop(group: int, number: int) -> None:
    """Signal the group's leader, who knows its helpers; without one, all of them."""
    try:
        os.kill(group, number)
    except ProcessLookupError:
        signal_group(group, number)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a whole process group; say whether there was one."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _wait_until_gone(groups: Iterable[int]) -> bool:
    left = list(groups)
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        left = [group for group in left if signal_group(group, 0)]
        time.sleep(POLL_SECONDS)
    return not left


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
