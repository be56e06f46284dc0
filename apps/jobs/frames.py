"""Pure: the frames of the worker socket, read and made.

Unknown fields are let pass: clients of later generations send some.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from apps.api.body import Body
from apps.api.rendering import DEPTH_MAX, instant, is_deeper, present, to_json
from apps.jobs.fence import Fence
from apps.jobs.owners import is_invocation
from apps.jobs.requests import (
    ERROR_MESSAGE_MAX,
    ERROR_TYPE_MAX,
    OVER_CAPACITY,
    value_of,
)
from apps.jobs.services.complete import Report
from apps.jobs.services.open_session import Registration, Session
from apps.kernel.errors import Invalid
from apps.run_events.linear_frames import step_id
from apps.run_events.vocabulary import check_line

Frame = dict[str, Any]

QUEUES_MAX: Final = 100
ACTIONS_MAX: Final = 500
MODELS_MAX: Final = 100
ID_MAX: Final = 64
CONCURRENCY_MAX: Final = 10_000
DELTA: Final = "generation.delta"
#: Python's clients hang up on a frame of a mebibyte.
FRAME_BYTES_MAX: Final = 1024 * 1024 - 4096


@dataclass(frozen=True, slots=True)
class Wish:
    """What a worker would take now. None: as it registered."""

    slots: int | None
    queues: tuple[str, ...] | None
    actions: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Said:
    """A final report; ``over_capacity``: the worker had no room for the job."""

    fence: Fence
    report: Report
    over_capacity: bool


def _finish(body: Body) -> None:
    if body.problems:
        first = body.problems[0]
        raise Invalid(f"{first['path']}: {first['message']}", fields=body.problems)


def _names(body: Body, field: str, most: int) -> tuple[str, ...]:
    names = body.texts(field, default=[], max_items=most, max_length=128)
    return tuple(dict.fromkeys(names))


def read_registration(frame: Mapping[str, Any]) -> tuple[Registration, int]:
    """Return what a worker says of itself, and its free slots.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(frame)
    worker_id = body.text("worker_instance_id")
    token = body.text("worker_session_token", default="", min_length=0)
    limit = body.integer(
        "concurrency_limit", default=1, minimum=1, maximum=CONCURRENCY_MAX
    )
    slots = body.integer("available_slots", default=limit, maximum=CONCURRENCY_MAX)
    wanted = Registration(
        worker_id=worker_id or "",
        session_token=token,
        concurrency_limit=limit,
        name=body.text("name", default="", min_length=0, max_length=128),
        version=body.text("version", default="", min_length=0, max_length=64),
        queues=_names(body, "queues", QUEUES_MAX),
        actions=_names(body, "action_names", ACTIONS_MAX),
        generates=_models(body),
    )
    _finish(body)
    return wanted, min(slots, limit)


def _models(body: Body) -> Sequence[Mapping[str, str]]:
    found = []
    items = body.listing("models", default=[], max_items=MODELS_MAX)
    for place, item in enumerate(items or []):
        inner = Body(item if isinstance(item, Mapping) else {}, f"models[{place}]")
        names = ("provider", "model")
        found.append({name: inner.text(name, max_length=128) for name in names})
        body.problems.extend(inner.problems)
    return found


def read_wish(frame: Mapping[str, Any]) -> Wish:
    """Return what a claim asks for, or a worker that says it is ready.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(frame)
    slots = body.integer("available_slots", default=None, maximum=CONCURRENCY_MAX)
    queues = _names(body, "queues", QUEUES_MAX) if body.has("queues") else None
    named = body.has("action_names")
    actions = _names(body, "action_names", ACTIONS_MAX) if named else None
    _finish(body)
    return Wish(slots, queues, actions)


def read_lease(project_id: str, frame: Mapping[str, Any]) -> Fence:
    """Return the fence that every frame about a job carries.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(frame)
    fence = _lease(project_id, body)
    _finish(body)
    return fence


def _lease(project_id: str, body: Body) -> Fence:
    job_id = body.text("job_id", max_length=ID_MAX)
    token = body.text("lease_token")
    return Fence(project_id, job_id or "", lease_token=token or "")


