"""Broken configs of linear steps: every problem is named once, where it is."""

from typing import Any

import pytest

from tests.engine.linear_stories import config_paths, gate, paths, problems, step

MANY = [f"prin_{number}" for number in range(101)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"action_name": None}, ["action_name"]),
        ({"action_name": " "}, ["action_name"]),
        ({"action_name": 5}, ["action_name"]),
        ({"action_name": "x" * 129}, ["action_name"]),
        ({"name": "x"}, ["name"]),
        ({"parameters": []}, ["parameters"]),
        ({"parameters": {"a": {"b": ["{{ x }}"]}}}, ["parameters.a.b[0]"]),
        ({"parameters": {"a": "{{ event.n"}}, ["parameters.a"]),
        ({"execution_location": "moon"}, ["execution_location"]),
        ({"execution_location": "environment"}, ["execution_location"]),
        ({"environment_id": "env_1"}, ["execution_location"]),
        ({"execution_location": "managed"}, ["action_name"]),
    ],
)
def test_actions(changes: dict[str, Any], found: list[str]) -> None:
    assert config_paths("action", changes) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"duration": None}, ["duration"]),
        ({"until": "2026-11-27T09:00:00Z"}, ["duration"]),
        ({"duration": "0s"}, ["duration"]),
        ({"duration": "soon"}, ["duration"]),
        ({"duration": 5}, ["duration"]),
        ({"duration": "{{ event.n }}"}, ["duration"]),
        ({"duration": None, "until": "2026-11-27T09:00:00"}, ["until"]),
        ({"duration": None, "until": "tomorrow"}, ["until"]),
        ({"duration": None, "until": " "}, ["until"]),
        ({"duration": None, "until": 5}, ["until"]),
        ({"duration": None, "until": "{{ at }}"}, ["until"]),
        ({"for": "1h"}, ["for"]),
    ],
)
def test_sleeps(changes: dict[str, Any], found: list[str]) -> None:
    assert config_paths("sleep", changes) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"event_type": None}, ["event_type"]),
        ({"event_type": 5}, ["event_type"]),
        ({"event_type": "loop.schedule.tick"}, ["event_type"]),
        ({"event_type": "custom.{{ x }}"}, ["event_type"]),
        ({"source_id": 5}, ["source_id"]),
        ({"match": []}, ["match"]),
        ({"match": {"order": "{{ x }}", "meta": 1}}, ["match.meta", "match.order"]),
        ({"match": {"order": {"a": ["{{ x }}"]}}}, ["match.order.a[0]"]),
        ({"match": {"a..b": 1, "event.": 1}}, ["match.a..b", "match.event."]),
        ({"match": {"x" * 123: 1}}, [f"match.{'x' * 123}"]),
        ({"match": {"order": 1, "event.order": 2}}, ["match"]),
        ({"match": {f"f{n}": n for n in range(21)}}, ["match"]),
        ({"condition": "x > 1"}, ["condition"]),
        ({"condition": 5}, ["condition"]),
        ({"payload_mapping": {"a": "steps.x"}}, ["payload_mapping.a"]),
        (
            {"payload_mapping": {"a": 1, "b": ""}},
            [f"payload_mapping.{k}" for k in "ab"],
        ),
        ({"lookback": "25h"}, ["lookback"]),
        ({"timeout": "1h"}, ["timeout"]),
        ({"store": "x", "on_timeout": "b"}, ["store", "on_timeout"]),
    ],
)
def test_waits_for_events(changes: dict[str, Any], found: list[str]) -> None:
    assert config_paths("wait_for_event", changes) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"protocol": None}, ["protocol"]),
        ({"protocol": "approval"}, ["protocol"]),
        ({"targets": None}, ["targets"]),
        ({"targets": []}, ["targets"]),
        ({"targets": "prin_x"}, ["targets"]),
        ({"targets": MANY}, ["targets"]),
        ({"targets": ["prin_x", " "]}, ["targets[1]"]),
        ({"targets": [{"type": "user"}]}, ["targets[0].id"]),
        ({"targets": None, "spec": {"mode": "input"}}, ["targets", "spec.mode"]),
        ({"prompt": 5}, ["prompt"]),
        ({"prompt": "p", "title": 5}, ["title"]),
        ({"prompt": "Hello {{ name }}"}, ["prompt"]),
        ({"title": "Hello {{ name }}"}, ["title"]),
        ({"prompt": "x" * 10_001}, ["prompt"]),
        ({"message": "x"}, ["message"]),
        ({"target": {"type": "user", "id": "u"}}, ["target"]),
        ({"context": []}, ["context"]),
        ({"context": {"a": "{{ x }}"}}, ["context.a"]),
        ({"resolution_policy": "quorum"}, ["resolution_policy"]),
        ({"spec": {}}, ["spec.mode"]),
        ({"spec": {"mode": "select"}}, ["spec.options"]),
        ({"spec": {"mode": "form", "schema": {"type": 5}}}, ["spec.schema"]),
        ({"reminders": ["soon"]}, ["reminders[0]"]),
    ],
)
def test_questions(changes: dict[str, Any], found: list[str]) -> None:
    assert config_paths("interaction", changes) == found


