"""What processes cost, as the kernel counts it: Linux, ``/proc``."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICK_SECONDS: Final = 1 / os.sysconf("SC_CLK_TCK")

#: Words in a command line that tell which part of the system a process is.
_PARTS: Final = (
    ("web", ("uvicorn", "mobius.asgi")),
    ("dispatch", ("celery", " worker ")),
    ("beat", ("celery", " beat ")),
    ("postgres", ("/postgres -D",)),
    ("valkey", ("valkey-server",)),
    ("valkey", ("redis-server",)),
    ("guard", ("mobius/local/guard.py",)),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: ``pss`` counts shared pages by share, ``uss`` only unshared ones."""

    pss: int = 0
    uss: int = 0
    rss: int = 0


def find_parts(launcher: int) -> dict[str, int]:
    """Return the process id of each part that ``launcher`` has started."""
    found: dict[str, int] = {}
    for pid in _children()[launcher]:
        words = _command(pid)
        for part, needed in _PARTS:
            if all(word in words for word in needed):
                found.setdefault(part, pid)
    return found


def tree_of(pid: int) -> list[int]:
    """Return ``pid`` and every process below it."""
    children = _children()
    tree, rest = [], [pid]
    while rest:
        current = rest.pop()
        tree.append(current)
        rest += children[current]
    return tree


def cpu_seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """Return the processor time of each root and all below it, ended ones included."""
    children = _children()

    def of(pid: int) -> float:
        return _cpu(pid) + sum(of(child) for child in children[pid])

    return {name: of(pid) for name, pid in roots.items()}


def memory_of(pids: Iterable[int]) -> Memory:
    """Return the sum over ``pids``; a process that has gone counts nothing."""
    total = defaultdict[str, int](int)
    for pid in pids:
        try:
            lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in lines:
            name, value = line.split(":")
            total[name] += int(value.split()[0]) * 1024
    return Memory(
        pss=total["Pss"],
        uss=total["Private_Clean"] + total["Private_Dirty"],
        rss=total["Rss"],
    )


def threads_of(pid: int) -> int:
    """Return how many threads the process has."""
    return len(list((_PROC / str(pid) / "task").iterdir()))


def busy_seconds() -> float:
    """Return the processor time that the whole machine has spent, since its start."""
    fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) * _TICK_SECONDS


def processor_name() -> str:
    """Return the processor's model."""
    for line in (_PROC / "cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return os.uname().machine


def file_behind(pid: int, descriptor: int) -> Path:
    """Return the file that a descriptor of the process writes to."""
    return (_PROC / str(pid) / "fd" / str(descriptor)).resolve()


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                found[int(fields[1])].append(int(entry.name))
    return found


def _cpu(pid: int) -> float:
    """Own time, and that of children that have ended."""
    fields = _stat(pid)
    return sum(int(word) for word in fields[11:15]) * _TICK_SECONDS


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold spaces: state, parent, ..."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _command(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
