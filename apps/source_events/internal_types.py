"""The internal rows of the catalogue: what drives the system and is never authored."""

from typing import Final

from apps.source_events.event_types import EventType

_USE_RUN: Final = "use run.completed, run.failed or run.cancelled"
_USE_ANSWER: Final = "wait for interaction.resolved"
_USE_SCHEDULE: Final = "add a schedule trigger"
_USE_HTTP: Final = "add an http trigger"


def _internal(name: str, why: str, instead: str) -> EventType:
    words = f"it is internal: {instead}"
    return EventType(name, public=False, description=why, instead=words)


INTERNAL_TYPES: Final[tuple[EventType, ...]] = (
    _internal(
        "interaction.http_subscriber.dispatch",
        "Dispatches an interaction callback to an HTTP subscriber.",
        _USE_ANSWER,
    ),
    _internal(
        "loop.http_trigger.received",
        "Starts the asynchronous handler for an HTTP trigger.",
        _USE_HTTP,
    ),
    _internal(
        "loop.run_allocation.completed",
        "Records a worker-reported completed run allocation.",
        _USE_RUN,
    ),
    _internal(
        "loop.run_allocation.failed",
        "Records a worker-reported failed run allocation.",
        _USE_RUN,
    ),
    _internal(
        "loop.schedule.tick",
        "Starts the asynchronous handler for a schedule trigger.",
        _USE_SCHEDULE,
    ),
    _internal(
        "loop_run.continue",
        "Re-executes a run after a step lease expires.",
        _USE_RUN,
    ),
    _internal(
        "loop_run.resume", "Resumes a run when a timer or signal is due.", _USE_RUN
    ),
    _internal(
        "run.progress_initial",
        "Starts server-side progression for a newly persisted run.",
        _USE_RUN,
    ),
    _internal(
        "run.resume",
        "Resumes a suspended run from the older resume path.",
        _USE_RUN,
    ),
    _internal(
        "schedule.tick",
        "Records a schedule tick before the public loop handler runs.",
        _USE_SCHEDULE,
    ),
    # Ours, which the seed does not name.
    _internal("job.claimed", "Tells a run that a worker has its job.", _USE_RUN),
    _internal(
        "interaction.cancelled", "Tells a run that its question is off.", _USE_ANSWER
    ),
    _internal(
        "interaction.unanswerable",
        "Tells a run that its question reaches nobody.",
        _USE_ANSWER,
    ),
    _internal("trigger.due", "Starts what waits at a trigger.", _USE_RUN),
    _internal("loop_run.deadline", "Ends a run whose wall clock runs out.", _USE_RUN),
    _internal("loop_run.child_wanted", "Starts a run for a loop step.", _USE_RUN),
    _internal("definition.due", "Lets the next run of a definition begin.", _USE_RUN),
    _internal(
        "interaction.due", "Reminds of a question, or escalates it.", _USE_ANSWER
    ),
)
