"""Sleeps, signals, events, pauses, interactions: opening, resolving, timing out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from apps.engine.decisions import (
    CloseWait,
    Decision,
    OpenWait,
    RequestInteraction,
    SubscribeEvent,
    WaitKind,
)
from apps.engine.durations import read_instant
from apps.engine.event_waits import (
    Listening,
    kept_signal,
    listen,
    signal_envelope,
    since_opening,
)
from apps.engine.expressions import ExpressionError, text_of
from apps.engine.failures import fail_step
from apps.engine.limits import DURATION_MAX, NAME_CHARS_MAX, SIGNALS_REMEMBERED
from apps.engine.loops import end_loop
from apps.engine.move import Move
from apps.engine.retry import TIMEOUT, attempts_max, delay_after, pick_rule
from apps.engine.routing import finish_task, follow
from apps.engine.spec import (
    KINDS,
    CheckStep,
    Edge,
    EventWaitStep,
    InteractionStep,
    PauseStep,
    SleepStep,
    Step,
    WaitSignalStep,
)
from apps.engine.state import Path, Signal, Task, TaskPhase

WaitingStep = SleepStep | WaitSignalStep | EventWaitStep | PauseStep | InteractionStep
#: Steps that can wait in vain.
_Impatient = WaitSignalStep | EventWaitStep | InteractionStep
Besides = Callable[[Task], Decision | None]

_WAIT_KINDS: Final[Mapping[type[Step], WaitKind]] = {
    SleepStep: WaitKind.SLEEP,
    WaitSignalStep: WaitKind.SIGNAL,
    EventWaitStep: WaitKind.EVENT,
    PauseStep: WaitKind.PAUSE,
    InteractionStep: WaitKind.INTERACTION,
    CheckStep: WaitKind.INTERACTION,
}


def wait_kind(step: Step) -> WaitKind:
    """Return the kind of wait that ``step`` opens; ``KeyError`` if it opens none."""
    return _WAIT_KINDS[type(step)]


def open_wait(move: Move, path: Path, step: WaitingStep) -> None:
    """Let ``path`` wait at ``step``, unless the signal it waits for is here already.

    Raises:
        ExpressionError: a topic, reason or question has no value.
    """
    roots = move.roots(path)
    match step:
        case SleepStep():
            _open(move, path, step, due_at=_wakes_at(step, roots, move.at))
        case PauseStep():
            _open(move, path, step, subject=text_of(step.reason.render(roots)))
        case InteractionStep():
            due_at = None if step.timeout is None else move.at + step.timeout
            config = step.config.render(roots)
            _open(move, path, step, _asking(move, path, config), due_at=due_at)
        case EventWaitStep():
            _open_for_event(move, path, step, listen(step, roots))
        case WaitSignalStep():
            topic = text_of(step.topic.render(roots))
            if not topic.strip() or len(topic) > NAME_CHARS_MAX:
                raise ExpressionError("the topic is blank or too long")
            if not _take_kept_signal(move, path, topic):
                _open(move, path, step, subject=topic, due_at=move.at + step.timeout)


def open_gate(move: Move, path: Path, step: CheckStep, config: Any) -> None:
    """Let ``path`` wait until somebody decides what a failed check did not."""
    _open(move, path, step, _asking(move, path, config))


def _wakes_at(step: SleepStep, roots: Mapping[str, Any], now: datetime) -> datetime:
    if step.until is None:
        return now + step.duration
    text = text_of(step.until.render(roots))
    instant = read_instant(text)
    if instant is None:
        raise ExpressionError(f"{text!r:.64} is no instant with a zone")
    if instant - now > DURATION_MAX:
        raise ExpressionError(f"{text} is more than {DURATION_MAX.days} days away")
    return max(instant, now).astimezone(now.tzinfo)


def _asking(move: Move, path: Path, config: Any) -> Besides:
    newer = move.spec.linear is not None
    return lambda task: RequestInteraction(
        task.id, path.step, path.name, config, task.due_at, newer
    )


def _open_for_event(
    move: Move, path: Path, step: EventWaitStep, listening: Listening
) -> None:
    signal = kept_signal(move, listening)
    if signal is not None:
        _forget_kept_signal(move, signal)
        finish_task(move, path, listening.output(signal_envelope(signal)))
        return
    due_at = None if step.timeout is None else move.at + step.timeout
    besides = _subscribing(listening, since_opening(step, move.at))
    subject = listening.event_type
    _open(move, path, step, besides, subject=subject, due_at=due_at)


def _subscribing(listening: Listening, since: datetime) -> Besides:
    """Signals need no subscription: they come to the run by themselves."""
    if listening.is_signal:
        return lambda task: None
    return lambda task: listening.subscription(task.id, since)


def _open(
    move: Move,
    path: Path,
    step: WaitingStep | CheckStep,
    besides: Besides | None = None,
    *,
    subject: str = "",
    **known: Any,
) -> None:
    task = move.new_task(phase=TaskPhase.WAITING, subject=subject, **known)
    path = move.put(replace(path, task=task))
    kind = wait_kind(step)
    move.decide(
        OpenWait(task.id, step.name, path.name, kind, subject, due_at=task.due_at)
    )
    asked = besides(task) if besides is not None else None
    if asked is not None:
        move.decide(asked)
    facts = {
        "step": step.name,
        "wait_kind": kind.value,
        "subject": subject,
        "deadline": task.due_at.isoformat() if task.due_at else None,
        "task_id": task.id,
    }
    if isinstance(asked, SubscribeEvent):
        facts |= asked.told()
    move.record("wait.opened", path, **facts)
    move.record("step.suspended", path, **facts, kind=KINDS[type(step)])


def _take_kept_signal(move: Move, path: Path, topic: str) -> bool:
    for signal in move.signals:
        if signal.name == topic:
            _forget_kept_signal(move, signal)
            finish_task(move, path, signal.payload)
            return True
    return False


def _forget_kept_signal(move: Move, signal: Signal) -> None:
    move.signals.remove(signal)
    remember_signal(move, signal.id)
    move.new_task()  # the activation that takes it had an id, and is over


def remember_signal(move: Move, signal_id: str) -> None:
    """Note that a signal was taken, so that a second delivery is recognised."""
    if signal_id:
        move.seen = (*move.seen, signal_id)[-SIGNALS_REMEMBERED:]


def close_resumed(
    move: Move, path: Path, payload: Any, *, event_id: str = "", **facts: Any
) -> None:
    """What ``path`` waits for has come: close its wait and go on with ``payload``."""
    note_resumed(move, path, payload, event_id=event_id, **facts)
    finish_task(move, path, payload)


def note_resumed(
    move: Move, path: Path, payload: Any, *, event_id: str = "", **facts: Any
) -> None:
    """Close the wait of ``path``, for which ``payload`` has come."""
    assert path.task is not None, "only a waiting path is resumed"
    step = move.spec.step(path.step)
    move.decide(CloseWait(path.task.id, "resumed", event_id))
    if event_id:
        facts["event_id"] = event_id
    move.record(
        "wait.resumed",
        path,
        step=step.name,
        wait_kind=wait_kind(step).value,
        subject=path.task.subject,
        task_id=path.task.id,
        payload=payload,
        **facts,
    )
    move.record("step.resumed", path, step=step.name, kind=KINDS[type(step)])
    move.mark_resumed(step.name)


def close_failed(move: Move, path: Path, error_type: str, message: str) -> None:
    """Nobody will ever answer: close the wait of ``path``, and its step has failed."""
    assert path.task is not None, "only a waiting path fails to wait"
    move.decide(CloseWait(path.task.id, "failed"))
    move.mark_resumed(path.step)
    fail_step(move, path, error_type, message)


def time_out(move: Move, path: Path) -> None:
    """The time of the wait of ``path`` is up: sleep is over, others were in vain."""
    step = move.spec.step(path.step)
    task = path.task
    assert task is not None, "only a waiting path times out"
    if isinstance(step, SleepStep):
        close_resumed(move, path, None)
        return
    assert isinstance(step, _Impatient), "others have no time"
    move.decide(CloseWait(task.id, "timed_out"))
    move.record(
        "wait.timed_out",
        path,
        step=step.name,
        wait_kind=wait_kind(step).value,
        subject=task.subject,
        task_id=task.id,
        reason=TIMEOUT,
    )
    move.mark_resumed(step.name)
    if step.on_timeout:
        path = replace(end_loop(move.spec, path), output=None)
        move.record("step.completed", path, step=step.name, output=None, timed_out=True)
        follow(move, path, [Edge(step.on_timeout)])
    elif not isinstance(step, WaitSignalStep) and step.timeout_skips:
        finish_task(move, path, None)
    else:
        _retry_or_fail(move, path, step, task)


def _retry_or_fail(
    move: Move,
    path: Path,
    step: _Impatient,
    task: Task,
) -> None:
    """Listen again where a retry rule says so.

    The delay of the rule prolongs the new wait instead of leaving a gap in which
    nobody listens.
    """
    timeout, was_due = step.timeout, task.due_at
    assert timeout is not None, "only what has a time can wait in vain"
    assert was_due is not None, "only what has a time can wait in vain"
    message = f"{step.name} waited in vain for {timeout}"
    picked = pick_rule(step.retry, task.rule, TIMEOUT)
    if picked < 0 or task.attempt >= attempts_max(step.retry, picked):
        fail_step(move, path, TIMEOUT, message)
        return
    attempt = task.attempt + 1
    move.record(
        "step.retried",
        path,
        step=step.name,
        kind=KINDS[type(step)],
        attempt=attempt,
        max_attempts=attempts_max(step.retry, picked),
        retry_scope="step_policy",
        error_type=TIMEOUT,
        error=message,
    )
    due_at = move.at + delay_after(step.retry[picked], task.attempt, 1.0) + timeout
    besides: Besides | None = None
    if isinstance(step, EventWaitStep):
        besides = _subscribing(listen(step, move.roots(path)), was_due)
    _open(
        move,
        path,
        step,
        besides,
        subject=task.subject,
        due_at=due_at,
        attempt=attempt,
        rule=picked,
    )
