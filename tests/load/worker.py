"""``python -m tests.load.worker QUEUE``: one worker process with 8 claim loops.

Does nothing with a job but to complete it. Works until SIGTERM.
"""

import asyncio
import contextlib
import signal
import sys
from typing import Final

import uvloop

from tests.load.target import Target
from tests.load.wire import Connection

LOOPS: Final = 8
WAIT_SECONDS: Final = 20
#: ``{"ok":true}``, as workers send it.
RESULT: Final = "eyJvayI6dHJ1ZX0="


async def work(target: Target, name: str, queue: str) -> None:
    """Claim and complete for ever."""
    connection = Connection(target)
    wanted = {"worker_id": name, "queues": [queue], "wait_seconds": WAIT_SECONDS}
    report = {"worker_id": name, "status": "completed", "result_b64": RESULT}
    while True:
        claimed = await connection.post("jobs/claim", wanted)
        if claimed.status != 204:
            job = claimed.expect(200).json()
            done = await connection.post(
                f"jobs/{job['job_id']}/complete", {**report, "attempt": job["attempt"]}
            )
            done.expect(204)


async def main(queue: str) -> None:
    """Run the loops until SIGTERM; an error in one of them ends all."""
    target = Target.from_environment()
    loops = asyncio.gather(*(work(target, f"bench-{i}", queue) for i in range(LOOPS)))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, loops.cancel)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with contextlib.suppress(asyncio.CancelledError):
        await loops


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