def test_reminders_come_before_the_timeout() -> None:
    config = {"protocol": "request_review", "targets": ["u"], "reminders": ["2h"]}
    asked = step("interaction", config, timeout={"duration": "1h"})

    assert paths({"steps": [asked]}) == ["steps[0].config.reminders[0]"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"loop_id": None}, ["loop_id"]),
        ({"loop_id": 5}, ["loop_id"]),
        ({"loop_id": "{{ x }}"}, ["loop_id"]),
        ({"event": []}, ["event"]),
        ({"event": {"n": "{{ x }}"}}, ["event.n"]),
        ({"config": "x"}, ["config"]),
        ({"config": {"n": "{{"}}, ["config.n"]),
        ({"condition": "x"}, ["condition"]),
        ({"wait": True}, ["wait"]),
    ],
)
def test_children(changes: dict[str, Any], found: list[str]) -> None:
    assert config_paths("loop", changes) == found


def one_check(**changes: Any) -> dict[str, Any]:
    sound = {"name": "c", "kind": "expr", "expr": "true"}
    return {"checks": [{**sound, **changes}]}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"checks": None}, ["checks"]),
        ({"checks": []}, ["checks"]),
        ({"checks": 0}, ["checks"]),
        ({"checks": [5]}, ["checks[0]"]),
        ({"checks": one_check()["checks"] * 2}, ["checks[1].name"]),
        (
            {"checks": [one_check(name=f"c{n}")["checks"][0] for n in range(51)]},
            ["checks"],
        ),
        (one_check(name=""), ["checks[0].name"]),
        (one_check(name=None), ["checks[0].name"]),
        (one_check(kind=None), ["checks[0].kind"]),
        (one_check(kind="human"), ["checks[0].kind"]),
        (one_check(expr=None), ["checks[0].expr"]),
        (one_check(expr=" "), ["checks[0].expr"]),
        (one_check(expr="{{ }}"), ["checks[0].expr"]),
        (one_check(expr="${{ event.n > }}"), ["checks[0].expr"]),
        (one_check(expr="state.n"), ["checks[0].expr"]),
        (one_check(agent=5, prompt=5), ["checks[0].agent", "checks[0].prompt"]),
        (one_check(evidence=["a", 5]), ["checks[0].evidence[1]"]),
        (one_check(severity=1), ["checks[0].severity"]),
        ({"on_fail": "stop"}, ["on_fail"]),
        ({"on_fail": "gate"}, ["gate"]),
        ({"gate": {"targets": ["u"]}}, ["gate"]),
        ({"on_fail": "continue", "gate": {"targets": ["u"]}}, ["gate"]),
        ({"on_fail": "gate", "gate": 5}, ["gate"]),
        ({"on_fail": "gate", "gate": {}}, ["gate.targets"]),
        ({"agent": "x"}, ["agent"]),
    ],
)
def test_checks(changes: dict[str, Any], found: list[str]) -> None:
    assert config_paths("check", changes) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"targets": []}, ["targets"]),
        ({"targets": "prin_x"}, ["targets"]),
        ({"targets": [5]}, ["targets[0]"]),
        ({"targets": MANY}, ["targets"]),
        ({"prompt": 5}, ["prompt"]),
        ({"prompt": "{{ name }}"}, ["prompt"]),
        ({"prompt": "x" * 10_001}, ["prompt"]),
        ({"spec": {"mode": "input"}}, ["spec"]),
    ],
)
def test_gates(asked: dict[str, Any], found: list[str]) -> None:
    told = [f"steps[0].config.gate.{path}" for path in found]

    assert paths({"steps": [gate("true", **asked)]}) == told


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"instructions": None}, ["instructions"]),
        ({"instructions": " "}, ["instructions"]),
        ({"instructions": "{{ x }}"}, ["instructions"]),
        ({"agent_id": 5}, ["agent_id"]),
        ({"tool_names": "x"}, ["tool_names"]),
        ({"tool_names": ["a", ""]}, ["tool_names[1]"]),
        ({"disable_tools": 1}, ["disable_tools"]),
        ({"max_turns": 0}, ["max_turns"]),
        ({"max_turns": 10_001}, ["max_turns"]),
        ({"output_schema": []}, ["output_schema"]),
        ({"output_schema": {"type": 5}}, ["output_schema"]),
        ({"model_route": "x"}, ["model_route"]),
        ({"model_route": {}}, ["model_route.mode"]),
        ({"model_route": {"mode": "moon"}}, ["model_route.mode"]),
        ({"model_route": {"mode": "managed", "model": 5}}, ["model_route.model"]),
        (
            {"model_route": {"mode": "worker", "required_capabilities": "x"}},
            ["model_route.required_capabilities"],
        ),
        ({"model_route": {"mode": "worker", "gpu": 1}}, ["model_route.gpu"]),
        ({"session": []}, ["session"]),
        ({"memory_tables": {}}, ["memory_tables"]),
        ({"temperature": 1}, ["temperature"]),
    ],
)
def test_agents(changes: dict[str, Any], found: list[str]) -> None:
    assert config_paths("agent", changes) == found


def test_a_problem_says_what_was_expected() -> None:
    told = problems({"steps": [step("action", {"action_name": "x", "parameters": 5})]})

    assert told == [("steps[0].config.parameters", "expected an object")]
