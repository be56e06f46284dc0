"""What the reference says of diagnoses and figures."""

from typing import Final

from apps.api.reference import Operation, Part, shown
from apps.api.schemas import (
    identifier,
    instant,
    listing,
    mapping,
    number,
    record,
    ref,
    text,
    whole,
)
from apps.diagnosis.reasons import Code
from apps.diagnosis.views import DiagnosisViewSet
from apps.engine.state import RunStatus
from apps.kernel.ids import IdKind

_SCHEMAS: Final = {
    "Diagnosis": record(
        "Why a run stands where it stands.",
        {
            "run_id": identifier(IdKind.RUN),
            "status": text("", "running", choices=[each.value for each in RunStatus]),
            "summary": text("", "No live worker takes action doc.parse."),
            "reasons": listing(ref("Reason"), "Causes first."),
            "checked_at": instant(),
        },
    ),
    "Reason": record(
        "One reason; its code is for programs.",
        {
            "code": text("", "no_worker", choices=[each.value for each in Code]),
            "message": text("", "No live worker takes action doc.parse."),
            "details": mapping("Facts of this reason.", {"queue": "default"}),
        },
        {
            "path": text("The path of the run.", "main"),
            "step": text("", "parse"),
            "since": instant("When it began to hold."),
            "until": instant("When it ends by itself."),
        },
    ),
    "ProjectMetrics": record(
        "How a project is doing: runs that were started in the window.",
        {
            "generated_at": instant(),
            "window_minutes": whole("", 60),
            "runs_per_minute": number("", 2.5),
            "total_runs_window": whole("", 150),
            "failure_rate": number("Of those that ended, from 0 to 1.", 0.02),
            "avg_run_seconds": number("", 12.5),
            "p95_step_seconds": number("Claim to report, of the last 40 jobs.", 3.25),
            "queue_depth": whole("Jobs that wait for a worker.", 4),
            "running_count": whole("Runs that run or are suspended.", 7),
            "active_workers": whole("", 3),
            "stale_workers": whole("Silent for two minutes.", 0),
            "status_breakdown": mapping(
                "Runs by status.", {"completed": 148}, values=whole("", 148)
            ),
        },
    ),
}

PART: Final = Part(
    title="Diagnosis",
    about="Why a run does not move, and how a project is doing.",
    operations={
        (DiagnosisViewSet, "run"): Operation(
            id="diagnoseRun",
            summary="Say why a run does not move",
            answers=shown("Diagnosis", "Every reason, causes first."),
        ),
        (DiagnosisViewSet, "figures"): Operation(
            id="getProjectMetrics",
            summary="Get the figures of the last hour",
            answers=shown("ProjectMetrics", "The figures."),
        ),
    },
    schemas=_SCHEMAS,
)
