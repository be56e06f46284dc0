"""Laws that hold in every state a small spec can reach, after every input."""

from collections import defaultdict
from functools import cache
from typing import Any

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
    SubscribeEvent,
)
from apps.engine.inputs import CancelRequested, RetryRequested
from apps.engine.state import FINISHED, PathPhase, RunStatus, TaskPhase
from apps.engine.transitions import is_legal
from tests.engine.exploration import Move, explore
from tests.engine.stories import action, spec_of

ONCE: dict[str, Any] = {"retry": [{"max_retries": 1}]}
ASK = {
    "type": "input",
    "message": "?",
    "timeout": "1h",
    "target": {"type": "user", "id": "u"},
}

SPECS: dict[str, Spec] = {
    "line": spec_of(
        action("a", **ONCE),
        {"name": "ask", "interaction": ASK},
        action("b", retry=[{"max_retries": 0}]),
    ),
    "waits": spec_of(
        {"name": "nap", "sleep": {"duration": "1h"}},
        {
            "name": "w",
            "wait_signal": {"topic": "go", "timeout": "1h", "on_timeout": "hold"},
        },
        {"name": "hold", "pause": {}},
        {"name": "again", "pause": {}},
    ),
    "asked": spec_of(
        {
            "name": "ask",
            "interaction": {**ASK, "exclude_initiator": True},
            "catch": [{"error_equals": ["broken"], "next": "go"}],
        },
        {"name": "go", "interaction": {**ASK, "on_timeout": "hold"}},
        {"name": "hold", "pause": {}},
    ),
    "fork": spec_of(
        action(
            "s",
            retry=[{"max_retries": 0}],
            next=[{"step": "a", "branch": "a"}, {"step": "w", "branch": "b"}],
        ),
        action("a", retry=[{"max_retries": 0}], next=[{"step": "j"}]),
        {
            "name": "w",
            "wait_signal": {"topic": "go", "timeout": "1h"},
            "next": [{"step": "j"}],
        },
        {"name": "j", "join": {"branches": ["a", "b"]}},
    ),
    "events": spec_of(
        {
            "name": "e",
            "wait_for_event": {"event_type": "custom.go", "condition": "event.n > 1"},
        },
        {
            "name": "f",
            "wait_for_event": {
                "event_type": "custom.go",
                "payload_mapping": {"n": "event.n + 1"},
                "timeout": "1h",
                "on_timeout": "g",
            },
        },
        {"name": "g", "wait_for_event": {"event_type": "signal.*"}},
    ),
    "each": spec_of(
        action(
            "a",
            each={"items": [1, 2]},
            catch=[{"error_equals": ["all"], "next": "c"}],
            **ONCE,
        ),
        action("c", parameters={"n": "${state.x.y + 1}"}),
    ),
}


@cache
def moves_of(name: str) -> list[Move]:
    return list(explore(SPECS[name]))


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


def test_every_change_of_status_is_told(moves: list[Move]) -> None:
    for before, _, after in moves:
        told = {
            decision.type
            for decision in after.decisions
            if isinstance(decision, RecordRunEvent) and decision.type[:4] == "run."
        }
        if before.status is not after.state.status:
            resumed = before.status is RunStatus.SUSPENDED
            here = f"run.{after.state.status}"
            assert (
                here in told
                or (resumed and "run.resumed" in told)
                or (before.status is RunStatus.FAILED and "run.resumed" in told)
            )


def test_open_work_of_the_state_is_the_work_asked_for(moves: list[Move]) -> None:
    """Replaying the decisions alone gives the same open tasks as the state has."""
    for before, _, after in moves:
        open_tasks = set(before.tasks())
        for decision in after.decisions:
            match decision:
                case EnqueueJob(task_id=task_id) | OpenWait(task_id=task_id):
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
        assert open_tasks == set(after.state.tasks())


def test_no_state_is_a_dead_end(moves: list[Move]) -> None:
    """From every unfinished state something other than a cancel leads on."""
    leads_on: defaultdict[str, bool] = defaultdict(bool)
    for before, received, after in moves:
        moved = after.state != before and not isinstance(received, CancelRequested)
        leads_on[repr(before)] |= moved or before.status in FINISHED
    assert all(leads_on.values())


def test_every_state_survives_its_encoding(moves: list[Move]) -> None:
    for move in moves:
        state = move.after.state
        assert decode_state(encode_state(state), state.inputs) == state
