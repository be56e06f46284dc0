"""What automations and loops consist of: steps in a row, each with a kind and a config,
and what stands around them."""

from typing import Final

from apps.api.schemas import (
    Schema,
    anything,
    body,
    either,
    flag,
    listing,
    mapping,
    number,
    ref,
    text,
    whole,
)
from apps.definitions.contents import REPOSITORIES_MAX, TEMPLATE_CHARS_MAX
from apps.definitions.reference_kinds import KINDS
from apps.engine.limits import (
    FIELDS_DECLARED_MAX,
    STEPS_IN_SPEC_MAX,
    TEXT_CHARS_MAX,
)
from apps.triggers.block import TRIGGERS_MAX
from apps.workflows.reference_words import (
    LONG,
    duration,
)

_AMOUNT: Final = number("", 2.5, minimum=0, maximum=1e12)
_COUNT: Final = whole("", 100, minimum=1, maximum=1_000_000)
_DECLARED: Final = mapping(
    "Fields by name.",
    {"amount": {"type": "number", "required": True}},
    values=body(
        "",
        optional={
            "type": text("`any` if absent.", "number"),
            "description": LONG,
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
        **either(*(ref(kind) for kind in KINDS), about="One step; `kind` says which."),
    },
    **KINDS,
    "AutomationSpec": body(
        "What a version of an automation says.",
        {"steps": STEPS},
        {
            **AROUND,
            "schema_version": text("", choices=("1",)),
            "name": text("", "Nightly", maxLength=TEXT_CHARS_MAX),
            "description": LONG,
            "inputs": _DECLARED,
            "defaults": body(
                "",
                optional={**_KEPT, "wall_clock_timeout": duration("0 is none.", "1h")},
            ),
        },
    ),
}
