"""Runs as the API shows them: the workflow dialect."""

import base64
from collections import Counter
from collections.abc import Iterable
from typing import Any

from apps.api.rendering import instant, present, to_json
from apps.engine.decisions import WaitKind
from apps.jobs.models import Job
from apps.jobs.renderings import render_job
from apps.run_events.models import RunEvent
from apps.runs.models import Run, Wait


def render_run(run: Run) -> dict[str, Any]:
    """Return a run as lists show it."""
    return present(
        id=run.id,
        queue=run.queue,
        parent_run_id=run.parent_run_id or None,
        definition_id=run.workflow_id,
        definition_version=run.workflow_version,
        ephemeral=not run.workflow_id,
        workflow_name=run.workflow_name,
        status=run.status,
        attempt=run.attempt,
        inputs=run.inputs,
        metadata=run.metadata,
        error_message=run.error_message or None,
        error_type=run.error_type or None,
        actor_type=run.actor_type or None,
        actor_id=run.actor_id or None,
        initiated_by=run.initiated_by or None,
        external_id=run.external_id or None,
        trigger_id=run.trigger_id or None,
        source_event_id=run.source_event_id or None,
        cancel_requested=run.cancel_requested,
        created_at=instant(run.created_at),
        started_at=instant(run.started_at),
        completed_at=instant(run.completed_at),
        updated_at=instant(run.updated_at),
    )


def render_run_detail(
    run: Run, spec: object, jobs: Iterable[Job], waits: Iterable[Wait]
) -> dict[str, Any]:
    """Return a run with its spec, its attempts, its waits and its result."""
    jobs, waits = list(jobs), list(waits)
    detail = render_run(run)
    detail["spec"] = spec
    detail["jobs"] = [render_job(job) for job in jobs]
    detail["job_counts"] = _job_counts(jobs)
    detail["wait_summary"] = _wait_summary(waits)
    if run.has_result:
        detail["result"] = run.result
        detail["result_b64"] = base64.b64encode(to_json(run.result)).decode()
    return detail


def _job_counts(jobs: Iterable[Job]) -> dict[str, int]:
    counts = Counter(job.status for job in jobs)
    return {
        "ready": counts["pending"],
        "scheduled": 0,
        "claimed": counts["claimed"],
        "completed": counts["completed"],
        "failed": counts["failed"] + counts["lost"],
    }


def _wait_summary(waits: list[Wait]) -> dict[str, Any]:
    due = [wait.due_at for wait in waits if wait.due_at is not None]
    return {
        "waiting_paths": len(waits),
        "kind_counts": dict(Counter(wait.kind for wait in waits)),
        "waiting_on_signal_names": sorted(
            {wait.subject for wait in waits if wait.kind == "signal"}
        ),
        "interaction_ids": [
            wait.subject
            for wait in waits
            if wait.kind == WaitKind.INTERACTION and wait.subject
        ],
        "next_wake_at": instant(min(due)) if due else None,
    }


def render_action_log_entry(event: RunEvent) -> dict[str, Any]:
    """Return the end of one action attempt."""
    payload = event.payload
    return present(
        id=payload.get("job_id", f"{event.run_id}:{event.seq}"),
        action=payload.get("action", ""),
        step_name=payload.get("step", ""),
        branch_id=payload.get("path", "main"),
        attempt=payload.get("attempt"),
        parameters=payload.get("parameters"),
        result=payload.get("result"),
        error=payload.get("error"),
        error_type=payload.get("error_type"),
        started_at=payload.get("started_at", instant(event.created_at)),
        duration_ms=payload.get("duration_ms", 0),
    )
