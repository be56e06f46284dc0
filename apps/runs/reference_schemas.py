"""What runs look like in requests and answers."""

from typing import Final

from apps.api.schemas import (
    Schema,
    anything,
    either,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    nullable,
    number,
    record,
    ref,
    text,
    whole,
)
from apps.engine.decisions import WaitKind
from apps.engine.spec import KINDS
from apps.engine.state import RunStatus
from apps.kernel.ids import IdKind

STATUS: Final = text("", "queued", choices=tuple(RunStatus))
_STEP: Final = text("", "parse")
_TIMES: Final[dict[str, Schema]] = {"created_at": instant(), "updated_at": instant()}
_ENDS: Final[dict[str, Schema]] = {
    "error_message": text("", "no such page"),
    "error_type": text("", "NotFound"),
    "started_at": instant(),
    "completed_at": instant(),
}
_RUN: Final[dict[str, Schema]] = {
    "id": identifier(IdKind.RUN),
    "queue": text("", "default"),
    "definition_id": text("Empty for an inline spec.", id_example(IdKind.WORKFLOW)),
    "definition_version": whole("0 for an inline spec."),
    "ephemeral": flag("It runs an inline spec.", False),
    "workflow_name": text("", "ingest-document"),
    "status": STATUS,
    "attempt": whole("One more with each retry."),
    "inputs": mapping("", {"doc_url": "https://example.com/doc.pdf"}),
    "metadata": mapping("", {"team": "web"}),
    "cancel_requested": flag("", False),
    **_TIMES,
}
_RUN_SOMETIMES: Final[dict[str, Schema]] = {
    **_ENDS,
    "parent_run_id": identifier(IdKind.RUN),
    "actor_type": text("", "service"),
    "actor_id": text("", id_example(IdKind.PRINCIPAL)),
    "initiated_by": text("", "ci"),
    "external_id": text("", "doc-abc123"),
    "trigger_id": identifier(IdKind.TRIGGER),
    "source_event_id": identifier(IdKind.SOURCE_EVENT),
}
_SOURCE: Final = record(
    "Who started it.",
    {"type": text("", "api")},
    {
        "id": text("", id_example(IdKind.SOURCE_EVENT)),
        "label": text("", "ci"),
        "trigger_id": text("", id_example(IdKind.TRIGGER)),
        "trigger_fire_id": text("", id_example(IdKind.TRIGGER_FIRE)),
    },
)
_LINEAR: Final[dict[str, Schema]] = {
    **_ENDS,
    "result": mapping("What it put out.", {"ok": True}),
    "parent_run_id": identifier(IdKind.RUN),
    "parent_step_key": _STEP,
    "wake_at": instant("When its next wait is due."),
    "wall_clock_deadline_at": instant(),
}
_COUNTS: Final = record(
    "Attempts by where they stand.",
    {
        name: whole("", 0)
        for name in ("ready", "scheduled", "claimed", "completed", "failed")
    },
)
_WAITS: Final = record(
    "What it waits for.",
    {
        "waiting_paths": whole("", 0),
        "kind_counts": mapping(
            "", {"signal": 1}, values=whole(), propertyNames={"enum": [*WaitKind]}
        ),
        "waiting_on_signal_names": listing(text("", "approved")),
        "interaction_ids": listing(identifier(IdKind.INTERACTION)),
        "next_wake_at": nullable(instant()),
    },
)
_SEQUENCE: Final = whole("The line's number, from 1, without a gap.")
_EVENT_ALWAYS: Final[dict[str, Schema]] = {
    "id": text("", f"{id_example(IdKind.RUN)}.1"),
    "run_id": identifier(IdKind.RUN),
    "sequence": _SEQUENCE,
    "event_type": text("As in the catalogue.", "step.completed"),
    "payload": mapping("", {"step": "parse", "output": {"pages": 3}}),
    "created_at": instant(),
}


