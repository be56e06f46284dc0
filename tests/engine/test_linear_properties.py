"""Laws by chance: random automations and loops, and inputs in any order."""

import json
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine import RunState, Spec, SpecErrors, advance, decode_state, encode_state
from apps.engine.decisions import Decision, FinishRun, RecordRunEvent
from apps.engine.expressions import ExpressionError
from apps.engine.inputs import Input, RunCreated, UsageReported
from apps.engine.roots import LINEAR_ROOTS
from apps.engine.state import FINISHED, RunStatus, TaskPhase
from apps.engine.templates import BRACES, compile_template
from apps.engine.transitions import is_legal
from tests.engine.linear_chance import likely, received, specs
from tests.engine.linear_stories import call, parsed
from tests.engine.stories import NINE
from tests.engine.words import json_of


def check_laws(spec: Spec, before: RunState, received: Input) -> RunState:
    """Let one input act and hold what comes of it against every law."""
    after, decisions = advance(spec, before, received)
    assert is_legal(before.status, after.status)
    if not isinstance(received, UsageReported):
        assert advance(spec, after, received) == (after, ())
    written = json.dumps(encode_state(after))
    assert decode_state(json.loads(written), after.inputs) == after
    assert json.dumps(encode_state(decode_state(json.loads(written), {}))) == written
    _check_standing(after)
    _check_lines(before, after, decisions)
    if before.status in FINISHED and before.status is not RunStatus.FAILED:
        assert (after, decisions) == (before, ())
    return after


def _check_standing(state: RunState) -> None:
    """One path, and the status is what its task says."""
    tasks = [path.task for path in state.paths.values() if path.task is not None]
    assert len(state.paths) <= 1
    if not state.paths:
        assert state.status in (RunStatus.QUEUED, RunStatus.CANCELLED)
    elif state.status in FINISHED:
        assert tasks == []
    else:
        (task,) = tasks
        assert (
            state.status
            == {
                TaskPhase.PENDING: RunStatus.QUEUED,
                TaskPhase.CLAIMED: RunStatus.RUNNING,
                TaskPhase.WAITING: RunStatus.SUSPENDED,
            }[task.phase]
        )


def _check_lines(
    before: RunState, after: RunState, decisions: tuple[Decision, ...]
) -> None:
    """The end is told once and last, and the beginning first."""
    lines = [each.type for each in decisions if isinstance(each, RecordRunEvent)]
    ends = [each for each in decisions if isinstance(each, FinishRun)]
    ended = after.status in FINISHED and bool(decisions)
    assert len(ends) == int(ended)
    assert not {"action.claimed", "run.queued", "run.running"} & set(lines)
    terminal = [line for line in lines if line[4:] in FINISHED and line[:4] == "run."]
    assert len(terminal) == int(ended)
    if ended:
        assert lines[-1] == f"run.{after.status}"
        assert decisions[-1] == ends[0]
    if not before.paths and after.paths:
        assert lines[0] == "run.started"
    if ("limit.reached" in lines) is not (
        bool(ends) and ends[0].stop_reason.endswith(("exceeded", "reached"))
    ):
        raise AssertionError(lines)


def begun(spec: Spec) -> RunState:
    at = (NINE + timedelta(hours=3)).isoformat()
    state = RunState.begin({"n": 1, "event": {"n": 3, "s": "text", "at": at}})
    return check_laws(spec, state, RunCreated(NINE))


@settings(max_examples=150, deadline=None)
@given(specs(), st.lists(st.integers(0, 999), max_size=20))
def test_a_linear_run_obeys_the_laws_whatever_happens_next(
    spec: Spec, choices: list[int]
) -> None:
    state = begun(spec)
    for turn, choice in enumerate(choices):
        options = likely(state, turn)
        state = check_laws(spec, state, options[choice % len(options)])


@settings(max_examples=150, deadline=None)
@given(specs(), st.lists(received(), max_size=25))
def test_a_linear_run_obeys_the_laws_whatever_comes_late_or_for_others(
    spec: Spec, history: list[Input]
) -> None:
    state = RunState.begin({"n": 1, "event": {"n": 3, "s": "text", "at": "soon"}})
    for one in history:
        state = check_laws(spec, state, one)


WORDS = """
schema_version 1 name description inputs event config type default required string
concurrency triggers steps output limits budget_usd wall_clock_timeout defaults id key
kind if input retry max_attempts timeout duration on_timeout skip save_as action
action_name execution_location managed parameters sleep until wait_for_event event_type
match payload_mapping condition lookback interaction protocol request_approval targets
prompt spec loop loop_id check checks expr on_fail gate agent instructions 1h {{event}}
{{ steps[0].output max_turns model_route mode worker
"""


@settings(max_examples=200, deadline=None)
@given(json_of(WORDS), st.booleans())
def test_any_json_is_a_linear_spec_or_a_list_of_problems(
    authored: object, inside: bool
) -> None:
    if inside:
        authored = {"steps": [authored, call()]}
    try:
        assert parsed(authored).steps
    except SpecErrors as refused:
        told = list(refused.problems)
        assert told
        assert len(set(told)) == len(told)


PIECES = ["{{", "}}", "$", "${{", "\\", "'", '"', ".", " ", "event", ".n", "x", "[0]"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_any_text_is_a_template_or_refused(authored: str) -> None:
    roots = {"event": {"n": 1}}
    try:
        rendered = compile_template(authored, LINEAR_ROOTS, BRACES).render(roots)
    except ExpressionError:
        assert "{{" in authored
    else:
        assert "{{" in authored or rendered == authored


@settings(max_examples=200, deadline=None)
@given(st.text("{$\\}a '", max_size=12))
def test_a_text_without_placeholders_can_always_be_written(text: str) -> None:
    escaped = text.replace("{{", r"\{{")

    assert compile_template(escaped, LINEAR_ROOTS, BRACES).render({}) == text
