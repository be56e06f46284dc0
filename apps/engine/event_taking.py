"""Going on with what a step waited for: an event, or a signal to the run."""

from typing import Any

from apps.engine.event_waits import (
    Listening,
    listen,
    remember_event,
    signal_envelope,
    was_taken,
)
from apps.engine.events import Envelope
from apps.engine.expressions import ExpressionError
from apps.engine.move import Move
from apps.engine.retry import EXPRESSION
from apps.engine.spec import EventWaitStep
from apps.engine.state import Path, Signal
from apps.engine.waits import close_failed, close_resumed, remember_signal


def take_event(move: Move, path: Path, event_id: str, envelope: Envelope) -> bool:
    """Let ``path`` go on with an event of the type it waits for; False if it is not
    the one, or was taken by this run before the wait began."""
    listening = _listening(move, path)
    if was_taken(move, path, event_id) or not listening.takes(envelope):
        return False
    remember_event(move, event_id)
    _go_on(move, path, listening, envelope, event_id=event_id)
    return True


def take_signal(move: Move, path: Path, signal: Signal) -> None:
    """Let ``path`` go on with a signal: as what was sent, or as an event."""
    remember_signal(move, signal.id)
    if isinstance(move.spec.step(path.step), EventWaitStep):
        envelope = signal_envelope(signal)
        _go_on(move, path, _listening(move, path), envelope, signal_id=signal.id)
    else:
        close_resumed(move, path, signal.payload, signal_id=signal.id)


def _listening(move: Move, path: Path) -> Listening:
    step = move.spec.step(path.step)
    assert isinstance(step, EventWaitStep), "only such a step waits for events"
    return listen(step, move.roots(path))


def _go_on(
    move: Move, path: Path, listening: Listening, envelope: Envelope, **facts: Any
) -> None:
    """Resume ``path``. Where the mapping has no value the step has failed: passed
    over, the event would leave a run that stands still and does not say why."""
    try:
        output = listening.output(envelope)
    except ExpressionError as error:
        step = listening.step.name
        message = f"the payload_mapping of {step} has no value: {error}"
        close_failed(move, path, EXPRESSION, message)
        return
    close_resumed(move, path, output, **facts)
