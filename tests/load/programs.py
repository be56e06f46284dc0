"""Clients and workers as processes of their own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def program(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a module of ours, from its first word on the output to SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _line(process)
        yield process
    finally:
        process.terminate()
        process.communicate()


def ask(client: "subprocess.Popen[str]") -> str:
    """Tell a program to begin; return the line it prints when it is done."""
    assert client.stdin is not None
    client.stdin.write("go\n")
    client.stdin.flush()
    return _line(client)


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended before it was told to")
    return line
