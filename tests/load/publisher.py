"""``python -m tests.load.publisher NAME FIRST COUNT MIX``: publish at a steady pace.

``COUNT`` batches from number ``FIRST`` on, of which ``MIX`` says ``some`` or ``all``
events are heard by somebody.

Says ``ready``, waits for a line on its standard input, publishes, and prints one line
of JSON: how many events were accepted, over how many seconds, and for each request
how long after its due instant it was answered, in seconds.
"""

import asyncio
import sys
import time
from typing import Any, Final

import orjson
import uvloop

from tests.load.mix import BATCH, RATE, batch_of
from tests.load.target import Target
from tests.load.wire import Connection

CONNECTIONS: Final = 4
EVERY_SECONDS: Final = BATCH / RATE


async def publish(
    target: Target, name: str, numbers: range, *, all_heard: bool
) -> dict[str, Any]:
    """Send a batch whenever one is due, whether or not those before are answered."""
    began = time.perf_counter()
    late: list[float] = []
    due = iter([(n, began + i * EVERY_SECONDS) for i, n in enumerate(numbers)])

    async def send() -> None:
        connection = Connection(target)
        for number, at in due:
            events = batch_of(name, number, all_heard=all_heard)
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            answer = await connection.post("source-events/batch", {"events": events})
            accepted = answer.expect(202).json()["items"]
            if len(accepted) != BATCH:
                raise RuntimeError(f"{len(accepted)} of {BATCH} events were accepted")
            late.append(answer.at - at)
        connection.close()

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    took = time.perf_counter() - began
    return {"accepted": len(late) * BATCH, "seconds": took, "late": late}


def main(name: str, first: int, count: int, mix: str) -> None:
    """Wait for the word, then publish."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    target, numbers = Target.from_environment(), range(first, first + count)
    found = uvloop.run(publish(target, name, numbers, all_heard=mix == "all"))
    sys.stdout.write(orjson.dumps(found).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
