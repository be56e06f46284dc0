"""The worker protocol over HTTP: a long poll, heartbeats, events, complete."""

import asyncio
import base64
import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from mobius.sdk.async_client import AsyncClient
from mobius.sdk.calls import RETRIED_STATUSES, Call, delay_before
from mobius.sdk.configuration import part
from mobius.sdk.errors import ApiError, Conflict, ConnectionFailed, NotFound
from mobius.sdk.working.jobs import FATAL, OVER_CAPACITY, Job, Outcome, failure
from mobius.sdk.working.transport import Hands, Identity, Word

logger = logging.getLogger("mobius.sdk.worker")

CLAIM_SECONDS: Final = 20
#: A heartbeat tells of a cancellation; so long it may go unnoticed.
HEARTBEAT_SECONDS_MAX: Final = 10.0
CALL_SECONDS: Final = 15.0
RETRY_SECONDS_MAX: Final = 10.0
_UNWANTED: Final = (400, 413)


class HttpTransport:
    """Claims one job at a time. A job is fenced by worker and attempt."""

    def __init__(self, client: AsyncClient, identity: Identity) -> None:
        self._client = client
        self._identity = identity

    async def open(self, hands: Hands) -> None:
        """Nothing to begin: the first claim registers the worker."""

    async def claim(self, slots: int) -> list[Job]:
        """Wait up to twenty seconds for a job."""
        body = {
            "worker_id": self._identity.worker_id,
            "worker_name": self._identity.name,
            "queues": list(self._identity.queues),
            "actions": list(self._identity.actions),
            "wait_seconds": CLAIM_SECONDS,
        }
        timeout = CLAIM_SECONDS + CALL_SECONDS
        found = await self._client.send(
            Call("POST", "jobs/claim", body=body, timeout=timeout)
        )
        return [self._job(found)] if found else []

    def _job(self, found: Mapping[str, Any]) -> Job:
        beat = float(found.get("heartbeat_interval_seconds") or HEARTBEAT_SECONDS_MAX)
        return Job(
            id=found["job_id"],
            run_id=found["run_id"],
            action=found["action"],
            parameters=found["parameters"],
            attempt=found["attempt"],
            queue=found["queue"],
            step=found["step_name"],
            heartbeat_seconds=min(beat, HEARTBEAT_SECONDS_MAX),
            fence={
                "worker_id": self._identity.worker_id,
                "attempt": found["attempt"],
            },
        )

    async def heartbeat(self, job: Job) -> Word:
        """Keep the lease; the answer says whether to stop."""
        try:
            answer = await self._client.send(_call(job, "heartbeat", {}))
        except (Conflict, NotFound):
            return Word.LOST
        stop = answer["directives"]["should_cancel"]
        return Word.CANCEL if stop else Word.GO_ON

    async def report(self, job: Job, outcome: Outcome) -> None:
        """Report until it is taken."""
        await complete(self._client, job, outcome)

    async def emit(self, job: Job, type_: str, payload: Mapping[str, Any]) -> bool:
        """Put an event on the timeline, trying as often as the client does."""
        return await emit(self._client, job, type_, payload)

    async def hand_back(self, job: Job) -> None:
        """Give the job back as it was: no attempt is counted."""
        await self.report(job, failure(OVER_CAPACITY, "the worker stops"))

    async def leave(self) -> None:
        """Nobody to tell."""

    async def close(self) -> None:
        """Nothing is held open."""


async def complete(client: AsyncClient, job: Job, outcome: Outcome) -> None:
    """Report until it is taken. A result that the server cannot store becomes a
    failure."""
    tries = 0
    while True:
        try:
            await client.send(_call(job, "complete", _report(outcome)))
            return
        except (Conflict, NotFound):
            logger.warning("job %s is not ours any more; dropped", job.id)
            return
        except ConnectionFailed as error:
            logger.warning("job %s is not reported yet: %s", job.id, error)
        except ApiError as error:
            if error.status in _UNWANTED and outcome.status == "completed":
                outcome = failure(FATAL, f"the result was refused: {error.message}")
                continue
            if error.status not in RETRIED_STATUSES:
                raise
        tries += 1
        await asyncio.sleep(min(delay_before(tries, None), RETRY_SECONDS_MAX))


async def emit(
    client: AsyncClient, job: Job, type_: str, payload: Mapping[str, Any]
) -> bool:
    """Put an event on a job's timeline; one whose answer was lost may be there twice.

    Raises:
        ApiError: the event is not one that the server takes.
    """
    call = _call(job, "events", {"events": [{"type": type_, "payload": dict(payload)}]})
    tries = 0
    while True:
        try:
            await client.send(call)
            return True
        except (Conflict, NotFound):
            return False
        except ConnectionFailed as error:
            said = error
        except ApiError as error:
            if error.status not in RETRIED_STATUSES:
                raise
            said = error  # type: ignore[assignment]
        tries += 1
        if tries > client.retries:
            logger.warning("job %s: an event was not taken: %s", job.id, said)
            return False
        wait = delay_before(tries, getattr(said, "retry_after", None))
        await asyncio.sleep(min(wait, RETRY_SECONDS_MAX))


def _call(job: Job, verb: str, body: Mapping[str, Any]) -> Call:
    path = f"jobs/{part(job.id, 'job_id')}/{verb}"
    return Call("POST", path, body={**job.fence, **body}, timeout=CALL_SECONDS)


def _report(outcome: Outcome) -> dict[str, Any]:
    if outcome.status != "completed":
        return {
            "status": "failed",
            "error_type": outcome.error_type,
            "error_message": outcome.error_message,
        }
    if outcome.result is None:
        return {"status": "completed"}
    encoded = base64.b64encode(json.dumps(outcome.result).encode()).decode()
    return {"status": "completed", "result_b64": encoded}
