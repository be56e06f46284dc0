"""Runs as the API shows them in the dialects of automations and loops.

Published clients of these dialects refuse fields they do not know: what is not listed
here must not appear.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.api.rendering import instant, present
from apps.runs.models import Run
from apps.runs.renderings import render_run
from apps.workflows.models import Dialect


def render_in_dialect(
    run: Run, organization_id: str, *, wake_at: datetime | None = None
) -> dict[str, Any]:
    """Return a run in the words of the definition it was started from."""
    match run.dialect:
        case Dialect.AUTOMATION:
            return _automation_run(run, organization_id, wake_at)
        case Dialect.LOOP:
            return _loop_run(run, wake_at)
        case _:
            return render_run(run)


def _automation_run(
    run: Run, organization_id: str, wake_at: datetime | None
) -> dict[str, Any]:
    return present(
        id=run.id,
        org_id=organization_id,
        project_id=run.project_id,
        automation_id=run.workflow_id,
        automation_name=run.workflow_name,
        automation_version_id=run.version_id,
        automation_version=run.workflow_version,
        inputs=run.inputs,
        result=_object(run),
        source=_source(run),
        parent_automation_id=run.parent_workflow_id or None,
        **_common(run, wake_at),
    )


def _loop_run(run: Run, wake_at: datetime | None) -> dict[str, Any]:
    return present(
        id=run.id,
        loop_id=run.workflow_id,
        loop_name=run.workflow_name,
        loop_version_id=run.version_id,
        loop_version=run.workflow_version,
        stop_reason=run.stop_reason or None,
        credit_budget=run.credit_budget,
        credit_spent=run.credit_spent or None,
        max_agent_turns=run.max_agent_turns,
        **{
            name: run.inputs[name]
            for name in ("event", "meta", "config")
            if isinstance(run.inputs.get(name), Mapping)
        },
        result=_object(run),
        source=_source(run),
        parent_loop_id=run.parent_workflow_id or None,
        **_common(run, wake_at),
    )


def _common(run: Run, wake_at: datetime | None) -> dict[str, Any]:
    return {
        "status": run.status,
        "parent_run_id": run.parent_run_id or None,
        "parent_step_key": run.parent_step or None,
        "error_message": run.error_message or None,
        "error_type": run.error_type or None,
        "wake_at": instant(wake_at),
        "wall_clock_deadline_at": instant(run.deadline_at),
        "started_at": instant(run.started_at),
        "completed_at": instant(run.completed_at),
        "created_at": instant(run.created_at),
        "updated_at": instant(run.updated_at),
    }


def _object(run: Run) -> Mapping[str, Any] | None:
    """Return the result, which is an object here whatever the run put out."""
    if not run.has_result:
        return None
    is_object = isinstance(run.result, Mapping)
    return run.result if is_object else {"output": run.result}


def _source(run: Run) -> dict[str, Any]:
    """Return who started it: what the caller said, else what is known."""
    if run.trigger_id:
        return present(
            type="trigger",
            id=run.source_event_id or None,
            label=run.initiated_by or None,
            trigger_id=run.trigger_id,
        )
    return {"type": "api", **run.source}
