"""The state machine of a run: what an input does, and what the run shows after it.

It imports no Django, no Celery and no Redis, reads no clock and draws no random
number, so any behaviour of the system can be reproduced from three values: the spec,
the state and the input.
"""

from typing import NamedTuple, assert_never

from apps.engine.allowances import check_deadline, grant, grant_more, outgrow, spend
from apps.engine.checks import pass_gate
from apps.engine.children import end_child
from apps.engine.decisions import Decision, RecordRunEvent
from apps.engine.event_taking import take_event, take_signal
from apps.engine.expressions import ExpressionError
from apps.engine.inputs import (
    CancelRequested,
    ChildFailed,
    ChildStarted,
    DeadlineReached,
    EventReceived,
    Input,
    InteractionFailed,
    InteractionResolved,
    JobClaimed,
    JobCompleted,
    JobFailed,
    JobLost,
    ResumeRequested,
    RetryRequested,
    RunCreated,
    SignalSent,
    StateOutgrown,
    StepResumed,
    TimerFired,
    UsageReported,
)
from apps.engine.jobs import claim_job, complete_job, fail_job
from apps.engine.joins import fail_unreachable, release_join
from apps.engine.limits import SIGNALS_KEPT_MAX
from apps.engine.move import Move
from apps.engine.results import result_of
from apps.engine.retry import EXPRESSION, LEASE_EXPIRED
from apps.engine.spec import (
    MAIN,
    ActionStep,
    CheckStep,
    EventWaitStep,
    InteractionStep,
    Spec,
)
from apps.engine.standing import (
    at_task,
    listening,
    paused,
    show_end,
    show_status,
    waiting,
    waiting_at,
)
from apps.engine.starting import start_step
from apps.engine.state import (
    FINISHED,
    Path,
    PathPhase,
    RunState,
    RunStatus,
    Signal,
    TaskPhase,
)
from apps.engine.waits import close_failed, close_resumed, time_out


class TooManySignals(Exception):
    """The run keeps as many untaken signals as it may; none is ever dropped."""


class Transition(NamedTuple):
    """Where the run stands now, and what must be done about it, in order."""

    state: RunState
    decisions: tuple[Decision, ...] = ()


def advance(spec: Spec, state: RunState, received: Input) -> Transition:
    """Move a run forward by one input.

    Late and repeated inputs are normal, not errors: a worker may report after a
    cancel, a timer may fire after the answer. They change nothing and ask for
    nothing, which is what makes redelivery of any input harmless.

    Raises:
        TooManySignals: a signal that nobody waits for, and no room to keep it.
    """
    retries = isinstance(received, RetryRequested)
    if state.status in FINISHED and not (retries and state.status is RunStatus.FAILED):
        return Transition(state)
    move = Move(spec, state, received.at)
    if not _receive(move, received):
        return Transition(state)
    _settle(move)
    if move.finished:
        show_end(move, received)
    else:
        show_status(move, received)
    if isinstance(received, ResumeRequested | RetryRequested | StepResumed):
        move.settled_at = received.at if _moves_again(move, received) else None
    return Transition(move.state(), tuple(move.decisions))


def _moves_again(
    move: Move, received: ResumeRequested | RetryRequested | StepResumed
) -> bool:
    match received:
        case ResumeRequested():
            return bool(paused(move))
        case RetryRequested():
            return move.status is RunStatus.FAILED
        case StepResumed(step=step):
            return waiting_at(move, step) is not None


def _receive(move: Move, received: Input) -> bool:
    """Let ``received`` act; False when it is late, repeated or meaningless now."""
    match received:
        case RunCreated():
            return _begin(move, received)
        case JobClaimed() | JobCompleted() | JobFailed() | JobLost():
            return _receive_from_worker(move, received)
        case TimerFired(at=at, task_id=task_id):
            path = waiting(move, task_id)
            due_at = path.task.due_at if path is not None and path.task else None
            if path is None or due_at is None or at < due_at:
                return False
            time_out(move, path)
        case SignalSent():
            return _receive_signal(move, received)
        case EventReceived():
            return _receive_event(move, received)
        case InteractionResolved() | InteractionFailed():
            return _receive_from_people(move, received)
        case ResumeRequested(at=at):
            standing = paused(move)
            if not standing or at == move.settled_at:
                return False
            for path in standing:
                close_resumed(move, path, None)
        case CancelRequested(reason=reason):
            move.cancel_run(reason, replaced=received.replaced)
        case RetryRequested(at=at):
            return at != move.settled_at and _retry_run(move, received)
        case StepResumed():
            return _resume_step(move, received)
        case ChildStarted(task_id=task_id) | ChildFailed(task_id=task_id):
            path = at_task(move, task_id)
            return path is not None and end_child(move, path, received)
        case DeadlineReached():
            return check_deadline(move, received)
        case UsageReported():
            return spend(move, received)
        case StateOutgrown():
            outgrow(move, received)
        case _ as unreachable:
            assert_never(unreachable)
    return True