RUN: Final[dict[str, Schema]] = {
    "Run": either(ref("WorkflowRun"), ref("AutomationRun"), ref("LoopRun")),
    "RunDetail": either(ref("WorkflowRunDetail"), ref("AutomationRun"), ref("LoopRun")),
    "WorkflowRun": record("A run in the words of workflows.", _RUN, _RUN_SOMETIMES),
    "WorkflowRunDetail": record(
        "A run with its spec, its attempts, its waits and its result.",
        {
            **_RUN,
            "spec": mapping("As it was sent.", {"name": "n", "steps": []}),
            "jobs": listing(ref("Job")),
            "job_counts": _COUNTS,
            "wait_summary": _WAITS,
        },
        {
            **_RUN_SOMETIMES,
            "result": anything("What it put out.", {"pages": 3}),
            "result_b64": text("The same as base64 of JSON.", "eyJwYWdlcyI6M30="),
        },
    ),
    "AutomationRun": record(
        "A run of an automation.",
        {
            "id": identifier(IdKind.RUN),
            "org_id": identifier(IdKind.ORGANIZATION),
            "project_id": identifier(IdKind.PROJECT),
            "automation_id": identifier(IdKind.WORKFLOW),
            "automation_name": text("", "Nightly"),
            "automation_version_id": identifier(IdKind.WORKFLOW_VERSION),
            "automation_version": whole(),
            "inputs": mapping("", {"n": 1}),
            "source": _SOURCE,
            "status": STATUS,
            **_TIMES,
        },
        {**_LINEAR, "parent_automation_id": identifier(IdKind.WORKFLOW)},
    ),
    "LoopRun": record(
        "A run of a loop.",
        {
            "id": identifier(IdKind.RUN),
            "loop_id": identifier(IdKind.WORKFLOW),
            "loop_name": text("", "Large payments"),
            "loop_version_id": identifier(IdKind.WORKFLOW_VERSION),
            "loop_version": whole(),
            "source": _SOURCE,
            "status": STATUS,
            **_TIMES,
        },
        {
            **_LINEAR,
            "event": mapping("", {"amount": 250}),
            "meta": mapping("", {"event_type": "custom.payment.received"}),
            "config": mapping("", {"lang": "en"}),
            "stop_reason": text("Why it ended.", "completed"),
            "credit_budget": number("", 100.0),
            "credit_spent": number("", 2.5),
            "max_agent_turns": whole("", 10),
            "parent_loop_id": identifier(IdKind.WORKFLOW),
        },
    ),
    "RunStep": record(
        "A step of a run.",
        {
            "id": text("", f"{id_example(IdKind.RUN)}.parse"),
            "run_id": identifier(IdKind.RUN),
            "step_key": _STEP,
            "kind": text("", "action", choices=tuple(KINDS.values())),
            "status": text(
                "",
                "completed",
                choices=(
                    *("pending", "running", "suspended", "completed"),
                    *("failed", "skipped", "cancelled"),
                ),
            ),
            "seq": whole("Its place in the list, from 0.", 0),
            "attempt": whole(),
            **_TIMES,
        },
        {
            **_ENDS,
            "org_id": identifier(IdKind.ORGANIZATION),
            "project_id": identifier(IdKind.PROJECT),
            "step_name": text("", "Parse"),
            "inputs": anything("Its parameters, rendered.", {"lang": "en"}),
            "parameters": anything("As authored.", {"lang": "${inputs.lang}"}),
            "result": anything(),
            "job_id": identifier(IdKind.JOB),
            "wait_id": text("", id_example(IdKind.WAIT)),
            "verdict": text("Of a check.", "pass"),
            "verdict_detail": mapping("", {"checks": []}),
            "path": text("In runs of workflows.", "main"),
        },
    ),
    "ActionLogEntry": record(
        "The end of an action attempt.",
        {
            "id": text("", id_example(IdKind.JOB)),
            "action": text("", "doc.parse"),
            "step_name": _STEP,
            "branch_id": text("", "main"),
            "started_at": instant(),
            "duration_ms": number("", 524),
        },
        {
            "attempt": whole(),
            "parameters": anything(),
            "result": anything(),
            "error": text("", "no such page"),
            "error_type": text("", "NotFound"),
        },
    ),
    "RunEvent": record(
        "A line of a run's timeline, as in lists; in runs of automations and loops also"
        " the data of frames.",
        _EVENT_ALWAYS,
        {
            "org_id": identifier(IdKind.ORGANIZATION),
            "project_id": identifier(IdKind.PROJECT),
            "step_id": text("", f"{id_example(IdKind.RUN)}.parse"),
            "step_key": _STEP,
        },
    ),
    "RunEventList": record(
        "Lines in order.",
        {
            "items": listing(ref("RunEvent")),
            "has_more": flag("", False),
            "next_sequence": whole("Pass it as `since` to get the next.", 12),
        },
    ),
    "RunFrame": record(
        "The data of a frame of a run of a workflow. The first frame, without `id:`,"
        " tells where the run stands.",
        {
            "type": text(
                "`run_updated`, `job_updated`, `action_appended`, or a worker's own.",
                "run_updated",
            ),
            "run_id": identifier(IdKind.RUN),
            "seq": whole("The line's number; of the first frame the last there is.", 0),
            "timestamp": instant(),
            "data": mapping(
                "`event` names the line as in the catalogue; `truncated` names fields"
                " that were too long.",
                {"status": "running", "event": "run.started"},
            ),
        },
    ),
}
