"""Running the server's own actions in tests without Celery, in the test's transaction.

What a Celery process does in ``apps.actions.executor``, one job after the other.
"""

import asyncio
from datetime import datetime
from typing import Any

from apps.actions.calls import Outcome
from apps.actions.services.finish_job import finish_job
from apps.actions.services.prepare_job import prepare_job
from apps.jobs.services.claim_for_server import ServerJob, claim_for_server
from apps.kernel import clock
from apps.runs.models import Run
from tests.support.api import Api
from tests.support.drive import dispatch_all

ME = "server:test"


def claim_actions(now: datetime | None = None, **wanted: Any) -> list[ServerJob]:
    """Claim what waits for the server."""
    limits = {"free": 100, "cap": 100, **wanted}
    busy = limits.pop("busy", {})
    worker_id = limits.pop("worker_id", ME)
    return claim_for_server(worker_id, busy, now=now or clock.now(), **limits)


def perform(job: ServerJob, now: datetime | None = None) -> Outcome | None:
    """Run one job to its report; None when nobody calls it."""
    prepared = prepare_job(job, now=now or clock.now())
    if prepared is None:
        return None
    ready = prepared.ready
    outcome = ready if isinstance(ready, Outcome) else asyncio.run(ready())
    finish_job(job, prepared.call, outcome, now=now or clock.now())
    return outcome


def run_actions(now: datetime | None = None) -> int:
    """Run actions and dispatch until nothing is left; return how many were run."""
    total = 0
    while True:
        dispatch_all(now)
        jobs = claim_actions(now)
        if not jobs:
            return total
        for job in jobs:
            perform(job, now)
        total += len(jobs)


def run_step(
    api: Api, action: str, parameters: dict[str, Any] | None = None, **step: Any
) -> Run:
    """Run a workflow of one step that the server does, to its end."""
    spec = {
        "name": "one",
        "steps": [
            {
                "name": "do",
                "action": action,
                "action_kind": "server",
                "parameters": parameters or {},
                **step,
            }
        ],
    }
    started = api.post("runs", {"spec": spec})
    assert started.status_code == 202, started.json()
    run_actions()
    return Run.objects.get(id=started.json()["id"])