def _begin(move: Move, received: RunCreated) -> bool:
    if move.paths:
        return False
    grant(move, received)
    move.decide(RecordRunEvent("run.started"))
    start = move.spec.start_at
    move.enter(Path(MAIN, start, variables=dict(move.spec.initial)))
    return True


def _receive_from_worker(
    move: Move, received: JobClaimed | JobCompleted | JobFailed | JobLost
) -> bool:
    path = at_task(move, received.task_id)
    task = path.task if path is not None else None
    if path is None or task is None or task.attempt != received.attempt:
        return False
    if not isinstance(move.spec.step(path.step), ActionStep):
        return False
    match received:
        case JobClaimed(worker_id=worker_id):
            if task.phase is TaskPhase.CLAIMED:
                return False
            claim_job(move, path, task, worker_id)
        case JobCompleted(output=output):
            complete_job(move, path, task, output)
        case JobFailed(error_type=kind, error_message=message, jitter=jitter):
            fail_job(move, path, task, kind or "error", message, jitter)
        case JobLost(jitter=jitter):
            message = "the worker fell silent and its lease ran out"
            fail_job(move, path, task, LEASE_EXPIRED, message, jitter)
    return True


def _receive_from_people(
    move: Move, received: InteractionResolved | InteractionFailed
) -> bool:
    path = waiting(move, received.task_id)
    step = None if path is None else move.spec.step(path.step)
    if path is None or not isinstance(step, InteractionStep | CheckStep):
        return False
    match received:
        case InteractionResolved(response=response):
            if isinstance(step, CheckStep):
                pass_gate(move, path, step, response)
            else:
                close_resumed(move, path, response)
        case InteractionFailed(error_type=kind, message=message):
            close_failed(move, path, kind or "error", message)
    return True


def _receive_signal(move: Move, sent: SignalSent) -> bool:
    known = sent.signal_id and (
        sent.signal_id in move.seen
        or any(signal.id == sent.signal_id for signal in move.signals)
    )
    if known:
        return False
    signal = Signal(sent.signal_id, sent.name, sent.payload, sent.run_id)
    path = listening(move, signal)
    if path is not None:
        take_signal(move, path, signal)
        return True
    if len(move.signals) >= SIGNALS_KEPT_MAX:
        raise TooManySignals(f"the run already keeps {SIGNALS_KEPT_MAX} signals")
    move.signals.append(signal)
    return True


def _receive_event(move: Move, received: EventReceived) -> bool:
    path = waiting(move, received.task_id)
    if path is None or not isinstance(move.spec.step(path.step), EventWaitStep):
        return False
    return take_event(move, path, received.event_id, received.envelope)


def _resume_step(move: Move, received: StepResumed) -> bool:
    path = waiting_at(move, received.step)
    if path is None or received.at == move.settled_at:
        return False
    close_resumed(move, path, received.payload)
    return True


def _retry_run(move: Move, received: RetryRequested) -> bool:
    """Put every path back to work where it stood when the run failed."""
    if move.status is not RunStatus.FAILED or not grant_more(move, received):
        return False
    move.status = RunStatus.QUEUED
    move.attempt += 1
    live = [path for path in move.paths.values() if path.phase is PathPhase.LIVE]
    facts = {
        "step": live[0].step if live else "",
        "reason": received.reason or received.action,
        "attempt": move.attempt,
        "recovery_action": received.action,
    }
    move.decide(RecordRunEvent("run.resumed", facts))
    for path in live:
        move.enter(path, announce="step.retried")
    return True


def _settle(move: Move) -> None:
    """Start what is to be started until everything waits, or the run has ended."""
    while not move.finished:
        if move.agenda:
            start_step(move, *move.agenda.popleft())
        elif not release_join(move):
            break
    if move.finished or not move.paths:
        return
    joining: Path | None = None
    for path in move.paths.values():
        if path.phase is PathPhase.LIVE:
            return
        if path.phase is PathPhase.JOINING and joining is None:
            joining = path
    if joining is not None:
        fail_unreachable(move, joining)
        return
    try:
        result = result_of(move)
    except ExpressionError as error:
        last = next(reversed(move.paths.values())).step
        move.fail_run(last, EXPRESSION, f"the output has no value: {error}")
    else:
        move.complete_run(result)
