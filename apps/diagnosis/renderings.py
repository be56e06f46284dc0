"""Diagnoses and figures as the API shows them."""

from typing import Any

from apps.api.rendering import instant, present
from apps.diagnosis.figures import ProjectFigures
from apps.diagnosis.reasons import Diagnosis, Reason


def render_diagnosis(found: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis with its reasons, causes first."""
    return {
        "run_id": found.run_id,
        "status": found.status,
        "summary": found.summary,
        "reasons": [_reason(reason) for reason in found.reasons],
        "checked_at": instant(found.checked_at),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return present(
        code=reason.code.value,
        message=reason.message,
        path=reason.path or None,
        step=reason.step or None,
        since=instant(reason.since),
        until=instant(reason.until),
        details=reason.details,
    )


def render_figures(found: ProjectFigures) -> dict[str, Any]:
    """Return the figures of a project; published clients know these fields only."""
    return {
        "generated_at": instant(found.generated_at),
        "window_minutes": found.window_minutes,
        "runs_per_minute": found.runs_per_minute,
        "total_runs_window": found.total_runs,
        "failure_rate": found.failure_rate,
        "avg_run_seconds": found.avg_run_seconds,
        "p95_step_seconds": found.p95_step_seconds,
        "queue_depth": found.queue_depth,
        "running_count": found.running_count,
        "active_workers": found.active_workers,
        "stale_workers": found.stale_workers,
        "status_breakdown": found.status_breakdown,
    }
