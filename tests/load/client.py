"""``python -m tests.load.client WORKFLOW QUEUE RUNS``: start runs, 16 in flight.

Says ``ready``, waits for a line on its standard input, starts the runs, and prints
one line of JSON: how long each call took, in seconds.
"""

import asyncio
import sys
import time
from typing import Final

import orjson
import uvloop

from tests.load.target import Target
from tests.load.wire import Connection

IN_FLIGHT: Final = 16


async def start_runs(
    target: Target, workflow_id: str, queue: str, count: int
) -> list[float]:
    """Start ``count`` runs, ``IN_FLIGHT`` at a time; return seconds per call."""
    numbers = iter(range(count))
    taken: list[float] = []

    async def submit() -> None:
        connection = Connection(target)
        for number in numbers:
            started = time.perf_counter()
            answer = await connection.post(
                "runs",
                {
                    "definition_id": workflow_id,
                    "queue": queue,
                    "inputs": {"number": number},
                },
            )
            answer.expect(202)
            taken.append(answer.at - started)
        connection.close()

    await asyncio.gather(*(submit() for _ in range(IN_FLIGHT)))
    return taken


def main(workflow_id: str, queue: str, count: int) -> None:
    """Wait for the word, then start the runs."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    target = Target.from_environment()
    taken = uvloop.run(start_runs(target, workflow_id, queue, count))
    sys.stdout.write(orjson.dumps(taken).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
