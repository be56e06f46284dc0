"""Laws that hold in every state a small spec can reach, after every input."""

from collections import defaultdict

import pytest

from apps.engine import Spec, advance, decode_state, encode_state
from apps.engine.decisions import (
    CancelOpenWork,
    CloseWait,
    EnqueueJob,
    FinishRun,
    OpenWait,
    RecordRunEvent,
    RequestInteraction,
    SetDeadline,
    StartChild,
    SubscribeEvent,
)
from apps.engine.inputs import (
    CancelRequested,
    DeadlineReached,
    RetryRequested,
    UsageReported,
)
from apps.engine.spec import ChildStep
from apps.engine.state import FINISHED, PathPhase, RunStatus, TaskPhase
from apps.engine.transitions import is_legal
from tests.engine.exploration import Move
from tests.engine.explored import SPECS, moves_of

#: Lines that linear runs do not have.
OF_GRAPHS = {"action.claimed", "run.queued", "run.running"}
UNTOLD = {RunStatus.QUEUED, RunStatus.RUNNING}


@pytest.fixture(params=sorted(SPECS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def spec(name: str) -> Spec:
    return SPECS[name]


@pytest.fixture
def moves(name: str) -> list[Move]:
    return moves_of(name)


def test_every_status_is_reached_by_some_spec() -> None:
    reached = {m.after.state.status for name in SPECS for m in moves_of(name)}

    assert reached == set(RunStatus)


def test_every_move_is_in_the_transition_table(moves: list[Move]) -> None:
    for before, _, after in moves:
        assert is_legal(before.status, after.state.status)


def test_a_second_delivery_changes_nothing_and_asks_for_nothing(
    spec: Spec, moves: list[Move]
) -> None:
    for _, received, after in moves:
        if not isinstance(received, UsageReported):
            assert advance(spec, after.state, received) == (after.state, ())


def test_a_finished_run_moves_by_a_retry_only(moves: list[Move]) -> None:
    for before, received, after in moves:
        retried = isinstance(received, RetryRequested)
        if before.status in FINISHED and not (
            retried and before.status is RunStatus.FAILED
        ):
            assert after == (before, ())


def test_reaching_an_end_and_saying_so_are_the_same_move(moves: list[Move]) -> None:
    for _, _, after in moves:
        said = [d for d in after.decisions if isinstance(d, FinishRun)]
        ended = bool(after.decisions) and after.state.status in FINISHED
        assert len(said) == int(ended)
        for finish in said:
            told = after.decisions[after.decisions.index(finish) - 1]
            assert finish.status is after.state.status
            assert isinstance(told, RecordRunEvent)
            assert told.type == f"run.{finish.status}"


def test_nothing_comes_after_the_end(moves: list[Move]) -> None:
    for _, _, after in moves:
        for position, decision in enumerate(after.decisions):
            if isinstance(decision, FinishRun):
                assert position == len(after.decisions) - 1


def test_every_reason_to_stop_is_reached_that_needs_no_thousands_of_steps() -> None:
    reached = {
        decision.stop_reason
        for name in SPECS
        for move in moves_of(name)
        for decision in move.after.decisions
        if isinstance(decision, FinishRun)
    }

    assert reached == {
        *("completed", "step_failed", "check_failed", "gate_rejected", "cancelled"),
        *("replaced", "wall_clock_exceeded", "budget_exceeded"),
    }


def test_linear_runs_do_not_tell_of_claims_and_queues(
    spec: Spec, moves: list[Move]
) -> None:
    for move in moves:
        for decision in move.after.decisions:
            if spec.linear is not None and isinstance(decision, RecordRunEvent):
                assert decision.type not in OF_GRAPHS


def test_a_run_with_a_deadline_has_asked_to_be_woken(moves: list[Move]) -> None:
    """What was asked for before a run failed may be gone when it goes on."""
    for before, received, after in moves:
        asked = [d.at for d in after.decisions if isinstance(d, SetDeadline)]
        retried = isinstance(received, RetryRequested) and after.decisions
        deadline = after.state.deadline
        if deadline is not None and (before.deadline != deadline or retried):
            assert asked == [deadline]
        else:
            assert asked == []


def test_no_attempt_goes_beyond_the_policy(moves: list[Move]) -> None:
    for move in moves:
        for decision in move.after.decisions:
            if isinstance(decision, EnqueueJob):
                assert 1 <= decision.attempt <= decision.max_attempts <= 3


def test_the_status_shows_what_the_paths_do(moves: list[Move]) -> None:
    for move in moves:
        state = move.after.state
        phases = {p.task.phase for p in state.paths.values() if p.task is not None}
        if state.status is RunStatus.SUSPENDED:
            assert phases == {TaskPhase.WAITING}
        elif state.status is RunStatus.RUNNING:
            assert TaskPhase.CLAIMED in phases
        elif state.status is RunStatus.QUEUED and state.paths:
            assert TaskPhase.PENDING in phases
        elif state.status in FINISHED:
            assert not phases


def test_every_live_path_of_a_run_under_way_has_a_task(moves: list[Move]) -> None:
    for move in moves:
        state = move.after.state
        for path in state.paths.values():
            if state.status not in FINISHED:
                live = path.phase is PathPhase.LIVE
                assert (path.task is not None) is live


def test_every_change_of_status_is_told(spec: Spec, moves: list[Move]) -> None:
    for before, _, after in moves:
        told = {
            decision.type
            for decision in after.decisions
            if isinstance(decision, RecordRunEvent) and decision.type[:4] == "run."
        }
        if before.status is not after.state.status and not (
            spec.linear is not None and after.state.status in UNTOLD
        ):
            resumed = before.status is RunStatus.SUSPENDED
            here = f"run.{after.state.status}"
            assert (
                here in told
                or (resumed and "run.resumed" in told)
                or (before.status is RunStatus.FAILED and "run.resumed" in told)
            )


def test_open_work_of_the_state_is_the_work_asked_for(
    spec: Spec, moves: list[Move]
) -> None:
    """Replaying the decisions alone gives the same open tasks as the state has."""
    for before, _, after in moves:
        open_tasks = set(before.tasks())
        children = {
            path.step: task_id
            for task_id, path in before.tasks().items()
            if isinstance(spec.step(path.step), ChildStep)
        }
        for decision in after.decisions:
            match decision:
                case (
                    EnqueueJob(task_id=task_id)
                    | OpenWait(task_id=task_id)
                    | StartChild(task_id=task_id)
                ):
                    open_tasks.add(task_id)
                case CloseWait(task_id=task_id):
                    open_tasks.remove(task_id)
                case (
                    RequestInteraction(task_id=task_id)
                    | SubscribeEvent(task_id=task_id)
                ):
                    assert task_id in open_tasks
                case CancelOpenWork():
                    open_tasks.clear()
                case RecordRunEvent(
                    type="action.completed" | "action.failed", payload=facts
                ):
                    open_tasks.remove(facts["task_id"])
                case RecordRunEvent(
                    type="step.completed" | "step.failed", payload={"step": step}
                ) if step in children:
                    open_tasks.remove(children.pop(step))
        assert open_tasks == set(after.state.tasks())


def test_no_state_is_a_dead_end(moves: list[Move]) -> None:
    """From every unfinished state something that is no end leads on."""
    ends = CancelRequested | DeadlineReached | UsageReported
    leads_on: defaultdict[str, bool] = defaultdict(bool)
    for before, received, after in moves:
        moved = after.state != before and not isinstance(received, ends)
        leads_on[repr(before)] |= moved or before.status in FINISHED
    assert all(leads_on.values())


def test_every_state_survives_its_encoding(moves: list[Move]) -> None:
    for move in moves:
        state = move.after.state
        assert decode_state(encode_state(state), state.inputs) == state
