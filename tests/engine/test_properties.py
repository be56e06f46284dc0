"""Laws by chance: random graphs and random histories."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine import RunState, Spec, advance, decode_state, encode_state, parse_spec
from apps.engine.events import Envelope
from apps.engine.inputs import (
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
    TimerFired,
)
from apps.engine.json_schema import answer_problems, schema_problem
from apps.engine.parsing_fields import Fields, Report
from apps.engine.parsing_interactions import (
    LOOP_MODES,
    QUESTION_FIELDS,
    check_interaction,
)
from apps.engine.spec import SpecErrors
from apps.engine.state import (
    FINISHED,
    Loop,
    Path,
    PathPhase,
    RunStatus,
    Signal,
    Task,
    TaskPhase,
)
from apps.engine.transitions import is_legal
from tests.engine.stories import NINE
from tests.engine.words import json_of

NAMES = ["s0", "s1", "s2", "s3", "s4", "s5"]
CONDITIONS = ["", "true", "false", "state.v > 2", "inputs.n == 1", "state.v.w"]
ASK = {
    "type": "input",
    "message": "?",
    "timeout": "1h",
    "target": {"type": "user", "id": "u"},
}
BODIES: list[dict[str, Any]] = [
    {"action": "do", "store": "v", "parameters": {"v": "${state.v}"}},
    {"action": "do", "each": {"items": [1, 2]}, "retry": [{"max_retries": 1}]},
    {"action": "do", "catch": [{"error_equals": ["all"], "next": "s0"}]},
    {"action": "do", "parameters": {"x": "${state.v + 1}"}},
    {"sleep": {"duration": "1h"}},
    {"interaction": ASK, "store": "v"},
    {"interaction": ASK, "catch": [{"error_equals": ["broken"], "next": "s1"}]},
    {"wait_signal": {"topic": "go", "timeout": "1h", "on_timeout": "s1"}},
    {"wait_signal": {"topic": "go", "timeout": "1h", "store": "v"}},
    {"wait_for_event": {"event_type": "x.y", "timeout": "1h", "on_timeout": "s1"}},
    {"wait_for_event": {"event_type": "x.y", "condition": "event.n > 2", "store": "v"}},
    {"wait_for_event": {"event_type": "signal.go", "payload_mapping": {"v": "event"}}},
    {"join": {}},
    {"join": {"count": 1}},
]


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Draw a graph of up to six steps, with forks, loops and joins."""
    count = draw(st.integers(2, len(NAMES)))
    edges = [
        [
            {
                "step": draw(st.sampled_from(NAMES[:count])),
                "condition": draw(st.sampled_from(CONDITIONS)),
                "branch": draw(st.sampled_from(["", f"b{index}{position}"])),
            }
            for position in range(draw(st.integers(0, 2)))
        ]
        for index in range(count)
    ]
    named = [edge["branch"] for group in edges for edge in group if edge["branch"]]
    bodies = list(BODIES)
    if named:
        some = draw(st.lists(st.sampled_from(named), min_size=1, unique=True))
        bodies += [
            {"join": {"branches": some}},
            {"join": {"branches": some, "count": 1}},
        ]
    steps = [
        {"name": name, "next": group, **draw(st.sampled_from(bodies))}
        for name, group in zip(NAMES, edges, strict=False)
    ]
    return parse_spec({"name": "random", "steps": steps})


def likely_inputs(state: RunState, now: datetime) -> list[Input]:
    """Return what could really come next: reports, timers, signals."""
    found: list[Input] = [ResumeRequested(now)]
    for task_id, path in state.tasks().items():
        assert path.task is not None
        attempt = path.task.attempt
        if path.task.phase is TaskPhase.WAITING:
            found.append(TimerFired(now + timedelta(days=9), task_id))
            found.append(InteractionResolved(now, task_id, 1))
            for n in (2, 3):
                news = Envelope("x.y", "", {"n": n}, {})
                found.append(EventReceived(now, task_id, f"evt_{n}", news))
            found.append(InteractionFailed(now, task_id, "broken", "nobody is there"))
        else:
            found.append(JobClaimed(now, task_id, attempt))
            found.append(JobCompleted(now, task_id, attempt, task_id % 5))
            found.append(JobFailed(now, task_id, attempt, "broken", "oh no"))
            found.append(JobLost(now, task_id, attempt))
    return found


