"""The README's tour: its files, its commands, and what it says they print."""

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mobius.local.environment import ROOT

SECTION = re.compile(r"^## Five minutes\n(.*?)^### ", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"\s+# exit code (\d+)$")
COLUMNS = 96
ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
#: What differs from one day to the next: ids, numbers, how long ago.
CHANGING = (
    (re.compile(r"\b[a-z]+_[0-9a-z]{26}\b"), "ID"),
    (re.compile(r"\bbuilder-[0-9a-f]{12}\b"), "builder-ID"),
    (re.compile(r"\d+ (s|min|h|d)\b"), "0 s"),
    (re.compile(r"\d+(\.\d+)?"), "0"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Command:
    """A line that begins with ``mobius``; ``code`` is how it has to end."""

    line: str
    in_background: bool
    code: int


@dataclass
class Block:
    """Commands, and the output that stands below them."""

    commands: list[Command] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)


def read_tour(text: str) -> tuple[dict[str, str], list[Block]]:
    """The files that the tour has its reader write, and its blocks in order."""
    section = SECTION.search(text)
    assert section is not None, "the README has no tour"
    files: dict[str, str] = {}
    blocks: list[Block] = []
    for language, body in FENCED.findall(section[1]):
        if language == "sh":
            commands = list(_commands(body))
            blocks.append(Block(commands))
        elif not language and blocks and blocks[-1].commands:
            blocks[-1].shown += [line for line in body.splitlines() if line.strip()]
        elif body.startswith("# "):
            files[body.split("\n", 1)[0].removeprefix("# ")] = body
    return files, [block for block in blocks if block.commands]


def _commands(body: str) -> Iterator[Command]:
    for line in body.splitlines():
        if not line.startswith("mobius "):
            continue
        code = CODE.search(line)
        plain = CODE.sub("", line)
        yield Command(
            plain.removesuffix("&").strip(),
            plain.endswith("&"),
            int(code[1]) if code else 0,
        )


def alike(line: str) -> str:
    """A line of output without what changes."""
    for pattern, instead in CHANGING:
        line = pattern.sub(instead, line)
    return line.strip()


class Job:
    """A command at work; ``text`` is what it has printed so far, errors included."""

    def __init__(self, line: str, folder: Path, variables: Mapping[str, str]) -> None:
        program = shlex.join([sys.executable, str(ROOT / "manage.py"), "mobius"])
        ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            ["bash", "-c", f'mobius() {{ exec {program} "$@"; }}; {line}'],
            cwd=folder,
            env={**variables, "COLUMNS": str(COLUMNS), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.PIPE,
        )
        os.close(theirs)
        self._told = bytearray()
        assert self._process.stderr is not None
        errors = self._process.stderr.fileno()
        self._readers = [
            threading.Thread(target=self._read, args=[descriptor])
            for descriptor in (ours, errors)
        ]
        for reader in self._readers:
            reader.start()
        self._ours = ours

    @property
    def text(self) -> str:
        """What it has printed so far, as plain text."""
        return ANSI.sub("", self._told.decode(errors="replace")).replace("\r", "")

    def end(self) -> int:
        """Wait for its end; return its exit code."""
        code = self._process.wait(timeout=30)
        for reader in self._readers:
            reader.join(timeout=10)
        os.close(self._ours)
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code

    def interrupt(self) -> int:
        """Press Ctrl-C, wait for its end; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self.end()

    def _read(self, descriptor: int) -> None:
        while True:
            try:
                chunk = os.read(descriptor, 65536)
            except OSError:  # the terminal has no other end any more
                return
            if not chunk:
                return
            self._told += chunk
