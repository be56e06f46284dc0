"""What the reference says of the worker protocol."""

from collections.abc import Mapping
from typing import Any, Final

from apps.api.reference import (
    Answer,
    Held,
    Operation,
    Part,
    conflict,
    nothing,
    paged,
    place,
    too_large,
)
from apps.api.schemas import (
    Schema,
    body,
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
from apps.jobs.claiming import ACTIONS_MAX, QUEUES_MAX, claim
from apps.jobs.models import JobStatus
from apps.jobs.reference_sockets import SCHEMAS as SOCKET_SCHEMAS
from apps.jobs.reference_sockets import SESSIONS, SOCKET
from apps.jobs.requests import EVENT_TYPE, EVENTS_MAX
from apps.jobs.upgrade import plain
from apps.jobs.views import JobViewSet, WorkerViewSet
from apps.kernel.ids import IdKind

_LOST: Final = conflict(
    "The fence (worker_id, attempt) does not hold: the lease is over, the run was"
    " cancelled, or it is another worker's job. Drop it and claim again.",
    "lease_lost",
)
_FENCE: Final = {
    "worker_id": text("Who claimed the job.", "worker-1", maxLength=255, minLength=1),
    "attempt": whole("The attempt that was claimed.", minimum=1, maximum=2**31 - 1),
}
_LEASE: Final = {
    "lease_token": text(
        "In its place: of a job that was claimed over a socket.",
        "lease_5f0c",
        minLength=1,
        maxLength=64,
    )
}


def _fenced(
    name: str,
    about: str,
    required: Mapping[str, Schema] | None = None,
    optional: Mapping[str, Schema] | None = None,
    example: Mapping[str, Any] | None = None,
) -> dict[str, Schema]:
    """Return a body that carries the fence, in both its forms."""
    fields = required or {}
    forms = [body("", {**fence, **fields}, optional) for fence in (_FENCE, _LEASE)]
    shown = {"worker_id": "worker-1", "attempt": 1, **(example or {})}
    return {name: either(*forms, about=about, example=shown)}


_JOB: Final = {
    "job_id": identifier(IdKind.JOB),
    "run_id": text("Of the run, or of a direct call.", id_example(IdKind.RUN)),
    "step_name": text("The step of the run.", "parse"),
    "action": text("What to do.", "doc.parse"),
    "attempt": whole("From 1."),
}

_SCHEMAS: Final = {
    "Job": record(
        "One attempt at an action.",
        {
            "id": identifier(IdKind.JOB),
            "run_id": identifier(IdKind.RUN),
            "path_id": text("The path of the run on which the step is.", "main"),
            "step_name": text("The step.", "parse"),
            "action": text("What a worker has to do.", "doc.parse"),
            "queue": text("Where it waits for a worker.", "default"),
            "parameters": mapping("What goes to the worker.", {"lang": "en"}),
            "status": text(
                "`lost` when its worker fell silent.",
                "claimed",
                choices=JobStatus.values,
            ),
            "attempt": whole("From 1."),
            "max_attempts": whole("After so many the step fails.", 3),
            "scheduled_at": instant("Not handed out before."),
            "cancel_requested": flag("Its run was cancelled.", False),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {
            "claimed_by": text("The worker that holds or held it.", "worker-1"),
            "claimed_at": instant(),
            "heartbeat_at": instant("The last sign of life that was written down."),
            "finished_at": instant(),
            "last_error": text("What the worker said.", "no such page"),
            "error_type": text("", "NotFound"),
        },
    ),
    "JobClaim": body(
        "Which jobs a worker takes. The first claim registers the worker.",
        {
            "worker_id": text(
                "Chosen by the worker; half of the fence.",
                "worker-1",
                minLength=1,
                maxLength=255,
            )
        },
        {
            "queues": listing(
                text("", "default", minLength=1, maxLength=128),
                "Only jobs of these queues; of all if empty.",
                maxItems=QUEUES_MAX,
            ),
            "actions": listing(
                text("", "doc.parse", minLength=1, maxLength=128),
                "Only jobs with these actions; with any if empty.",
                maxItems=ACTIONS_MAX,
            ),
            "wait_seconds": whole(
                "How long to wait for a job.", 30, minimum=0, maximum=30
            ),
            "worker_name": text("For people.", "Parser", maxLength=128),
            "worker_version": text("", "1.4.0", maxLength=64),
            "agent_id": text("Taken and not used.", maxLength=255),
            "agent_session_id": text("Taken and not used.", maxLength=255),
        },
        example={"worker_id": "worker-1", "queues": ["default"], "wait_seconds": 30},
    ),
    "ClaimedJob": record(
        "A job in the worker's hands. `worker_id` and `attempt` go with every report.",
        {
            **_JOB,
            "workflow_name": text("", "ingest-document"),
            "parameters": mapping("What the step says.", {"lang": "en"}),
            "queue": text("", "default"),
            "heartbeat_interval_seconds": whole("Send a heartbeat so often.", 20),
        },
    ),
    **_fenced("JobHeartbeat", "The fence of a claimed job."),
    "HeartbeatAnswer": record(
        "The lease is prolonged.",
        {
            "ok": flag("Always true."),
            "directives": record(
                "What the worker should do.",
                {
                    "should_cancel": flag(
                        "The run was cancelled: stop, and report `failed`.", False
                    )
                },
            ),
        },
    ),
    **_fenced(
        "JobEvents",
        "Lines for the run's timeline: all are taken or none.",
        {
            "events": listing(
                ref("JobEvent"), "In this order.", minItems=1, maxItems=EVENTS_MAX
            ),
        },
        example={"events": [{"type": "progress", "payload": {"pct": 50}}]},
    ),
    "JobEvent": body(
        "One line. `artifact.created` and `generation.delta` are lines of the catalogue"
        " and have to carry its fields; every other type is the worker's own.",
        {
            "type": text(
                "The prefix `mobius.` is reserved.",
                "progress",
                pattern=f"^(?!mobius\\.){EVENT_TYPE.pattern}$",
            )
        },
        {
            "payload": mapping(
                "Up to 16 KiB as JSON unless the server says otherwise.", {"pct": 50}
            )
        },
    ),
    **_fenced(
        "JobReport",
        "How the attempt ended.",
        {"status": text("", "completed", choices=("completed", "failed"))},
        {
            "result_b64": text(
                "Base64 of the result: JSON, text or bytes; up to 1 MiB of them unless"
                " the server says otherwise.",
                "eyJwYWdlcyI6IDN9",
                contentEncoding="base64",
            ),
            "error_type": text(
                "What `retry` and `catch` look for; `Error` if absent. With"
                " `WorkerOverCapacity` the job goes back as it was.",
                "NotFound",
            ),
            "error_message": text("For people.", "no such page"),
        },
        example={"status": "completed", "result_b64": "eyJwYWdlcyI6IDN9"},
    ),
    "Worker": record(
        "Who claims jobs here.",
        {
            "id": identifier(IdKind.WORKER),
            "worker_id": text("As it calls itself.", "worker-1"),
            "name": text("Its name, else its id.", "Parser"),
            "queues": listing(text("", "default"), "Those it asked for last."),
            "capabilities": listing(text("", "doc.parse"), "Its actions."),
            "last_seen_at": instant("Its last claim or heartbeat, within seconds."),
            "stale": flag("Not seen for two minutes.", False),
            "jobs": listing(
                record("A job that it holds.", _JOB, {"claimed_at": instant()})
            ),
        },
        {
            "version": text("", "1.4.0"),
            "last_heartbeat_at": instant(),
        },
    ),
}

_CLAIM: Final = Operation(
    id="claimJob",
    summary="Claim a job",
    about="Waits up to `wait_seconds` for a job and hands it out, to one worker only.",
    body=ref("JobClaim"),
    answers={
        200: Answer(
            "A job; it is the worker's while heartbeats come.", ref("ClaimedJob")
        ),
        204: Answer("Nothing to do in that time: claim again."),
    },
)

PART: Final = Part(
    title="Jobs",
    about="The worker protocol: claim, heartbeat, events, complete. A worker's word"
    " counts only while its fence, `worker_id` and `attempt`, holds.",
    held={claim: Held(Permission.JOB_CLAIM, _CLAIM), plain: SOCKET},
    operations={
        (JobViewSet, "heartbeat"): Operation(
            id="heartbeatJob",
            summary="Keep a job",
            body=ref("JobHeartbeat"),
            answers={200: Answer("Go on.", ref("HeartbeatAnswer"))},
            refusals=(_LOST,),
        ),
        (JobViewSet, "events"): Operation(
            id="emitJobEvents",
            summary="Report events of a job",
            body=ref("JobEvents"),
            answers=nothing("The events are on the timeline, all of them."),
            refusals=(_LOST, too_large("An event is over the limit, or the request.")),
        ),
        (JobViewSet, "complete"): Operation(
            id="completeJob",
            summary="Report how a job ended",
            body=ref("JobReport"),
            answers=nothing("The report counts."),
            refusals=(_LOST, too_large("The result is over the limit.")),
        ),
        (WorkerViewSet, "list"): Operation(
            id="listWorkers",
            summary="List workers",
            answers=paged("Worker", "A page, who registered last first."),
        ),
        (WorkerViewSet, "sessions"): SESSIONS,
    },
    schemas={**_SCHEMAS, **SOCKET_SCHEMAS},
    places={"job_id": place("The id of a job.", id_example(IdKind.JOB))},
)
