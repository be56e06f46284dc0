"""What a ``wait_for_event`` block may say."""

from datetime import timedelta
from typing import Any

import pytest

from apps.engine import SpecErrors, parse_spec
from apps.engine.spec import EventWaitStep

MANY = {f"meta.{number}": 1 for number in range(201)}
LONG = "meta." + "x" * 128


def type_problem(event_type: str) -> str:
    return "internal" if event_type.startswith("loop") else ""


def parsed(block: Any, **more: Any) -> EventWaitStep:
    steps = [{"name": "w", "wait_for_event": block, **more}, {"name": "l", "pause": {}}]
    spec = parse_spec({"name": "x", "steps": steps}, event_type_problem=type_problem)
    step = spec.step("w")
    assert isinstance(step, EventWaitStep)
    return step


def problems(block: Any, **more: Any) -> dict[str, str]:
    """Return what a step is refused for, by path in the block."""
    with pytest.raises(SpecErrors) as refused:
        parsed(block, **more)
    prefix = "steps[0].wait_for_event."
    return {p.path.removeprefix(prefix): p.message for p in refused.value.problems}


def test_everything_that_may_be_said() -> None:
    step = parsed(
        {
            "event_type": "custom.${inputs.kind}",
            "source_id": "b1",
            "match": {"meta.order": "${inputs.order}", "event.a.b": [1]},
            "condition": "event.amount > inputs.least && state.open",
            "payload_mapping": {"amount": "event.amount", "all": "${meta}"},
            "timeout": "24h",
            "on_timeout": "l",
            "lookback": "10m",
            "store": "payment",
        },
        retry=[{"max_retries": 1}],
        catch=[{"error_equals": ["all"], "next": "l"}],
    )

    assert step.timeout == timedelta(hours=24)
    assert step.lookback == timedelta(minutes=10)
    assert step.condition_reads_run is True
    assert {name: e.source for name, e in step.mapping.items()} == {
        "amount": "event.amount",
        "all": "meta",
    }
    assert (step.store, step.on_timeout, len(step.retry)) == ("payment", "l", 1)


def test_a_type_is_enough() -> None:
    step = parsed({"event_type": "run.completed", "lookback": "0s", "condition": ""})

    assert (step.timeout, step.lookback) == (None, timedelta(0))
    assert (step.condition, step.condition_reads_run, step.mapping) == (None, False, {})


@pytest.mark.parametrize(
    ("block", "path", "message"),
    [
        ({"event_type": None}, "event_type", "required"),
        ({"event_type": " "}, "event_type", "must not be blank"),
        ({"event_type": 3}, "event_type", "expected a string"),
        ({"event_type": "x" * 129}, "event_type", "longer than 128"),
        ({"event_type": "loop_run.resume"}, "event_type", "internal"),
        ({"event_type": "${event.x}"}, "event_type", "unknown name event"),
        ({"topic": "x"}, "topic", "unknown field"),
        ({"source_id": "${x}"}, "source_id", "unknown name x"),
        ({"match": []}, "match", "expected an object"),
        ({"match": {"x": 1}}, "match.x", "expected a path"),
        ({"match": {"event": 1}}, "match.event", "such as meta."),
        ({"match": {"meta..x": 1}}, "match.meta..x", "expected"),
        ({"match": {"meta.x": "${meta.y}"}}, "match.meta.x", "unknown name"),
        ({"match": MANY}, "match", "more than 20"),
        ({"match": {LONG: 1}}, f"match.{LONG}", "longer"),
        ({"condition": "event."}, "condition", ""),
        ({"condition": "job.x"}, "condition", "unknown name job"),
        ({"payload_mapping": {"a": 1}}, "payload_mapping.a", "expected an expr"),
        ({"payload_mapping": {"a": "state.x"}}, "payload_mapping.a", "unknown name"),
        ({"payload_mapping": dict.fromkeys(MANY, "event")}, "payload_mapping", "more"),
        ({"timeout": "0s"}, "timeout", "more than 0s"),
        ({"timeout": "soon"}, "timeout", ""),
        ({"on_timeout": "l"}, "on_timeout", "nothing times out"),
        ({"timeout": "1h", "on_timeout": "x"}, "on_timeout", "no step x"),
        ({"lookback": "25h"}, "lookback", "longer than 24h"),
        ({"store": "a.b"}, "store", "bare variable name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(block: dict[str, Any], path: str, message: str) -> None:
    found = problems({"event_type": "a.b", **block})

    assert list(found) == [path]
    assert message in found[path]


def test_a_step_is_of_one_kind_only() -> None:
    found = problems({"event_type": "a.b"}, pause={})

    assert "found wait_for_event and pause" in found["steps[0]"]
