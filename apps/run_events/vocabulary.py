"""The run-stream events of the catalogue: what each tells, and what it must carry.

They are stored on a single run, numbered and replayed; none of them is a source event.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from apps.kernel.errors import Invalid


class Line(NamedTuple):
    """A kind of line: when it is written, and the fields its payload always has."""

    when: str
    fields: tuple[str, ...] = ()
    by: str = "the engine"


_BY_PEOPLE: Final = "interactions"
_BY_WORKER: Final = "a worker's events"

LINES: Final[Mapping[str, Line]] = {
    "run.started": Line(
        "The run is created and execution begins.", ("run_id", "source")
    ),
    "run.suspended": Line(
        "The run is waiting on a timer, event, interaction or another person.",
        ("step", "wait_kind"),
    ),
    "run.resumed": Line("A suspended run starts moving again.", ("step", "reason")),
    "run.completed": Line("The run reaches completed.", ("status", "output")),
    "run.failed": Line(
        "The run reaches failed.", ("status", "error", "error_type", "step")
    ),
    "run.cancelled": Line("The run is cancelled.", ("status", "reason")),
    "step.started": Line("A step begins.", ("step", "kind")),
    "step.suspended": Line("A step opens a wait.", ("step", "wait_kind", "subject")),
    "step.resumed": Line("A suspended step resumes.", ("step", "kind")),
    "step.completed": Line("A step finishes successfully.", ("step", "output")),
    "step.failed": Line("A step fails.", ("step", "error", "error_type")),
    "step.retried": Line(
        "A step failure has attempts remaining.",
        ("step", "kind", "attempt", "retry_scope"),
    ),
    "step.skipped": Line(
        "A conditional step does not run; a loop step starts no child run.",
        ("step", "kind", "reason"),
    ),
    "wait.opened": Line(
        "A sleep, wait_for_event or interaction wait is registered.",
        ("step", "wait_kind", "subject", "deadline"),
    ),
    "wait.resumed": Line(
        "A wait receives the payload that resumes it.", ("step", "payload")
    ),
    "wait.timed_out": Line(
        "A wait reaches its timeout.", ("step", "wait_kind", "reason")
    ),
    "interaction.requested": Line(
        "An interaction step creates an interaction.",
        ("interaction_id", "protocol", "targets", "message"),
        _BY_PEOPLE,
    ),
    "interaction.responded": Line(
        "A run-backed interaction resolves and resumes the step.",
        ("interaction_id", "response", "responder"),
        _BY_PEOPLE,
    ),
    "action.called": Line(
        "An action step dispatches an action.", ("action", "step", "parameters")
    ),
    "action.completed": Line(
        "An action returns successfully.", ("action", "step", "result")
    ),
    "action.failed": Line(
        "An action attempt fails.", ("action", "step", "error", "error_type")
    ),
    "action.retried": Line(
        "A worker-executed action is requeued for another attempt.",
        ("action", "attempt", "max_attempts"),
    ),
    "action.result": Line(
        "Legacy record of an action's result: readable, never written.",
        ("action", "result"),
        "nobody any more",
    ),
    "artifact.created": Line(
        "A run-linked artifact is available.",
        ("artifact_id", "name", "content_type"),
        _BY_WORKER,
    ),
    "generation.delta": Line(
        "A live generation stream emits partial text.", ("delta",), _BY_WORKER
    ),
    "limit.reached": Line(
        "A runtime or billing cap stops the run.", ("limit_kind", "limit", "used")
    ),
    "usage.recorded": Line(
        "Usage attribution is recorded for the run.", ("category", "quantity")
    ),
}

VOCABULARY: Final = frozenset(LINES)
#: What workers may write as lines of the catalogue; all else they emit is their own.
BY_WORKERS: Final = frozenset(
    name for name, line in LINES.items() if line.by == _BY_WORKER
)


def check_line(type_: str, payload: Mapping[str, Any], path: str) -> None:
    """Make sure that a line of the catalogue carries what it promises.

    Raises:
        Invalid: names the first field that is missing, below ``path``.
    """
    line = LINES.get(type_)
    for name in line.fields if line is not None else ():
        if payload.get(name) is None:
            raise Invalid(
                f"{path}.{name}: is required in {type_}", path=f"{path}.{name}"
            )
