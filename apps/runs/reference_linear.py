"""What the reference says of runs of automations and loops."""

from typing import Final

from apps.api.reference import (
    ActionKey,
    Answer,
    Operation,
    conflict,
    invalid,
    paged,
    shown,
)
from apps.api.schemas import (
    Schema,
    anything,
    body,
    either,
    id_example,
    identifier,
    mapping,
    number,
    record,
    ref,
    text,
    whole,
)
from apps.kernel.ids import IdKind
from apps.runs.linear_views import LinearRunViewSet
from apps.runs.reference_requests import source
from apps.runs.reference_schemas import STATUS
from apps.workflows.models import Dialect

FILTERS: Final[dict[str, Schema]] = {
    "status": text("One or several, with commas.", "queued,running"),
    "kind": text("Whose words it is in.", "loop", choices=Dialect.values),
    "definition_id": text("", id_example(IdKind.WORKFLOW)),
    "automation_id": text("Id or handle.", "nightly"),
    "loop_id": text("Id or handle.", "large-payments"),
    "workflow_type": text("The name of the definition.", "ingest-document"),
    "queue": text("", "default"),
    "parent_run_id": text("", id_example(IdKind.RUN)),
    "initiated_by": text("", "ci"),
    "external_id": text("", "doc-abc123"),
    "trigger_id": text("", id_example(IdKind.TRIGGER)),
    "source_event_id": text("", id_example(IdKind.SOURCE_EVENT)),
}

#: A signal by its name, or the answer to a step that waits.
SIGNAL: Final = either(
    body(
        "",
        {"name": text("", "approved", minLength=1, maxLength=120)},
        {"payload": anything("", {"ok": True})},
    ),
    body(
        "",
        {"step_key": text("", "check", minLength=1, maxLength=128)},
        {"result": anything("", {"ok": True})},
    ),
)
SIGNAL_ANSWER: Final = {
    202: Answer(
        "The signal is stored.",
        record(
            "",
            {
                "id": identifier(IdKind.SIGNAL),
                "run_id": identifier(IdKind.RUN),
                "name": text("", "approved"),
            },
        ),
    ),
    200: Answer("The run, whose step has gone on.", ref("Run")),
}
_QUEUE: Final = text("", "default", minLength=1, maxLength=128)
_BUDGET: Final[dict[str, Schema]] = {
    "budget_usd": number("Give this or credits.", 2.5, minimum=0, maximum=1e12),
    "credit_budget": whole("", 250, minimum=1),
}
#: Why no run of a definition may start now.
RUNNABLE: Final = (
    conflict("The definition is paused.", "paused"),
    conflict("Nothing of it is published.", "not_published"),
    conflict("A run of it lives, and its policy is to skip.", "concurrency_skipped"),
)
_SHOWN: Final = "The run; the live one with this key, if any."
_NOT_FAILED: Final = (
    conflict("The run is not failed."),
    invalid("It is beyond a limit and gets no more of it."),
)


def _recovery(id: str, summary: str) -> Operation:
    return Operation(
        id=id,
        summary=summary,
        about="It goes on where it failed; finished steps stay finished.",
        body=ref("Recovery"),
        needs_body=False,
        once=True,
        answers=shown("Run", "The run, queued again.", 202),
        refusals=_NOT_FAILED,
    )


_V: Final = LinearRunViewSet
OPERATIONS: Final[dict[ActionKey, Operation]] = {
    (_V, "create_of_automation"): Operation(
        id="startAutomationRun",
        summary="Start a run of an automation",
        body=body(
            "",
            optional={
                "inputs": mapping("", {"n": 1}),
                "source": source(
                    *("api", "trigger", "manual", "interaction", "signal"),
                    trigger_id=text("", minLength=1, maxLength=64),
                    trigger_fire_id=text("", minLength=1, maxLength=64),
                ),
                "external_id": text("One live run for each.", "p-1", maxLength=255),
                "queue": _QUEUE,
            },
            example={"inputs": {"n": 1}},
        ),
        needs_body=False,
        once=True,
        answers=shown("AutomationRun", _SHOWN, 202),
        refusals=(
            *RUNNABLE,
            conflict("A run that is over has it.", "external_id_conflict"),
        ),
    ),
    (_V, "list_of_automation"): Operation(
        id="listAutomationRuns",
        summary="List runs of an automation",
        query=FILTERS,
        answers=paged("AutomationRun"),
    ),
    (_V, "create_of_loop"): Operation(
        id="startLoopRun",
        summary="Start a run of a loop",
        body=body(
            "",
            optional={
                "event": mapping("", {"amount": 250}),
                "meta": mapping("", {}),
                "config": mapping("", {"lang": "en"}),
                "source": source("api", "trigger", "manual", "signal"),
                "idempotency_key": text("One live run for each.", "p-1", maxLength=255),
                "queue": _QUEUE,
                **_BUDGET,
            },
            example={"event": {"amount": 250}},
        ),
        needs_body=False,
        once=True,
        answers=shown("LoopRun", _SHOWN, 202),
        refusals=(
            *RUNNABLE,
            conflict("A run that is over has it.", "idempotency_key_conflict"),
        ),
    ),
    (_V, "list_of_loop"): Operation(
        id="listLoopRuns",
        summary="List runs of a loop",
        query=FILTERS,
        answers=paged("LoopRun"),
    ),
    (_V, "steps"): Operation(
        id="listRunSteps",
        summary="List steps of a run",
        answers=paged(
            "RunStep", "All of a linear spec, else those visited; with `limit` a page."
        ),
    ),
    (_V, "resume"): _recovery("resumeLinearRun", "Go on with a failed run"),
    (_V, "retry"): _recovery("retryLinearRun", "Retry a failed run"),
    (_V, "usage"): Operation(
        id="recordRunUsage",
        summary="Account for what a run used",
        body=body(
            "",
            {
                "category": text(
                    "", "tokens", maxLength=64, pattern="^[a-z][a-z0-9_.]*$"
                ),
                "quantity": number("", 1200, minimum=0, maximum=1e12),
            },
            {
                "credits": number("What it costs.", 2.5, minimum=0, maximum=1e12),
                "unit": text("", "token", minLength=1, maxLength=32),
                "step_key": text("", "check", minLength=1, maxLength=128),
                "metadata": mapping("", {"model": "m"}),
            },
        ),
        once=True,
        answers={
            202: Answer(
                "A budget may be exceeded by it.",
                record("", {"run_id": identifier(IdKind.RUN), "status": STATUS}),
            )
        },
        refusals=(conflict("The run is over."),),
    ),
}
