"""What every measurement is given: the system, its parts, its database."""

import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

from tests.load.database import Database
from tests.load.limits import CommitProbe
from tests.load.processes import cpu_seconds
from tests.load.target import Target
from tests.load.wire import Connection

_ACTION: Final = "bench.noop"


@dataclass
class Setting:
    """The place of all measurements; ``parts`` are process ids by part of it."""

    target: Target
    launcher: int
    parts: dict[str, int]
    database: Database
    probe: CommitProbe
    runs: int
    rounds: int
    workflows: dict[int, str] = field(default_factory=dict)

    @property
    def web(self) -> int:
        """The process id of the web server."""
        return self.parts["web"]

    def say(self, text: str) -> None:
        """Tell whoever waits what is going on."""
        sys.stderr.write(f"  {time.strftime('%H:%M:%S')} {text}\n")

    async def define(self, connection: Connection, steps: int) -> str:
        """Create a workflow of ``steps`` worker steps; return its id."""
        name = f"bench {steps} steps {time.time_ns()}"
        spec = {
            "name": "bench",
            "steps": [{"name": f"s{i}", "action": _ACTION} for i in range(steps)],
        }
        answer = await connection.post("workflows", {"name": name, "spec": spec})
        return str(answer.expect(201).json()["id"])

    async def start(
        self, connection: Connection, workflow_id: str, queue: str
    ) -> dict[str, Any]:
        """Start one run; return it."""
        wanted = {"definition_id": workflow_id, "queue": queue}
        run: dict[str, Any] = (await connection.post("runs", wanted)).expect(202).json()
        return run


class Meter:
    """Processor time of named processes, from its making on."""

    def __init__(self, roots: dict[str, int]) -> None:
        self._roots = roots
        self._before = cpu_seconds(roots)

    def spent(self) -> dict[str, float]:
        """Return the seconds spent since, by name."""
        now = cpu_seconds(self._roots)
        return {name: now[name] - self._before[name] for name in self._roots}
