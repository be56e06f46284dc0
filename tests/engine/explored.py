"""The small specs whose every state is visited."""

from functools import cache
from typing import Any

from apps.engine import Spec
from tests.engine.exploration import Move, explore
from tests.engine.linear_stories import call, check, child, gate, linear, nap, paid
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

LAST: dict[str, Any] = {"retry": {"max_attempts": 1}}
SPECS |= {
    "linear": linear(
        call("a", **LAST),
        gate("steps.a.output > 9", key="ask"),
        child("start"),
        output={"n": "{{ steps.a.output + 1 }}"},
    ),
    "checked": linear(
        paid(
            "e",
            config={"event_type": "custom.go", "payload_mapping": {"n": "event.n"}},
            timeout={"duration": "1h", "on_timeout": "skip"},
        ),
        check("steps.e.output.n > 1", key="c"),
        check("steps.e.output.n > 2", key="d", on_fail="continue"),
        call("z", **LAST, **{"if": "steps.d.output.verdict == 'pass'"}),
    ),
    "limited": linear(
        nap("n"),
        child("start", condition="inputs.n == 1"),
        call("a", retry={"max_attempts": 2}),
        limits={"wall_clock_timeout": "2h", "credit_budget": 10},
    ),
}


@cache
def moves_of(name: str) -> list[Move]:
    """Return every move of the spec called ``name``."""
    return list(explore(SPECS[name]))
