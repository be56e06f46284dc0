"""What the reference says of runs, their streams, and questions that runs wait for."""

from dataclasses import replace
from typing import Final

from apps.api.reference import (
    EVENT_STREAM,
    ActionKey,
    Answer,
    Held,
    Operation,
    Part,
    conflict,
    denied,
    invalid,
    nothing,
    paged,
    place,
    shown,
    too_large,
    unavailable,
)
from apps.api.schemas import Schema, body, either, id_example, ref, text
from apps.identity.permissions import Permission
from apps.interactions.reference import ASKING_REFUSALS, INTERACTION_FILTERS
from apps.kernel.ids import IdKind
from apps.runs.asking import AskingViewSet
from apps.runs.publishing import PublishingViewSet
from apps.runs.reference_linear import FILTERS, RUNNABLE, SIGNAL, SIGNAL_ANSWER
from apps.runs.reference_linear import OPERATIONS as LINEAR
from apps.runs.reference_requests import REQUESTS
from apps.runs.reference_schemas import RUN
from apps.runs.stream import project_run_events, run_event_stream, run_events
from apps.runs.views import RunViewSet
from apps.source_events.reference import FILTERS as EVENT_FILTERS
from apps.workflows.reference import SPEC_REFUSAL

_RUN_ID: Final = id_example(IdKind.RUN)
_START_REFUSALS: Final = (
    invalid("Both or neither of definition and spec, or inputs do not fit."),
    SPEC_REFUSAL,
    *RUNNABLE,
    conflict("A run of this loop that is over has it.", "idempotency_key_conflict"),
    conflict("A run of this automation that is over has it.", "external_id_conflict"),
)
_FULL: Final = unavailable("This process holds as many streams as it may.")
_SINCE: Final = (
    "The number of the last line that was seen; of several the furthest counts. Without"
    " it, streams of workflows' runs go on from their first frame; those of automations"
    " and loops, and lists, begin at the beginning."
)
_CURSORS: Final[dict[str, Schema]] = {
    name: text(_SINCE, "6") for name in ("since", "since_sequence", "after_sequence")
}
_LAST_EVENT_ID: Final = {"Last-Event-ID": text("The id of the last frame.", "6")}
_FRAMES: Final = Answer(
    "Frames: the data of each is a `RunFrame`, of runs of automations and loops a"
    " `RunEvent`. Ends behind the line that ends the run. `: keep-alive` comments come"
    " in between.",
    text("Server-sent events."),
    media=EVENT_STREAM,
    example='event: run_updated\ndata: {"type":"run_updated","run_id":"'
    f'{_RUN_ID}","seq":0,"timestamp":"2026-11-27T09:30:00.000000Z","data":'
    '{"status":"queued"}}\n\n',
    frames=either(ref("RunFrame"), ref("RunEvent")),
)
_BULK: Final = {200: Answer("An answer for each run.", ref("BulkOutcome"))}

_V: Final = RunViewSet
_OPERATIONS: Final[dict[ActionKey, Operation]] = {
    (_V, "create"): Operation(
        id="startRun",
        summary="Start a run",
        body=ref("StartRun"),
        once=True,
        answers=shown("WorkflowRun", "The queued run.", 202),
        refusals=_START_REFUSALS,
    ),
    (_V, "list"): Operation(
        id="listRuns",
        summary="List runs",
        query=FILTERS,
        answers=paged("Run", "A page, newest first, each in its definition's words."),
    ),
    (_V, "create_of_workflow"): Operation(
        id="startWorkflowRun",
        summary="Start a run of a workflow",
        about="`spec` is refused here, and `definition_id` unless it says the same.",
        body=ref("StartRun"),
        needs_body=False,
        once=True,
        answers=shown("WorkflowRun", "The queued run.", 202),
        refusals=_START_REFUSALS,
    ),
    (_V, "list_of_workflow"): Operation(
        id="listWorkflowRuns",
        summary="List runs of a workflow",
        query=FILTERS,
        answers=paged("WorkflowRun"),
    ),
    (_V, "retrieve"): Operation(
        id="getRun",
        summary="Get a run",
        answers=shown("RunDetail", "The run, in its definition's words."),
    ),
    (_V, "jobs"): Operation(
        id="listRunJobs",
        summary="List attempts of a run",
        answers=paged("Job", "A page, oldest first."),
    ),
    (_V, "action_log"): Operation(
        id="getRunActionLog",
        summary="List ends of actions of a run",
        answers=paged("ActionLogEntry", "A page, oldest first."),
    ),
    (_V, "cancel"): Operation(
        id="cancelRun",
        aliases=("cancelLinearRun",),
        summary="Cancel a run",
        body=body(
            "",
            optional={"reason": text("", "not needed", maxLength=1000)},
            example={"reason": "not needed"},
        ),
        needs_body=False,
        answers={
            204: Answer("A run of a workflow: cancelled, or finished before."),
            200: Answer("A run of an automation or loop.", ref("RunDetail")),
        },
    ),
    (_V, "cancel_many"): Operation(
        id="cancelRuns", summary="Cancel runs", body=ref("RunIds"), answers=_BULK
    ),
    (_V, "retry_many"): Operation(
        id="retryRuns",
        summary="Queue failed runs again",
        body=ref("RunIds"),
        answers=_BULK,
    ),
    (_V, "signal"): Operation(
        id="signalRun",
        summary="Send a signal to a run",
        about="With `step_key` the waiting step of that name goes on with `result`.",
        body=SIGNAL,
        answers=SIGNAL_ANSWER,
        refusals=(
            conflict("The run is over."),
            conflict("It holds too many that no step took.", "too_many_signals"),
            denied(
                "The signal answers a question that this caller must not.",
                "initiator_barred",
            ),
        ),
    ),
    (_V, "resume"): Operation(
        id="resumeRun",
        summary="Resume a paused run",
        about="Nothing of a body is read.",
        answers=nothing("The paused paths go on."),
        refusals=(conflict("It is not paused."),),
    ),
}

