"""The steps of a run as a list: what was authored, and what its timeline says of it.

Nothing is stored for it. Lines are read once and folded, step by step and path by path.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from apps.api.rendering import instant, present
from apps.engine.spec import KINDS, MAIN, CheckStep, Spec, Step
from apps.engine.state import FINISHED, RunStatus
from apps.run_events.linear_frames import step_id
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from apps.workflows.models import Dialect

#: Lines that say something about a step.
TYPES: Final = (
    *("step.started", "step.retried", "step.suspended", "step.resumed"),
    *("step.completed", "step.failed", "step.skipped", "action.called"),
    *("action.retried",),
)
LINES_MAX: Final = 50_000
_STATUS: Final[Mapping[str, str]] = {
    "step.started": "running",
    "step.retried": "running",
    "step.suspended": "suspended",
    "step.resumed": "running",
    "step.completed": "completed",
    "step.failed": "failed",
    "step.skipped": "skipped",
}
_OVER: Final = frozenset({"completed", "failed", "skipped", "cancelled"})


@dataclass(slots=True)
class Entry:
    """One step on one path. ``inputs`` are its parameters, rendered."""

    key: str
    kind: str
    name: str = ""
    path: str = MAIN
    parameters: Mapping[str, Any] | None = None
    status: str = "pending"
    attempt: int = 0
    inputs: Any = None
    result: Any = None
    job_id: str | None = None
    wait_id: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def take(self, event: RunEvent) -> None:
        """Take in one line."""
        payload, type_ = event.payload, event.type
        self.updated_at = event.created_at
        self.status = _STATUS.get(type_, self.status)
        self.job_id = payload.get("job_id", self.job_id)
        self.wait_id = payload.get("wait_id", self.wait_id)
        match type_:
            case "step.started" | "step.retried":
                self.attempt += 1
                self.started_at = self.started_at or event.created_at
                self.completed_at = self.error_type = self.error_message = None
            case "action.called":
                self.inputs = payload.get("parameters")
            case "step.completed":
                self.result = payload.get("output")
            case "step.failed":
                self.error_type = payload.get("error_type")
                self.error_message = payload.get("error")
        if self.status in _OVER:
            self.completed_at = event.created_at


def entries_of(
    run: Run, spec: Spec, authored: Mapping[str, Any], events: Iterable[RunEvent]
) -> list[Entry]:
    """Return the steps of a run in order: all of a linear spec, else those visited."""
    configs = {
        step.name: one for step, one in zip(spec.steps, authored["steps"], strict=True)
    }
    found: dict[tuple[str, str], Entry] = {}
    if spec.linear is not None:
        for step in spec.steps:
            found[MAIN, step.name] = _entry(step, configs[step.name])
    for event in events:
        key = event.payload.get("step", "")
        path = event.payload.get("path", MAIN)
        entry = found.get((path, key))
        if entry is None:
            entry = _entry(spec.step(key), configs[key], path)
            found[path, key] = entry
        entry.take(event)
    if run.status in FINISHED:
        for entry in found.values():
            _end(entry, RunStatus(run.status))
    return list(found.values())


def _entry(step: Step, authored: Mapping[str, Any], path: str = MAIN) -> Entry:
    linear = authored.get("config")
    return Entry(
        key=step.name,
        kind=KINDS[type(step)],
        name=authored.get("name", "") if "kind" in authored else step.name,
        path=path,
        parameters=linear if linear is not None else authored.get("parameters"),
        facts={"is_check": True} if isinstance(step, CheckStep) else {},
    )


def _end(entry: Entry, status: RunStatus) -> None:
    """A run that is over leaves nothing under way; what it never reached is pending."""
    if entry.status in ("running", "suspended"):
        entry.status = "cancelled" if status is not RunStatus.COMPLETED else "completed"


def render_step(
    entry: Entry, seq: int, run: Run, organization_id: str
) -> dict[str, Any]:
    """Return a step in the words of its run; strict clients know no other fields."""
    owner = {"org_id": organization_id, "project_id": run.project_id}
    return present(
        id=step_id(run.id, entry.key),
        **(owner if run.dialect == Dialect.AUTOMATION else {}),
        run_id=run.id,
        step_key=entry.key,
        step_name=entry.name or None,
        kind=entry.kind,
        status=entry.status,
        seq=seq,
        attempt=entry.attempt,
        inputs=entry.inputs,
        parameters=entry.parameters,
        result=entry.result,
        job_id=entry.job_id,
        wait_id=entry.wait_id,
        error_type=entry.error_type,
        error_message=entry.error_message,
        **_verdict(entry, run),
        **({"path": entry.path} if run.dialect == Dialect.WORKFLOW else {}),
        started_at=instant(entry.started_at),
        completed_at=instant(entry.completed_at),
        created_at=instant(run.created_at),
        updated_at=instant(entry.updated_at or run.created_at),
    )


def _verdict(entry: Entry, run: Run) -> dict[str, Any]:
    is_check = entry.facts.get("is_check") and run.dialect == Dialect.LOOP
    if not is_check or not isinstance(entry.result, Mapping):
        return {}
    verdict = entry.result.get("verdict")
    detail = {"checks": entry.result.get("checks")}
    return {"verdict": verdict, "verdict_detail": detail} if verdict else {}
