"""What automations and loops consist of: steps in a row, each with a kind and a config,
and what stands around them."""

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
    number,
    ref,
    text,
    whole,
)
from apps.definitions.contents import REPOSITORIES_MAX, TEMPLATE_CHARS_MAX
from apps.engine.limits import (
    FIELDS_DECLARED_MAX,
    RULES_PER_STEP_MAX,
    STEPS_IN_SPEC_MAX,
    TARGETS_MAX,
    TEXT_CHARS_MAX,
)
from apps.kernel.ids import IdKind
from apps.triggers.block import TRIGGERS_MAX
from apps.workflows.reference_steps import (
    EVENT_TYPE,
    EVENT_WAIT,
    QUESTION_RULES,
    condition,
    duration,
    name,
)

_PERSON: Final = id_example(IdKind.PRINCIPAL)
_LONG: Final = text("", "Checks a payment", maxLength=TEXT_CHARS_MAX)
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
            "description": _LONG,
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


_KINDS: Final[dict[str, Schema]] = {
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
                            "prompt": _LONG,
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
                "gate": body("", {"targets": _ASKED}, {"prompt": _LONG}),
            },
        ),
    ),
    "LinearAgentStep": _step(
        "agent",
        "An agent's turn: checked and stored, nothing runs it yet.",
        _config(
            {"instructions": "Summarize the document"},
            {"instructions": _LONG},
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

_AMOUNT: Final = number("", 2.5, minimum=0, maximum=1e12)
_COUNT: Final = whole("", 100, minimum=1, maximum=1_000_000)
_DECLARED: Final = mapping(
    "Fields by name.",
    {"amount": {"type": "number", "required": True}},
    values=body(
        "",
        optional={
            "type": text("`any` if absent.", "number"),
            "description": _LONG,
            "required": flag("", False),
            "default": anything("", 1),
        },
    ),
    maxProperties=FIELDS_DECLARED_MAX,
)
STEPS: Final = listing(
    ref("LinearStep"), "In this order.", minItems=1, maxItems=STEPS_IN_SPEC_MAX
)
#: What both dialects have around their steps.
AROUND: Final[dict[str, Schema]] = {
    "schema_version": text("", "1", choices=("1", "2")),
    "concurrency": ref("Concurrency"),
    "triggers": listing(ref("DefinedTrigger"), maxItems=TRIGGERS_MAX),
    "repositories": listing(
        body(
            "Kept for whoever reads it.",
            optional={
                "source": text("", choices=("static", "match")),
                "provider": text("", choices=("github",)),
                "id": either(whole("", 1), text("", "1"), example=1),
                "full_name": text("", "acme/web", minLength=1, maxLength=255),
                "ref": text("", "main", minLength=1, maxLength=255),
                "private": flag(),
                "push": flag("", False),
            },
        ),
        maxItems=REPOSITORIES_MAX,
    ),
    "cleanup": listing(anything(), "Made by the system, never authored.", maxItems=0),
}
_KEPT: Final = {
    "environment": mapping("Kept.", {}),
    "agent_session": mapping("Kept.", {}),
}
OF_LOOPS: Final[dict[str, Schema]] = {
    **AROUND,
    "event": _DECLARED,
    "config": _DECLARED,
    "steps": STEPS,
    "output": mapping("The result: values, or templates.", {"ok": True}),
    "limits": body(
        "What a run may take and spend.",
        optional={
            "budget_usd": _AMOUNT,
            "credit_budget": _COUNT,
            "daily_budget_usd": _AMOUNT,
            "daily_credit_budget": _COUNT,
            "wall_clock_timeout": duration("", "1h"),
            "max_agent_turns": _COUNT,
            "max_duplicate_tool_calls": _COUNT,
            "pause_after_consecutive_failures": _COUNT,
        },
    ),
    "defaults": body("", optional=_KEPT),
    "run_name": body(
        "",
        {"template": text("", "Payment", minLength=1, maxLength=TEMPLATE_CHARS_MAX)},
        {"description_template": text("", maxLength=TEMPLATE_CHARS_MAX)},
    ),
}

SCHEMAS: Final[dict[str, Schema]] = {
    "LinearStep": {
        **either(*(ref(kind) for kind in _KINDS), about="One step; `kind` says which."),
    },
    **_KINDS,
    "AutomationSpec": body(
        "What a version of an automation says.",
        {"steps": STEPS},
        {
            **AROUND,
            "schema_version": text("", choices=("1",)),
            "name": text("", "Nightly", maxLength=TEXT_CHARS_MAX),
            "description": _LONG,
            "inputs": _DECLARED,
            "defaults": body(
                "",
                optional={**_KEPT, "wall_clock_timeout": duration("0 is none.", "1h")},
            ),
        },
    ),
}