_PUBLISHING_REFUSALS: Final = (too_large("`event` and `meta` are over the limit."),)

_STREAMS: Final = {
    run_events: Operation(
        id="streamRunEvents",
        summary="Follow or list the events of a run",
        about="Who accepts `application/json` alone gets the list. Else runs of"
        " workflows are streams, and all others for those who accept"
        " `text/event-stream`.",
        query={
            **_CURSORS,
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": 200,
                "default": 50,
                "description": "Of the list.",
            },
        },
        headers=_LAST_EVENT_ID,
        answers={
            200: replace(
                _FRAMES,
                also={"application/json": ref("RunEventList")},
            )
        },
        refusals=(_FULL,),
    ),
    run_event_stream: Operation(
        id="streamRunEventsAlways",
        summary="Follow the events of a run",
        query=_CURSORS,
        headers=_LAST_EVENT_ID,
        answers={200: _FRAMES},
        refusals=(_FULL,),
    ),
    project_run_events: Operation(
        id="streamProjectEvents",
        summary="Follow the events of all runs",
        about="Without an end. Positions are ids of frames.",
        query={name: text("The id of a frame.", "1042.7") for name in _CURSORS},
        headers=_LAST_EVENT_ID,
        answers={200: _FRAMES},
        refusals=(_FULL,),
    ),
}

_ASKING: Final[dict[ActionKey, Operation]] = {
    (AskingViewSet, "list"): Operation(
        id="listInteractions",
        summary="List questions",
        query=INTERACTION_FILTERS,
        answers=paged("Interaction"),
    ),
    (AskingViewSet, "create"): Operation(
        id="createInteraction",
        summary="Ask people",
        body=ref("NewInteraction"),
        once=True,
        answers=shown("Interaction", "The pending question.", 201),
        refusals=ASKING_REFUSALS[:1],
    ),
    (AskingViewSet, "create_from_job"): Operation(
        id="createJobInteraction",
        summary="Ask people from a job",
        body=ref("NewJobInteraction"),
        once=True,
        answers=shown("Interaction", "The pending question.", 201),
        refusals=ASKING_REFUSALS,
    ),
}

_RUNS: Final = Part(
    title="Runs",
    about="Executions of definitions and of inline specs, and their timelines.",
    operations={**_OPERATIONS, **LINEAR},
    held={
        handler: Held(Permission.RUN_VIEW, operation)
        for handler, operation in _STREAMS.items()
    },
    schemas={**RUN, **REQUESTS},
    places={
        "run_id": place("The id of a run.", _RUN_ID),
        "run": place("The id of a run.", _RUN_ID),
    },
)
_QUESTIONS: Final = Part(title="Interactions", about="", operations=_ASKING)

PARTS: Final = (_RUNS, _QUESTIONS)
#: Events are published where the runs are known that they may be of.
PUBLISHING: Final = Part(
    title="Source events",
    about="",
    operations={
        (PublishingViewSet, "list"): Operation(
            id="listSourceEvents",
            summary="List source events",
            query=EVENT_FILTERS,
            answers=paged("SourceEvent"),
        ),
        (PublishingViewSet, "create"): Operation(
            id="publishSourceEvent",
            summary="Publish a custom event",
            body=ref("NewSourceEvent"),
            once=True,
            answers=shown("AcceptedEvent", "It, or the first with its key.", 202),
            refusals=_PUBLISHING_REFUSALS,
        ),
        (PublishingViewSet, "create_batch"): Operation(
            id="publishSourceEvents",
            summary="Publish custom events",
            body=ref("NewSourceEvents"),
            once=True,
            answers=shown("AcceptedEvents", "All of them.", 202),
            refusals=_PUBLISHING_REFUSALS,
        ),
    },
)
