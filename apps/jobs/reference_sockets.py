"""What the reference says of workers on a socket, and of who is connected."""

from typing import Final

from apps.api.reference import Answer, Held, Operation, Refusal, unavailable
from apps.api.schemas import (
    NEXT_CURSOR,
    Schema,
    either,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    record,
    ref,
    text,
    whole,
)
from apps.identity.permissions import Permission
from apps.jobs.frames import ACTIONS_MAX, CONCURRENCY_MAX, QUEUES_MAX
from apps.jobs.models import JobStatus
from apps.kernel.ids import IdKind

_QUEUES: Final = listing(
    text("", "default"), "Only jobs of these; of all if empty.", maxItems=QUEUES_MAX
)
_ACTIONS: Final = listing(
    text("", "doc.parse"), "Only these; any if empty.", maxItems=ACTIONS_MAX
)
_SLOTS: Final = whole(
    "How many jobs it has room for.", 1, minimum=0, maximum=CONCURRENCY_MAX
)
_JOB_ID: Final = text("", id_example(IdKind.JOB))
_LEASE: Final = {
    "job_id": _JOB_ID,
    "lease_token": text("Of the claimed job; the fence.", "5f0c…:1"),
}
_TIMES: Final = {
    "lease_duration_seconds": whole("A job without a heartbeat is lost after it.", 60),
    "heartbeat_cadence_seconds": whole("Send heartbeats so often.", 20),
}
_CANCEL: Final = {
    "job_id": _JOB_ID,
    "reason": text("", "run_cancelled"),
    "requested_at": instant(),
}


def _frame(kind: str, about: str, *parts: dict[str, Schema]) -> Schema:
    """A frame: the fields that it always has, then those that it may have."""
    always = parts[0] if parts else {}
    sometimes = parts[1] if len(parts) > 1 else {}
    message_id = {"message_id": text("An answer has that of its question.", "m-1")}
    named = {"type": {"const": kind}}
    return record(about, {**named, **always}, {**message_id, **sometimes})


#: What frames of errors say.
CODES: Final = (
    *("invalid_actor", "worker_instance_conflict", "not_registered"),
    *("already_registered", "claim_outstanding", "limit_reached", "lease_lost"),
    *("bad_request", "payload_too_large", "not_found", "permission_denied"),
    *("project_archived", "rate_limit_exceeded", "service_unavailable"),
    "internal_error",
)
_FROM_WORKER: Final = (
    _frame(
        "worker.register",
        "The first frame.",
        {"worker_instance_id": text("Chosen by the worker.", "worker-1")},
        {
            "worker_session_token": text("Handed out before; on a reconnect.", ""),
            "concurrency_limit": whole("", 1, minimum=1, maximum=CONCURRENCY_MAX),
            "available_slots": _SLOTS,
            "name": text("", "Parser"),
            "version": text("", "1.4.0"),
            "queues": _QUEUES,
            "action_names": _ACTIONS,
            "models": listing(
                record("", {"provider": text("", "any"), "model": text("", "small")})
            ),
        },
    ),
    _frame(
        "jobs.claim",
        "One at a time; held until there is work or its time is over.",
        {},
        {"available_slots": _SLOTS, "queues": _QUEUES, "action_names": _ACTIONS},
    ),
    _frame("worker.ready", "There is room again.", {}, {"available_slots": _SLOTS}),
    _frame("job.heartbeat", "Keeps the lease.", _LEASE),
    _frame(
        "job.report",
        "How a job ended; repeated until it is acknowledged.",
        _LEASE,
        {
            "status": text(
                "", "completed", choices=("completed", "failed", "cancelled")
            ),
            "result": mapping("", {"output": {"pages": 3}}),
            "error_type": text("", "NotFound"),
            "error_message": text("", "no such page"),
        },
    ),
    _frame(
        "generation.delta",
        "A piece of generated text.",
        {**_LEASE, "sequence": whole("", 0), "delta": mapping("", {"text": "Once"})},
    ),
    _frame("worker.draining", "It takes no more jobs."),
    _frame("keepalive", "Never answered."),
)
_FROM_SERVER: Final = (
    _frame(
        "worker.registered",
        "Claim from now on.",
        {
            "worker_session_token": text("For the next registration.", "5f0c…"),
            "lease": record("", _TIMES),
        },
    ),
    _frame("jobs.claimed", "Perhaps none.", {"jobs": listing(ref("SocketJob"))}),
    _frame("work.available", "Claim, unless a claim is open."),
    _frame("job.cancel", "Stop it.", {"job_id": _JOB_ID}, _CANCEL),
    _frame(
        "job.heartbeat.ack",
        "The lease is prolonged; with `cancel`, stop.",
        {"job_id": _JOB_ID},
        {"cancel": record("", _CANCEL)},
    ),
    _frame(
        "job.report.ack",
        "It is written down; a duplicate changed nothing.",
        {"job_id": _JOB_ID},
        {"duplicate": flag("")},
    ),
    _frame(
        "generation.delta.ack",
        "It is on the timeline.",
        {"job_id": _JOB_ID, "received_sequence": whole("", 0)},
    ),
    _frame("worker.drain", "Finish what you have and take no more."),
    _frame("worker.draining.ack", "It is known."),
    _frame("keepalive", "Sent when nothing else was, every 22 seconds."),
    _frame(
        "error",
        "`invalid_actor` and `worker_instance_conflict` end the socket.",
        {
            "error": record(
                "",
                {
                    "code": text("", "worker_instance_conflict", choices=CODES),
                    "message": text("", "it is connected elsewhere"),
                },
            )
        },
    ),
)
_SESSION_JOB: Final = record(
    "A job that it holds.",
    {
        "id": identifier(IdKind.JOB),
        "run_id": text("Of the run, or of a direct call.", id_example(IdKind.RUN)),
        "step_name": text("", "parse"),
        "action": text("", "doc.parse"),
        "status": text("", "claimed", choices=JobStatus.values),
        "updated_at": instant(),
    },
    {"claimed_at": instant(), "heartbeat_at": instant()},
)

