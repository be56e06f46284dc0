"""From an answer to the next job: people in the loop of an otherwise idle system."""

import asyncio
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import django
import uvloop

from tests.load.figures import Row, median
from tests.load.latency import WAITING_CLAIMS, Hands, row_beside_flush
from tests.load.limits import FlushProbe
from tests.load.setting import Setting
from tests.load.wire import Connection

if TYPE_CHECKING:
    from tests.load.backlog import Member

RUNS: Final = 250
SUSPENDED_SECONDS_MAX: Final = 10.0
POLL_SECONDS: Final = 0.0005
NEXT_JOB_AIM: Final = "p50 <= 40, p99 <= 150 ms"
ANSWER: Final = {"value": True, "comment": "Looks good."}
#: The open question of a run that waits for its answer, "" as long as it does not.
_OPEN: Final = """
SELECT coalesce(max(i.id), '') FROM runs_run r
JOIN interactions_interaction i ON i.run_id = r.id AND i.status = 'pending'
WHERE r.id = %s AND r.status = 'suspended'
"""


class Times:
    """Seconds from sending an answer: to its 200, and to the next job in hands."""

    def __init__(self) -> None:
        self.answered: list[float] = []
        self.following: list[float] = []
        self.flush = 0.0

    def rows(self, which: str) -> list[Row]:
        """Return the lines of the table; three commits lie before the job."""
        return [
            row_beside_flush(
                f"response answered, {which}", self.answered, "", 1, self.flush
            ),
            row_beside_flush(
                f"response to next step's job in hands, {which}",
                self.following,
                NEXT_JOB_AIM,
                3,
                self.flush,
            ),
        ]


def measure(setting: Setting) -> list[Row]:
    """Answer the question of one run after the other, workers already waiting."""
    member = new_member(setting)
    count = min(RUNS, setting.runs)
    setting.say(f"response: {count} runs, one after the other")
    times = uvloop.run(respond_to_runs(setting, member, count))
    return times.rows(f"{count} in a row")


def new_member(setting: Setting) -> "Member":
    """Make a member of the project, past the API: it makes no accounts."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mobius.settings.production")
    django.setup()
    from tests.load.backlog import make_member

    return make_member(setting.target.project, f"member-{time.time_ns()}")


async def respond_to_runs(setting: Setting, member: "Member", count: int) -> Times:
    """Have ``member`` answer so many runs, each once the one before it is at rest."""
    ours = Connection(setting.target)
    theirs = Connection(replace(setting.target, key=member.key))
    workflow_id = await _define(ours, member.id)
    queue = f"response-{time.time_ns()}"
    hands = Hands(setting.target, queue, WAITING_CLAIMS)
    flush, times = FlushProbe(), Times()
    await _respond_to_one(setting, ours, theirs, hands, (workflow_id, queue), Times())
    for _ in range(count):
        flush()
        await _respond_to_one(setting, ours, theirs, hands, (workflow_id, queue), times)
    times.flush = median(flush.seconds)
    flush.close()
    await hands.let_go()
    ours.close()
    theirs.close()
    return times


async def _define(connection: Connection, member_id: str) -> str:
    """Create a workflow of a question and a worker's step; return its id."""
    question = {
        "type": "approval",
        "message": "Publish?",
        "target": {"type": "user", "id": member_id},
        "timeout": "24h",
        "spec": {"mode": "confirm"},
    }
    steps = [
        {"name": "ask", "interaction": question},
        {"name": "publish", "action": "bench.noop"},
    ]
    name = f"bench response {time.time_ns()}"
    body = {"name": name, "spec": {"name": "bench", "steps": steps}}
    return str((await connection.post("workflows", body)).expect(201).json()["id"])


async def _respond_to_one(
    setting: Setting,
    ours: Connection,
    theirs: Connection,
    hands: Hands,
    of: tuple[str, str],
    times: Times,
) -> None:
    run = await setting.start(ours, *of)
    interaction_id = await _question_of(setting, run["id"])
    setting.database.wait_for_dispatch()
    started = time.perf_counter()
    answer = await theirs.post(f"interactions/{interaction_id}/respond", ANSWER)
    times.answered.append(answer.expect(200).at - started)
    job, at = await hands.take()
    if job["run_id"] != run["id"]:
        raise RuntimeError(f"a job of {job['run_id']} instead of {run['id']} arrived")
    times.following.append(at - started)
    await hands.complete(job)
    setting.database.wait_for_dispatch()


async def _question_of(setting: Setting, run_id: Any) -> str:
    deadline = time.monotonic() + SUSPENDED_SECONDS_MAX
    while not (found := setting.database.one(_OPEN, run_id)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"run {run_id} does not wait for an answer")
        await asyncio.sleep(POLL_SECONDS)
    return str(found)
