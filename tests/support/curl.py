"""Commands as guides print them: run by bash, with the real curl, unchanged.

Status and headers reach the test through a ``.curlrc`` in the shell's own home, so a
command needs no option that the guide does not print. Where there is no curl, a small
program of ours takes its place on the PATH (``tests.support.curl_stand_in``).
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobius.local.environment import ROOT

SECONDS_MAX = 60


@dataclass(frozen=True)
class Printed:
    """What a command left behind: the answer's status and headers (names in lower
    case) and the text that the command printed."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The printed text, decoded."""
        return json.loads(self.text)


class Running:
    """A command that has not ended yet."""

    def __init__(self, process: "subprocess.Popen[bytes]", home: Path) -> None:
        self._process = process
        self._home = home

    def so_far(self) -> str:
        """What it has printed until now."""
        return (self._home / "out").read_text()

    def wait(self, *, seconds: float = SECONDS_MAX) -> Printed:
        """Wait until it ends by itself; a command that does not succeed fails."""
        try:
            code = self._process.wait(timeout=seconds)
            assert code == 0, (self._home / "errors").read_text()
            status, headers = _head(self._home / "head")
            return Printed(status, headers, self.so_far())
        finally:
            self.close()

    def close(self) -> None:
        """End it if it has not ended; nothing of it stays."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)


class Shell:
    """A terminal with exported variables."""

    def __init__(self, variables: Mapping[str, str], *, real: bool = True) -> None:
        self._exported = dict(variables)
        self._begun: list[Running] = []
        self._real = real and shutil.which("curl") is not None

    def export(self, **variables: object) -> None:
        """Export variables for the commands that follow."""
        self._exported.update({name: str(value) for name, value in variables.items()})

    def run(self, command: str) -> Printed:
        """Run a command to its end."""
        return self.begin(command).wait()

    def begin(self, command: str) -> Running:
        """Start a command and return at once."""
        home = Path(tempfile.mkdtemp(prefix="mobius-shell-"))
        (home / ".curlrc").write_text(
            f"silent\nshow-error\nnoproxy = *\nmax-time = {SECONDS_MAX}\n"
            f'dump-header = "{home / "head"}"\n'
        )
        path = os.environ.get("PATH", "")
        if not self._real:
            path = f"{_stand_in(home)}:{path}"
        with (home / "out").open("wb") as out, (home / "errors").open("wb") as errors:
            process = subprocess.Popen(
                ["bash", "-c", command],
                env={**self._exported, "HOME": str(home), "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )
        running = Running(process, home)
        self._begun.append(running)
        return running

    def close(self) -> None:
        """End what still runs."""
        for running in self._begun:
            running.close()


def _stand_in(home: Path) -> Path:
    program = home / "bin" / "curl"
    program.parent.mkdir()
    python, folder = shlex.quote(sys.executable), shlex.quote(str(ROOT))
    program.write_text(
        f'#!/bin/sh\ncd {folder} && exec {python} -m tests.support.curl_stand_in "$@"\n'
    )
    program.chmod(0o700)
    return program.parent


def _head(path: Path) -> tuple[int, dict[str, str]]:
    first, *rest = path.read_text().splitlines()
    pairs = (line.partition(":") for line in rest if ":" in line)
    return int(first.split()[1]), {n.strip().lower(): v.strip() for n, _, v in pairs}
