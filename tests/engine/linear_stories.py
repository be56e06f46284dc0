"""How tests write specs of automations and loops, and read what is wrong with them."""

from typing import Any

import pytest

from apps.engine import Spec, SpecErrors, parse_linear
from apps.engine.inputs import (
    ChildStarted,
    DeadlineReached,
    InteractionResolved,
    RetryRequested,
    UsageReported,
)
from tests.engine.stories import HOUR, NINE, Story

SERVER = frozenset({"mail.send"})
YES = {"value": True, "comment": "fine"}
NO = {"value": False}
#: A config of each kind with which nothing is wrong.
SOUND: dict[str, Any] = {
    "action": {"action_name": "x"},
    "sleep": {"duration": "1s"},
    "wait_for_event": {"event_type": "a.b"},
    "interaction": {"protocol": "request_approval", "targets": ["prin_x"]},
    "loop": {"loop_id": "other"},
    "check": {"checks": [{"name": "c", "kind": "expr", "expr": "true"}]},
    "agent": {"instructions": "Think"},
}


def type_problem(event_type: str) -> str:
    return "internal" if event_type.startswith("loop") else ""


def parsed(authored: object) -> Spec:
    return parse_linear(
        authored, server_actions=SERVER, event_type_problem=type_problem
    )


def linear(*steps: Any, **more: Any) -> Spec:
    """Return a spec of these steps."""
    return parsed({"steps": list(steps), **more})


def problems(authored: object) -> list[tuple[str, str]]:
    """Return all that is wrong, in order; nothing is told twice."""
    with pytest.raises(SpecErrors) as refused:
        parsed(authored)
    found = [(problem.path, problem.message) for problem in refused.value.problems]
    assert len(set(found)) == len(found)
    return found


def paths(authored: object) -> list[str]:
    """Return where something is wrong, in order."""
    return [path for path, _ in problems(authored)]


def step(kind: str, config: Any, key: str = "a", **more: Any) -> dict[str, Any]:
    """A step of any kind."""
    return {"id": key, "kind": kind, "config": config, **more}


def config_paths(kind: str, changes: dict[str, Any]) -> list[str]:
    """Return what a step is refused for, by path in its config."""
    found = paths({"steps": [step(kind, {**SOUND[kind], **changes})]})
    return [path.removeprefix("steps[0].config.") for path in found]


def call(key: str = "a", **more: Any) -> dict[str, Any]:
    """A step that calls an action of its own name; ``parameters`` go to its config."""
    config = {"action_name": f"do.{key}", "parameters": more.pop("parameters", {})}
    return step("action", config, key, **more)


def nap(key: str = "nap", **more: Any) -> dict[str, Any]:
    return step("sleep", {"duration": "1h"}, key, **more)


def ask(key: str = "ask", *, config: Any = None, **more: Any) -> dict[str, Any]:
    asked = {"protocol": "request_approval", "targets": ["prin_x"], **(config or {})}
    return step("interaction", asked, key, **more)


def paid(key: str = "paid", *, config: Any = None, **more: Any) -> dict[str, Any]:
    """A step that waits for a payment."""
    waits = {"event_type": "custom.paid", **(config or {})}
    return step("wait_for_event", waits, key, **more)


def child(key: str = "call", **config: Any) -> dict[str, Any]:
    return step("loop", {"loop_id": "other", **config}, key)


def check(*sources: str, key: str = "check", **config: Any) -> dict[str, Any]:
    """A check of these expressions; ``gate`` as a config says whom to ask."""
    checks = [
        {"name": f"c{index}", "kind": "expr", "expr": source}
        for index, source in enumerate(sources)
    ]
    return step("check", {"checks": checks, **config}, key)


def gate(*sources: str, key: str = "check", **asked: Any) -> dict[str, Any]:
    """A check after which people are asked."""
    targets = {"targets": ["prin_x"], **asked}
    return check(*sources, key=key, on_fail="gate", gate=targets)


def begin(*steps: Any, event: Any = None, inputs: Any = None, **more: Any) -> Story:
    """Return the run of a spec of these steps, begun."""
    given = inputs or {}
    return Story(linear(*steps, **more), given if event is None else {"event": event})


def answer(response: Any, task_id: int = 1) -> InteractionResolved:
    return InteractionResolved(NINE, task_id, response)


def started(task_id: int = 1) -> ChildStarted:
    return ChildStarted(NINE, task_id, "run_child")


def used(credits: float, **facts: Any) -> UsageReported:
    return UsageReported(NINE, "tokens", 900, credits, facts)


def retry(after: Any = HOUR, **more: Any) -> RetryRequested:
    return RetryRequested(NINE + after, **more)


def time_is_up(after: Any = HOUR) -> DeadlineReached:
    return DeadlineReached(NINE + after)
