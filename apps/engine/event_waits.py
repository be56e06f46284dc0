"""What a step that waits for events listens for, given where the run stands.

While a path waits its variables do not change, so the filter is worked out anew from
step and run whenever it is needed, and is the same each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from apps.engine.decisions import SubscribeEvent
from apps.engine.events import (
    SIGNAL_PREFIX,
    Envelope,
    EventFilter,
    covers,
    mapped,
    mismatch,
)
from apps.engine.expressions import ExpressionError, text_of
from apps.engine.limits import EVENTS_REMEMBERED, NAME_CHARS_MAX
from apps.engine.move import Move
from apps.engine.spec import EventWaitStep
from apps.engine.state import Path, Signal

_ZERO: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Listening:
    """An event step with its templates rendered for one run."""

    event_type: str
    wanted: EventFilter
    step: EventWaitStep
    roots: Mapping[str, Any]

    @property
    def is_signal(self) -> bool:
        """Whether it waits for signals, which are the run's own and kept for it."""
        return self.event_type.startswith(SIGNAL_PREFIX)

    def takes(self, envelope: Envelope) -> bool:
        """Say whether the step wants this event, whose type fits."""
        return not mismatch(self.wanted, envelope, self.roots)

    def output(self, envelope: Envelope) -> Any:
        """Return what the step puts out; raises ``ExpressionError`` like ``mapped``."""
        return mapped(self.step.mapping, envelope)

    def subscription(self, task_id: int, since: datetime) -> SubscribeEvent:
        """Return what others have to know to find its events."""
        condition = self.wanted.condition
        return SubscribeEvent(
            task_id,
            self.event_type,
            since,
            self.wanted.source_id,
            self.wanted.match or {},
            condition.source if condition is not None else "",
            self.step.condition_reads_run,
        )


def listen(step: EventWaitStep, roots: Mapping[str, Any]) -> Listening:
    """Return what ``step`` listens for.

    Raises:
        ExpressionError: a template has no value, or made a type that cannot be
            waited for.
    """
    event_type = text_of(step.event_type.render(roots))
    problem = step.type_problem(event_type)
    if not problem and (not event_type.strip() or len(event_type) > NAME_CHARS_MAX):
        problem = "the event type is blank or too long"
    if problem:
        raise ExpressionError(problem)
    source_id = text_of(step.source_id.render(roots))
    if len(source_id) > NAME_CHARS_MAX:
        raise ExpressionError("the source id is too long")
    wanted = EventFilter(source_id, step.match.render(roots), step.condition)
    return Listening(event_type, wanted, step, roots)


def since_opening(step: EventWaitStep, at: datetime) -> datetime:
    """Return from when on events count for a wait that opens at ``at``."""
    return at - step.lookback if step.lookback > _ZERO else at


def kept_signal(move: Move, listening: Listening) -> Signal | None:
    """Return the first kept signal that the step takes, None if there is none."""
    if not listening.is_signal:
        return None
    for signal in move.signals:
        envelope = signal_envelope(signal)
        fits = covers(listening.event_type, envelope.event_type)
        if fits and listening.takes(envelope):
            return signal
    return None


def signal_envelope(signal: Signal) -> Envelope:
    """Return a signal as the event that told of it."""
    event_type = SIGNAL_PREFIX + signal.name
    return Envelope(
        event_type,
        signal.id,
        {"signal_id": signal.id, "name": signal.name, "payload": signal.payload},
        {
            "event_type": event_type,
            "run_id": signal.run_id,
            "signal_name": signal.name,
        },
    )


def was_taken(move: Move, path: Path, event_id: str) -> bool:
    """Say whether the run took this event before ``path`` began to wait.

    Waits that stand side by side each take it; one that opens later does not.
    """
    assert path.task is not None, "only a waiting path asks"
    return any(
        id_ == event_id and path.task.id >= before for id_, before in move.events
    )


def remember_event(move: Move, event_id: str) -> None:
    """Note that an event was taken, before anything else begins to wait."""
    if all(id_ != event_id for id_, _ in move.events):
        taken = (*move.events, (event_id, move.next_task_id))
        move.events = taken[-EVENTS_REMEMBERED:]