def read_said(project_id: str, frame: Mapping[str, Any]) -> Said:
    """Return a final report. One whose result cannot be stored is a failure: its
    worker will not send another.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(frame)
    fence = _lease(project_id, body)
    choices = ("completed", "failed", "cancelled")
    status = body.text("status", default="completed", choices=choices)
    error_type = body.text("error_type", default="", min_length=0, max_length=10**6)
    message = body.text("error_message", default="", min_length=0, max_length=10**7)
    result = body.value("result", default=None)
    _finish(body)
    if status == "completed":
        return Said(fence, _completed(result), False)
    usual = "Cancelled" if status == "cancelled" else "Error"
    report = Report(
        False,
        error_type=(error_type or usual)[:ERROR_TYPE_MAX],
        error_message=message[:ERROR_MESSAGE_MAX],
    )
    return Said(fence, report, error_type == OVER_CAPACITY)


def _completed(result: Any) -> Report:
    if result is None:
        return Report(True)
    if is_deeper(result, DEPTH_MAX):
        said = f"result: is deeper than {DEPTH_MAX} levels"
        return Report(False, error_type="bad_request", error_message=said)
    raw = to_json(result)
    if len(raw) > settings.RESULT_BYTES_MAX:
        said = f"result: a result is limited to {settings.RESULT_BYTES_MAX} bytes"
        return Report(False, error_type="payload_too_large", error_message=said)
    return Report(True, raw, value_of(raw))


def read_delta(
    project_id: str, frame: Mapping[str, Any]
) -> tuple[Fence, int, dict[str, Any]]:
    """Return the fence, the number and the line of a piece of generated text.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(frame)
    fence = _lease(project_id, body)
    sequence = body.integer("sequence")
    delta = body.mapping("delta")
    _finish(body)
    line = {"delta": delta, "sequence": sequence}
    check_line(DELTA, line, "frame")
    raw = to_json(line)
    if len(raw) > settings.EVENT_BYTES_MAX:
        raise Invalid(f"delta: limited to {settings.EVENT_BYTES_MAX} bytes")
    if b"\\u0000" in raw:
        raise Invalid("delta: must not contain NUL")
    return fence, sequence, line


# --- What the server says -------------------------------------------------------


def registered(session: Session) -> Frame:
    """The answer to a registration."""
    return {
        "type": "worker.registered",
        "worker_session_token": session.token,
        "lease": _lease_times(),
    }


def _lease_times() -> dict[str, int]:
    return {
        "lease_duration_seconds": max(1, int(settings.LEASE.total_seconds())),
        "heartbeat_cadence_seconds": max(1, int(settings.HEARTBEAT.total_seconds())),
    }


def claimed(jobs: Sequence[Mapping[str, Any]]) -> Frame:
    """The answer to a claim; each job has the fields that strict clients know."""
    return {"type": "jobs.claimed", "jobs": [_job(job) for job in jobs]}


def _job(job: Mapping[str, Any]) -> dict[str, Any]:
    step = {
        "run_id": job["run_id"],
        "step_id": step_id(job["run_id"], job["step_name"]),
    }
    return {
        "id": job["job_id"],
        "kind": "action_execution",
        "origin": job["origin"],
        "executor_kind": "customer_worker",
        "queue": job["queue"],
        "action_name": job["action"],
        **({} if is_invocation(job["run_id"]) else step),
        "spec": {"action_name": job["action"], "parameters": job["parameters"]},
        "lease_token": job["lease_token"],
        "claim_attempt": job["attempt"],
        **_lease_times(),
    }


def bytes_of(job: Mapping[str, Any]) -> int:
    """Return how much of a frame a job takes."""
    return len(to_json(_job(job)))


def cancel(job_id: str, reason: str, at: str | None) -> Frame:
    """The word that a job is to be stopped."""
    return present(type="job.cancel", job_id=job_id, reason=reason, requested_at=at)


def heartbeat_ack(job_id: str, reason: str, now: datetime) -> Frame:
    """The answer to a heartbeat; with a reason, the worker should stop."""
    order = {"job_id": job_id, "reason": reason, "requested_at": instant(now)}
    stop = {"cancel": order} if reason else {}
    return {"type": "job.heartbeat.ack", "job_id": job_id, **stop}


def report_ack(job_id: str, *, duplicate: bool) -> Frame:
    """The answer to every report; a duplicate changed nothing."""
    repeated = {"duplicate": True} if duplicate else {}
    return {"type": "job.report.ack", "job_id": job_id, **repeated}


def delta_ack(job_id: str, sequence: int) -> Frame:
    """The answer to a piece of generated text."""
    return {
        "type": "generation.delta.ack",
        "job_id": job_id,
        "received_sequence": sequence,
    }


def error(code: str, message: str) -> Frame:
    """What was wrong."""
    return {"type": "error", "error": {"code": code, "message": message}}
