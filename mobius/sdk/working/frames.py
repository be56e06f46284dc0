"""Pure: the frames of the worker socket, made and read."""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from websockets.exceptions import InvalidStatus

from mobius.sdk.errors import (
    ApiError,
    AuthError,
    Conflict,
    ConnectionFailed,
    api_error,
)
from mobius.sdk.working.jobs import Job, Outcome
from mobius.sdk.working.transport import Identity, Word

Frame: TypeAlias = dict[str, Any]

LEASE_LOST: Final = "lease_lost"
_GONE: Final = (LEASE_LOST, "not_found")


def read(raw: str | bytes) -> Frame:
    """Return a frame.

    Raises:
        ConnectionFailed: it is no JSON object.
    """
    try:
        frame = json.loads(raw)
    except ValueError as error:
        raise ConnectionFailed("the worker socket sent no JSON") from error
    if not isinstance(frame, dict):
        raise ConnectionFailed("the worker socket sent no object")
    return frame


def write(frame: Frame) -> str:
    """Return a frame as text."""
    return json.dumps(frame, allow_nan=False)


def _frame(type_: str, **fields: Any) -> Frame:
    return {"type": type_, "message_id": str(uuid.uuid4()), **fields}


def register(identity: Identity, slots: int, token: str) -> Frame:
    """The first frame of a connection; with the token of before, if there is one."""
    known = {"worker_session_token": token} if token else {}
    return _frame(
        "worker.register",
        worker_instance_id=identity.worker_id,
        name=identity.name,
        concurrency_limit=identity.concurrency,
        available_slots=slots,
        queues=list(identity.queues),
        action_names=list(identity.actions),
        **known,
    )


def claim(slots: int) -> Frame:
    """Ask for up to so many jobs, of what the worker registered for."""
    return _frame("jobs.claim", available_slots=slots)


def beat(job: Job) -> Frame:
    """Keep a lease."""
    return _frame("job.heartbeat", **job.fence, job_id=job.id)


def report(job: Job, outcome: Outcome) -> Frame:
    """Say how an attempt ended."""
    said: Frame = {"status": outcome.status}
    if outcome.status != "completed":
        said["error_type"] = outcome.error_type
        said["error_message"] = outcome.error_message
    elif outcome.result is not None:
        said["result"] = outcome.result
    return _frame("job.report", **job.fence, job_id=job.id, **said)


def draining() -> Frame:
    """Say that nothing more will be claimed."""
    return _frame("worker.draining")


def read_jobs(frame: Mapping[str, Any]) -> list[Job]:
    """Return the jobs of a ``jobs.claimed``."""
    return [_read_job(job) for job in frame.get("jobs") or ()]


def _read_job(sent: Mapping[str, Any]) -> Job:
    spec = sent["spec"]
    step_id = str(sent.get("step_id") or "")
    return Job(
        id=sent["id"],
        run_id=sent.get("run_id") or "",
        action=sent.get("action_name") or spec["action_name"],
        parameters=spec.get("parameters"),
        attempt=sent["claim_attempt"],
        queue=sent["queue"],
        step=step_id.partition(".")[2],
        heartbeat_seconds=float(sent["heartbeat_cadence_seconds"]),
        fence={"lease_token": sent["lease_token"]},
    )


def read_beat(answer: Mapping[str, Any]) -> Word:
    """Return what the answer to a heartbeat says.

    Raises:
        ConnectionFailed: the server could not say.
    """
    if answer.get("type") == "job.heartbeat.ack":
        return Word.CANCEL if answer.get("cancel") else Word.GO_ON
    code, message = error_of(answer)
    if code in _GONE:
        return Word.LOST
    raise ConnectionFailed(f"a heartbeat was not taken: {message} ({code})")


def error_of(frame: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and message of an ``error``."""
    error = frame.get("error")
    error = error if isinstance(error, dict) else {}
    return str(error.get("code", "error")), str(error.get("message", ""))


def raise_if_final(frame: Mapping[str, Any]) -> None:
    """Pass any frame but one after which no connection of this worker is any use.

    Raises:
        AuthError: the key is not good any more.
        Conflict: another process is this worker.
    """
    if frame.get("type") == "error":
        code, message = error_of(frame)
        if code == "invalid_actor":
            raise AuthError(401, code, message, {})
        if code == "worker_instance_conflict":
            raise Conflict(409, code, message, {})


def refusal(refused: InvalidStatus) -> ApiError:
    """Return the error for an upgrade that was refused."""
    answer = refused.response
    headers = {name.lower(): value for name, value in answer.headers.raw_items()}
    return api_error(answer.status_code, headers, bytes(answer.body), now=time.time())
