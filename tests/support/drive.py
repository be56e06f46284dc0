"""Moving runs in tests without Celery: dispatch until nothing is due."""

import base64
from datetime import datetime
from typing import Any

import orjson

from apps.dispatch.services.drain import drain_batch
from apps.jobs.services.claim import Claim, claim_job
from apps.kernel import clock
from tests.support.api import Api
from tests.support.specs import ONE_STEP

ROUNDS_MAX = 200


def dispatch_all(now: datetime | None = None) -> int:
    """Dispatch everything due at ``now``; return how many events."""
    total = 0
    for _ in range(ROUNDS_MAX):
        taken = drain_batch(now or clock.now())
        if not taken:
            return total
        total += taken
    raise AssertionError("the outbox does not run dry")


def start_run(api: Api, authored: object = ONE_STEP, **body: object) -> str:
    """Start a run of an inline spec and dispatch it; return its id."""
    answer = api.post("runs", {"spec": authored, **body})
    assert answer.status_code == 202, answer.content
    dispatch_all()
    return str(answer.json()["id"])


def claim(
    project_id: str, worker_id: str = "w1", now: datetime | None = None, **wanted: Any
) -> dict[str, Any] | None:
    """Claim one job and dispatch the news."""
    job = claim_job(Claim(project_id, worker_id, **wanted), now=now or clock.now())
    dispatch_all(now)
    return job


def b64(value: Any) -> str:
    """Return a value as workers send results."""
    return base64.b64encode(orjson.dumps(value)).decode()
