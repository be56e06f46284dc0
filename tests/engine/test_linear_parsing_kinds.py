"""What the config, the retry and the timeout of each kind of step may say."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine import Spec
from apps.engine.retry import DEFAULT_RETRY
from apps.engine.spec import (
    ActionStep,
    AgentStep,
    CheckStep,
    ChildStep,
    EventWaitStep,
    InteractionStep,
    OnFail,
    SleepStep,
    Step,
)
from tests.engine.linear_stories import (
    SOUND,
    ask,
    call,
    check,
    child,
    gate,
    linear,
    nap,
    paid,
    paths,
    step,
)

HOUR = timedelta(hours=1)


def one(spec: Spec) -> Step:
    (found,) = spec.steps
    return found


def test_an_action_is_for_a_worker_or_for_the_server() -> None:
    config = {"action_name": "mail.send", "execution_location": "managed"}
    server, worker = one(linear(step("action", config))), one(linear(call()))

    assert isinstance(server, ActionStep)
    assert isinstance(worker, ActionStep)
    assert (server.server, worker.server) == (True, False)
    assert (worker.action, worker.store) == ("do.a", "a")


def test_parameters_go_before_the_input() -> None:
    both = call(input={"a": 1, "b": "{{ event.b }}"}, parameters={"a": 2, "c": 3})
    found = one(linear(both))

    assert isinstance(found, ActionStep)
    assert found.parameters.authored == {"a": 2, "b": "{{ event.b }}", "c": 3}


def test_a_retry_counts_attempts_and_a_timeout_is_that_of_one() -> None:
    authored: dict[str, Any] = {
        "retry": {"max_attempts": 10, "delay": "2m"},
        "timeout": {"duration": "1h", "on_timeout": "fail"},
    }
    (rule,) = one(linear(call(**authored))).retry

    assert (rule.max_retries, rule.timeout) == (9, HOUR)
    assert (rule.base_delay, rule.backoff_rate) == (timedelta(minutes=2), 1.0)
    assert rule.max_delay == timedelta(minutes=2)
    assert one(linear(call())).retry == (DEFAULT_RETRY,)
    (short,) = one(linear(call(retry={"max_attempts": 1, "delay": "0"}))).retry
    assert (short.max_retries, short.base_delay) == (0, timedelta(0))


@pytest.mark.parametrize(
    ("common", "path"),
    [
        ({"retry": 3}, "retry"),
        ({"retry": {"times": 3}}, "retry.times"),
        ({"retry": {"max_attempts": 0}}, "retry.max_attempts"),
        ({"retry": {"max_attempts": 11}}, "retry.max_attempts"),
        ({"retry": {"max_attempts": "3"}}, "retry.max_attempts"),
        ({"retry": {"delay": "soon"}}, "retry.delay"),
        ({"timeout": "1h"}, "timeout"),
        ({"timeout": {}}, "timeout.duration"),
        ({"timeout": {"duration": "0s"}}, "timeout.duration"),
        ({"timeout": {"duration": "1h", "then": 1}}, "timeout.then"),
        ({"timeout": {"duration": "1h", "on_timeout": "b"}}, "timeout.on_timeout"),
    ],
)
@pytest.mark.parametrize("kind", ["action", "agent", "wait_for_event"])
def test_what_is_wrong_with_a_retry_or_a_timeout_is_named(
    kind: str, common: dict[str, Any], path: str
) -> None:
    authored = step(kind, SOUND[kind], **common)

    assert paths({"steps": [authored]}) == [f"steps[0].{path}"]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        *((kind, "retry") for kind in ("sleep", "loop", "check", "interaction")),
        *((kind, "timeout") for kind in ("sleep", "loop", "check")),
    ],
)
def test_what_is_over_at_once_is_not_tried_again(kind: str, key: str) -> None:
    both: dict[str, Any] = {"retry": {"max_attempts": 2}, "timeout": {"duration": "1h"}}
    authored = step(kind, SOUND[kind], **{key: both[key]})

    assert paths({"steps": [authored]}) == [f"steps[0].{key}"]


@pytest.mark.parametrize("kind", ["action", "agent"])
def test_work_is_never_passed_over(kind: str) -> None:
    skips = {"duration": "1h", "on_timeout": "skip"}

    found = paths({"steps": [step(kind, SOUND[kind], timeout=skips)]})

    assert found == ["steps[0].timeout.on_timeout"]


@pytest.mark.parametrize("waiting", [paid, ask])
def test_a_wait_ends_as_failed_or_passed_over(waiting: Any) -> None:
    skips = {"duration": "1h", "on_timeout": "skip"}
    patient, hasty = one(linear(waiting())), one(linear(waiting(timeout=skips)))

    assert isinstance(patient, EventWaitStep | InteractionStep)
    assert isinstance(hasty, EventWaitStep | InteractionStep)
    assert (patient.timeout, patient.timeout_skips) == (None, False)
    assert (hasty.timeout, hasty.timeout_skips) == (HOUR, True)


def test_a_sleep_lasts_for_a_span_or_until_an_instant() -> None:
    instant = {"until": "2026-11-27T09:00:00Z"}
    span, until = one(linear(nap())), one(linear(step("sleep", instant)))

    assert isinstance(span, SleepStep)
    assert isinstance(until, SleepStep)
    assert (span.duration, span.until) == (HOUR, None)
    assert until.until is not None


def test_bare_paths_of_a_match_mean_the_event() -> None:
    match = {"order": 1, "meta.kind": "{{ event.kind }}", "event.a.b": [1]}
    found = one(linear(paid(config={"match": match, "lookback": "1m"})))

    assert isinstance(found, EventWaitStep)
    assert found.lookback == timedelta(minutes=1)
    assert found.match.authored == {
        "event.order": 1,
        "meta.kind": "{{ event.kind }}",
        "event.a.b": [1],
    }


def test_a_question_is_an_interaction_in_other_words() -> None:
    more = {
        "prompt": " Ship {{ event.v }}? ",
        "title": "unused",
        "resolution_policy": "all_of",
        "spec": {"mode": "select", "options": [{"value": "a", "label": "A"}]},
        "reminders": ["10m"],
    }
    found = one(linear(ask(config=more, timeout={"duration": "1h"})))

    assert isinstance(found, InteractionStep)
    assert (found.timeout, found.takes_signals) == (HOUR, False)
    assert found.config.authored == {
        "type": "approval",
        "message": "Ship {{ event.v }}?",
        "targets": ["prin_x"],
        **{key: more[key] for key in ("resolution_policy", "spec", "reminders")},
    }


@pytest.mark.parametrize(
    ("protocol", "kind"),
    [
        ("request_information", "input"),
        ("request_approval", "approval"),
        ("request_review", "review"),
        ("assign_work", "work"),
    ],
)
def test_protocols_have_types(protocol: str, kind: str) -> None:
    found = one(linear(ask(config={"protocol": protocol})))

    assert isinstance(found, InteractionStep)
    assert found.config.authored["type"] == kind


@pytest.mark.parametrize(
    ("common", "words", "message"),
    [
        ({}, {"prompt": "p", "title": "t"}, "p"),
        ({"name": "n"}, {"prompt": " ", "title": "t"}, "t"),
        ({"name": "n", "description": "d"}, {}, "d"),
        ({"name": "n", "description": " "}, {}, "ask"),
        ({"name": "n"}, {}, "n"),
        ({}, {}, "ask"),
        ({"description": "Braces {{ here"}, {}, "Braces {{ here"),
        ({"description": "and $${{ here }}"}, {}, "and $${{ here }}"),
        ({"description": r"\{{ x }}"}, {}, r"\{{ x }}"),
    ],
)
def test_a_question_says_what_its_step_is_for_where_it_has_no_words(
    common: dict[str, Any], words: dict[str, Any], message: str
) -> None:
    found = one(linear(ask(config=words, **common)))

    assert isinstance(found, InteractionStep)
    assert found.config.render({})["message"] == message


def test_a_check_asks_nobody_or_those_of_its_gate() -> None:
    plain, asking = one(linear(check("event.n > 1"))), one(linear(gate("false")))

    assert isinstance(plain, CheckStep)
    assert isinstance(asking, CheckStep)
    assert (plain.on_fail, plain.gate) == (OnFail.FAIL, None)
    assert asking.on_fail is OnFail.GATE
    assert asking.gate is not None
    assert asking.gate.authored == {
        "type": "approval",
        "message": "check failed: go on?",
        "targets": ["prin_x"],
        "spec": {"mode": "confirm"},
    }


def test_an_agent_judges_what_has_no_expression() -> None:
    judged = {"name": "nice", "kind": "agent", "prompt": "Is it?", "evidence": ["a"]}
    found = one(linear(step("check", {"checks": [judged], "on_fail": "continue"})))

    assert isinstance(found, CheckStep)
    assert [each.expression for each in found.assertions] == [None]


def test_a_child_gets_the_event_or_another() -> None:
    bare = one(linear(child()))
    full = one(linear(child(event={"n": 1}, config={"c": 2}, condition="event.n")))

    assert isinstance(bare, ChildStep)
    assert isinstance(full, ChildStep)
    assert (bare.event, bare.config, bare.start_if) == (None, None, None)
    assert full.event is not None
    assert full.event.authored == {"n": 1}
    assert full.start_if is not None


def test_an_agent_is_read_although_nothing_runs_it() -> None:
    config = {
        "agent_id": "agt_1",
        "instructions": "Think of {{ event.x }}",
        "tool_names": ["a"],
        "disable_tools": False,
        "output_schema": {"type": "object"},
        "max_turns": 3,
        "model_route": {"mode": "worker", "queue": "gpu"},
        "session": {"scope": "auto"},
        "memory_tables": [{"table_id": "t", "access_mode": "read"}],
    }
    found = one(linear(step("agent", config)))

    assert isinstance(found, AgentStep)
    assert (found.agent_id, found.config.authored) == ("agt_1", config)
