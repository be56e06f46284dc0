"""A worker in a process of its own: it says what it does, line by line.

    python -m tests.sdk.worker_program TRANSPORT SECONDS

Its action ``do.parse`` takes SECONDS, unless it is cancelled before.
"""

import sys
from typing import Any

from mobius.sdk import Client, JobContext, Worker


def main(transport: str, seconds: float) -> None:
    """Work until a signal."""
    with Client() as client:
        worker = Worker(client, transport=transport, grace=5)  # type: ignore[arg-type]

        @worker.action("do.parse")
        def parse(parameters: Any, context: JobContext) -> dict[str, int]:
            say(f"begun {context.job_id} {context.attempt}")
            context.cancelled.wait(seconds)
            return {"attempt": context.attempt}

        worker.run()
    say("ended")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
