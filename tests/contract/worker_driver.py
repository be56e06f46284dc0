"""A program around the Worker of one published client: says a line of JSON for
everything that happens to it, until it ends.

    MOBIUS_BASE_URL=... MOBIUS_API_KEY=... PROJECT=... python worker_driver.py \
        '{"worker_instance_id": "w1", "concurrency": 2}'
"""

import asyncio
import json
import os
import sys
from importlib.metadata import version
from typing import Any

from deepnoodle import mobius
from deepnoodle.mobius.worker import Worker, WorkerConfig

#: As short as can be: what waits for it waits on purpose.
RECONNECT_SECONDS = 0.2


def _say(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"said": what, **more}) + "\n")
    sys.stdout.flush()


async def _echo(parameters: dict[str, Any], ctx: Any) -> dict[str, Any]:
    _say("echo", job=ctx.job_id, attempt=ctx.attempt, run=ctx.run_id, step=ctx.step_id)
    return {"echo": parameters}


async def _number() -> int:
    return 7


async def _fail() -> None:
    raise ValueError("it broke")


async def _wait(ctx: Any, parameters: dict[str, Any]) -> None:
    """Wait until it is cancelled."""
    _say("waiting", job=ctx.job_id)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        _say("cancelled", job=ctx.job_id)
        raise


async def _hold(ctx: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return once the test has made a file."""
    _say("holding", job=ctx.job_id, attempt=ctx.attempt)
    while not os.path.exists(parameters["until"]):
        await asyncio.sleep(0.02)
    _say("held", job=ctx.job_id)
    return {"held": True}


def main() -> None:
    """Work until the worker ends by itself, and say how."""
    client = mobius.Client(
        mobius.ClientOptions(
            api_key=os.environ["MOBIUS_API_KEY"],
            base_url=os.environ["MOBIUS_BASE_URL"],
            project=os.environ["PROJECT"],
        )
    )
    wanted = json.loads(sys.argv[1])
    config = WorkerConfig(reconnect_delay=RECONNECT_SECONDS, **wanted)
    actions = {"echo": _echo, "number": _number, "fail": _fail, "wait": _wait}
    actions["hold"] = _hold
    _say("begin", version=version("deepnoodle-mobius"), file=mobius.__file__)
    try:
        asyncio.run(Worker(client, config, actions).run())
    except Exception as error:
        _say("error", error=type(error).__name__)
    else:
        _say("end")


if __name__ == "__main__":
    main()
