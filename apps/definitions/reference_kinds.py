"""What each kind of step of automations and loops looks like."""

from collections.abc import Mapping
from typing import Any, Final

from apps.api.schemas import (
    Schema,
    anything,
    body,
    either,
    flag,
    id_example,
    instant,
    listing,
    mapping,
    ref,
    text,
    whole,
)
from apps.engine.limits import (
    RULES_PER_STEP_MAX,
    TARGETS_MAX,
    TEXT_CHARS_MAX,
)
from apps.kernel.ids import IdKind
from apps.workflows.reference_words import (
    EVENT_TYPE,
    EVENT_WAIT,
    LONG,
    QUESTION_RULES,
    condition,
    duration,
    name,
)

_PERSON: Final = id_example(IdKind.PRINCIPAL)
_TIMEOUT: Final = body(
    "",
    {"duration": duration("", "24h")},
    {"on_timeout": text("`skip` goes on behind the step.", choices=("fail", "skip"))},
)
_RETRY: Final = body(
    "",
    optional={
        "max_attempts": whole("", 3, minimum=1, maximum=10),
        "delay": duration("Between attempts; else growing.", "10s"),
    },
)
_TIMED: Final = {"retry": _RETRY, "timeout": _TIMEOUT}
_ASKED: Final = listing(
    either(text("", _PERSON), ref("Target"), example=_PERSON),
    minItems=1,
    maxItems=TARGETS_MAX,
)


def _step(kind: str, about: str, config: Schema, **more: Schema) -> Schema:
    return body(
        about,
        {"kind": {"type": "string", "const": kind}, "config": config},
        {
            "id": name("What expressions call it; its number if absent.", "check"),
            "key": name("The same, in the words of automations.", "check"),
            "name": text("For people.", "Check", maxLength=TEXT_CHARS_MAX),
            "description": LONG,
            "if": condition("Skipped unless it holds.", "event.amount > 100"),
            "input": mapping("Parameters, below those of the config.", {}),
            "save_as": name("A second name of its output.", "checked"),
            **more,
        },
        example={"id": "check", "kind": kind, "config": config["examples"][0]},
    )


def _config(
    example: Mapping[str, Any],
    required: Mapping[str, Schema] | None = None,
    optional: Mapping[str, Schema] | None = None,
) -> Schema:
    return body("", required, optional, example=dict(example))


KINDS: Final[dict[str, Schema]] = {
    "LinearActionStep": _step(
        "action",
        "Has a worker do something.",
        _config(
            {"action_name": "fraud.check", "parameters": {"amount": 250}},
            {"action_name": name("", "fraud.check")},
            {
                "execution_location": text(
                    "There are no environments here.",
                    choices=("worker", "managed", "environment"),
                ),
                "environment_id": name("Refused.", "env"),
                "parameters": mapping(
                    "Values, or templates.", {"amount": "${{ event.amount }}"}
                ),
            },
        ),
        **_TIMED,
    ),
    "LinearSleepStep": _step(
        "sleep",
        "Lets time pass: exactly one of the two.",
        _config(
            {"duration": "10m"},
            optional={"duration": duration("", "10m"), "until": instant()},
        ),
    ),
    "LinearWaitForEventStep": _step(
        "wait_for_event",
        "Waits for a source event. Bare paths of `match` are fields of the event.",
        _config(
            {"event_type": "custom.order.paid", "match": {"order": 17}},
            {"event_type": EVENT_TYPE},
            EVENT_WAIT,
        ),
        **_TIMED,
    ),
    "LinearInteractionStep": _step(
        "interaction",
        "Asks people and waits for their answer.",
        _config(
            {"protocol": "request_approval", "prompt": "Pay?", "targets": [_PERSON]},
            {
                "protocol": text(
                    "",
                    "request_approval",
                    choices=(
                        *("request_information", "request_approval"),
                        *("request_review", "assign_work"),
                    ),
                ),
                "targets": _ASKED,
            },
            {
                "prompt": text("What is asked.", "Pay?", maxLength=TEXT_CHARS_MAX),
                "title": text("The same.", "Pay?", maxLength=TEXT_CHARS_MAX),
                **QUESTION_RULES,
            },
        ),
        timeout=_TIMEOUT,
    ),
    "LinearLoopStep": _step(
        "loop",
        "Starts a run of a definition and waits for its end.",
        _config(
            {"loop_id": "nightly", "event": {"n": 1}},
            {"loop_id": name("Its id or handle.", "nightly")},
            {
                "event": mapping("", {"n": 1}),
                "config": mapping("", {"lang": "en"}),
                "condition": condition("Skipped unless it holds.", "event.n > 0"),
            },
        ),
    ),
    "LinearCheckStep": _step(
        "check",
        "Checks what came so far.",
        _config(
            {"checks": [{"name": "big", "kind": "expr", "expr": "event.amount > 1"}]},
            {
                "checks": listing(
                    body(
                        "",
                        {
                            "name": name("", "big"),
                            "kind": text("", choices=("expr", "agent")),
                        },
                        {
                            "expr": condition("", "event.amount > 1"),
                            "agent": name("", "auditor"),
                            "prompt": LONG,
                            "evidence": listing(name(), maxItems=RULES_PER_STEP_MAX),
                        },
                    ),
                    minItems=1,
                    maxItems=50,
                )
            },
            {
                "on_fail": text(
                    "`gate` has people decide.", choices=("fail", "continue", "gate")
                ),
                "gate": body("", {"targets": _ASKED}, {"prompt": LONG}),
            },
        ),
    ),
    "LinearAgentStep": _step(
        "agent",
        "An agent's turn: checked and stored, nothing runs it yet.",
        _config(
            {"instructions": "Summarize the document"},
            {"instructions": LONG},
            {
                "agent_id": name("", "harry"),
                "tool_names": listing(name("", "search"), maxItems=200),
                "disable_tools": flag(),
                "output_schema": mapping("JSON Schema.", {"type": "object"}),
                "max_turns": whole("", 10, minimum=1, maximum=10_000),
                "model_route": body(
                    "",
                    {"mode": text("", choices=("managed", "byo_provider", "worker"))},
                    {
                        "environment_id": name("", "env"),
                        "provider": name("", "anthropic"),
                        "model": name("", "model"),
                        "queue": name("", "default"),
                        "required_capabilities": listing(
                            name("", "vision"), maxItems=RULES_PER_STEP_MAX
                        ),
                    },
                ),
                "session": mapping("", {}),
                "memory_tables": listing(anything(), maxItems=RULES_PER_STEP_MAX),
            },
        ),
        **_TIMED,
    ),
}