SCHEMAS: Final[dict[str, Schema]] = {
    "WorkerFrame": either(*_FROM_WORKER, about="What a worker says on its socket."),
    "ServerFrame": either(*_FROM_SERVER, about="What it is told."),
    "SocketJob": record(
        "A job in the worker's hands.",
        {
            "id": identifier(IdKind.JOB),
            "kind": {"const": "action_execution"},
            "origin": text("What asks for it.", "loop_action_step"),
            "executor_kind": {"const": "customer_worker"},
            "queue": text("", "default"),
            "action_name": text("", "doc.parse"),
            "spec": record(
                "",
                {
                    "action_name": text("", "doc.parse"),
                    "parameters": mapping("", {"lang": "en"}),
                },
            ),
            "lease_token": _LEASE["lease_token"],
            "claim_attempt": whole("From 1."),
            **_TIMES,
        },
        {
            "run_id": identifier(IdKind.RUN, "Absent of direct calls."),
            "step_id": text("", "step_01kb3v5q0dfx8ptfsywhd9c2ba"),
        },
    ),
    "WorkerSession": record(
        "A worker, in the words of those on sockets.",
        {
            "id": identifier(IdKind.WORKER),
            "worker_instance_id": text("As it calls itself.", "worker-1"),
            "concurrency_limit": whole(""),
            "last_seen_at": instant(),
            "last_activity_at": instant(),
            "queues": listing(text("", "default")),
            "action_names": listing(text("", "doc.parse")),
            "models": listing(
                record("", {"provider": text("", "any"), "model": text("", "small")})
            ),
            "instance_status": text(
                "", "active", choices=("active", "stale", "draining")
            ),
            "stale": flag("Not seen for two minutes.", False),
            "busy_job_count": whole("", 0),
            "current_jobs": listing(_SESSION_JOB),
        },
        {"name": text("", "Parser"), "version": text("", "1.4.0")},
    ),
}
SESSIONS: Final = Operation(
    id="listWorkerSessions",
    summary="List workers as sessions",
    answers={
        200: Answer(
            "A page, who registered last first, and its sums.",
            record(
                "One page.",
                {
                    "items": listing(ref("WorkerSession")),
                    "has_more": flag("More follow.", False),
                    "totals": record(
                        "",
                        {
                            name: whole("", 0)
                            for name in ("active_instances", "slots", "busy", "stale")
                        },
                    ),
                },
                {NEXT_CURSOR: text("Absent on the last page; opaque.", "WzEwXQ")},
            ),
        )
    },
)
SOCKET: Final = Held(
    Permission.JOB_CLAIM,
    Operation(
        id="openWorkerSocket",
        summary="Open a worker's socket",
        about="A WebSocket of JSON text frames: register, then claim, send heartbeats,"
        " report. `WorkerFrame` is what a worker sends, `ServerFrame` what it gets. A"
        " worker that comes back with its session token keeps its jobs; a report is"
        " repeated until it is acknowledged, and counts once.",
        answers={
            101: Answer(
                "It is open: frames follow.",
                frames=either(ref("WorkerFrame"), ref("ServerFrame")),
            )
        },
        refusals=(
            Refusal(426, "upgrade_required", "It was asked for without an upgrade."),
            unavailable("This process holds as many sockets as it may."),
        ),
    ),
)