@settings(max_examples=120, deadline=None)
@given(specs(), st.lists(st.integers(0, 999), max_size=20))
def test_a_run_of_any_graph_ends_or_waits_and_obeys_the_table(
    spec: Spec, choices: list[int]
) -> None:
    state = advance(spec, RunState.begin({"n": 1}), RunCreated(NINE)).state
    for turn, choice in enumerate(choices):
        now = NINE + timedelta(minutes=turn)
        if state.status in FINISHED:
            received: Input = RetryRequested(now)
        elif choice % 7 == 0:
            received = SignalSent(now, f"sig_{turn}", "go", choice % 4)
        else:
            likely = likely_inputs(state, now)
            received = likely[choice % len(likely)]
        after, decisions = advance(spec, state, received)
        assert is_legal(state.status, after.status)
        assert advance(spec, after, received) == (after, ())
        assert (
            decode_state(json.loads(json.dumps(encode_state(after))), after.inputs)
            == after
        )
        assert after.status in FINISHED or after.tasks()
        assert decisions or after == state or isinstance(received, SignalSent)
        state = after


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
INSTANTS = st.datetimes(min_value=datetime(2000, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=NINE.tzinfo)
)
CREDITS = st.floats(0, 1e14, allow_nan=False)
TASKS = st.builds(
    Task,
    id=st.integers(1, 9999),
    phase=st.sampled_from(TaskPhase),
    attempt=st.integers(1, 99),
    rule=st.integers(-1, 9),
    subject=st.text(max_size=5),
    due_at=st.none() | INSTANTS,
)
LOOPS = st.builds(
    Loop,
    items=st.lists(JSON, max_size=3).map(tuple),
    results=st.lists(JSON, max_size=2).map(tuple),
    had=st.booleans(),
    saved=JSON,
)
PATHS = st.builds(
    Path,
    name=st.text(max_size=4),
    step=st.text(max_size=4),
    phase=st.sampled_from(PathPhase),
    variables=st.dictionaries(st.text(max_size=3), JSON, max_size=2),
    output=JSON,
    task=st.none() | TASKS,
    loop=st.none() | LOOPS,
    parent=st.text(max_size=3),
    late_for=st.text(max_size=3),
)
STATES = st.builds(
    RunState,
    status=st.sampled_from(RunStatus),
    attempt=st.integers(1, 9),
    inputs=st.dictionaries(st.text(max_size=3), JSON, max_size=2),
    paths=st.lists(PATHS, max_size=3).map(lambda ps: {path.name: path for path in ps}),
    signals=st.lists(
        st.builds(
            Signal, st.text(max_size=3), st.text(max_size=3), JSON, st.text(max_size=2)
        ),
        max_size=2,
    ).map(tuple),
    seen=st.lists(st.text(max_size=3), max_size=3).map(tuple),
    next_task_id=st.integers(1, 10_000),
    events=st.lists(st.tuples(st.text(max_size=3), st.integers(1, 99)), max_size=2).map(
        tuple
    ),
    settled_at=st.none() | INSTANTS,
    began=st.none() | INSTANTS,
    deadline=st.none() | INSTANTS,
    budget=st.none() | CREDITS,
    spent=CREDITS,
)


@settings(max_examples=100, deadline=None)
@given(STATES)
def test_a_state_written_as_json_reads_back_exactly(state: RunState) -> None:
    written = json.dumps(encode_state(state))

    assert decode_state(json.loads(written), state.inputs) == state


FIELDS = """
name steps action sleep duration join wait_signal topic timeout retry catch next step
branch each items inputs type default state pause interaction wait_for_event event_type
match condition payload_mapping lookback meta.x
"""
BLOCK_WORDS = """
type target targets id require_all spec mode form schema options value label delivery
channels kind email to review reviewers reminders escalation after resolution_policy
quorum threshold approval input user group 1h 2h any_of
"""
SCHEMA_WORDS = """
type string number object properties items anyOf allOf not $ref #/$defs/a #/$defs/b a b
$defs enum const required pattern (a+)+ minimum additionalProperties format date $id
"""
AUTHORED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.just("${x}"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=5)
    ),
    max_leaves=20,
)


def parts_of(authored: object) -> int:
    """Return how many steps were read, or how many problems were found."""
    try:
        return len(parse_spec(authored).steps)
    except SpecErrors as refused:
        return len(refused.problems)


@settings(max_examples=150, deadline=None)
@given(AUTHORED)
def test_any_json_is_a_spec_or_a_list_of_problems(authored: object) -> None:
    assert parts_of(authored) > 0


@settings(max_examples=150, deadline=None)
@given(json_of(BLOCK_WORDS), st.booleans())
def test_any_json_is_a_question_or_a_list_of_problems(
    block: object, templated: bool
) -> None:
    report = Report()

    check_interaction(
        Fields(report, "", block, QUESTION_FIELDS), LOOP_MODES, templated=templated
    )

    assert report.problems or isinstance(block, dict)


@settings(max_examples=150, deadline=None)
@given(json_of(SCHEMA_WORDS), json_of(SCHEMA_WORDS))
def test_any_json_is_held_against_any_schema_that_has_no_problem(
    schema: object, value: object
) -> None:
    if not schema_problem(schema):
        found = answer_problems(value, schema)
        assert found == answer_problems(value, schema)
        assert all(problem.message for problem in found)
