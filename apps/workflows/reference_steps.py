"""What a workflow's spec looks like: a graph of steps, each of exactly one kind."""

from collections.abc import Mapping
from typing import Any, Final

from apps.api.schemas import (
    Schema,
    anything,
    body,
    either,
    id_example,
    listing,
    mapping,
    number,
    ref,
    text,
    whole,
)
from apps.engine.input_values import TYPES
from apps.engine.limits import (
    BACKOFF_RATE_MAX,
    EDGES_PER_STEP_MAX,
    FIELDS_DECLARED_MAX,
    NAMES_PER_RULE_MAX,
    RETRIES_MAX,
    RULES_PER_STEP_MAX,
    STEPS_IN_SPEC_MAX,
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


_STORE: Final = name("The variable that the output goes to.", "parsed")
_ON_TIMEOUT: Final = name("The step to go on with when time runs out.", "give-up")
_RETRY: Final = listing(ref("RetryRule"), maxItems=RULES_PER_STEP_MAX)
_CATCH: Final = listing(ref("CatchRule"), maxItems=RULES_PER_STEP_MAX)
_COMMON: Final = {
    "description": LONG,
    "next": listing(
        ref("Edge"),
        "Where it goes on; without, where a spec has edges anywhere, the path ends.",
        maxItems=EDGES_PER_STEP_MAX,
    ),
    "edge_matching_strategy": text(
        "Every edge whose condition holds, or the first.", choices=("all", "first")
    ),
    "each": body(
        "Once for each item, one after the other.",
        {"items": anything("A list, or an expression for one.", "inputs.pages")},
        {"as": name("`item` if absent.", "page")},
    ),
    "layout": body(
        "For editors.",
        optional={"x": number("", 120.0), "y": number("", 40.0)},
    ),
}


def _step(kind: str, about: str, block: Schema, **more: Schema) -> Schema:
    example = {"name": "parse", kind: block["examples"][0]}
    return body(
        about,
        {"name": name("Unique in the spec."), kind: block},
        {**_COMMON, **more},
        example=example,
    )


def _block(
    example: Mapping[str, Any],
    required: Mapping[str, Schema] | None = None,
    optional: Mapping[str, Schema] | None = None,
) -> Schema:
    return body("", required, optional, example=dict(example))


def _interaction_step() -> Schema:
    asked: dict[str, Schema] = {
        "target": ref("AskedTarget"),
        "targets": listing(
            either(text("", _PERSON), ref("Target"), example=_PERSON),
            "Several who are asked.",
            minItems=1,
            maxItems=TARGETS_MAX,
        ),
        **QUESTION_RULES,
        "store": _STORE,
        "on_timeout": _ON_TIMEOUT,
    }
    block = _block(
        {
            "type": "approval",
            "message": "Release?",
            "target": {"type": "user", "id": _PERSON},
            "timeout": "24h",
        },
        {
            "type": text("", choices=("approval", "review", "input")),
            "message": text("", "Release?", maxLength=TEXT_CHARS_MAX),
            "timeout": duration("", "24h"),
        },
        asked,
    )
    about = "Asks people and waits for their answer."
    return _step("interaction", about, block, store=_STORE, catch=_CATCH)


SPEC: Final[dict[str, Schema]] = {
    "WorkflowSpec": body(
        "A graph of steps. Without any edge they run in order.",
        {
            "name": name("", "ingest-document"),
            "steps": listing(
                ref("WorkflowStep"), minItems=1, maxItems=STEPS_IN_SPEC_MAX
            ),
        },
        {
            "description": LONG,
            "start_at": name("The first step; that of the list if absent."),
            "inputs": listing(
                body(
                    "An input that runs take.",
                    {"name": name("", "doc_url"), "type": text("", choices=TYPES)},
                    {"description": LONG, "default": anything("", "en")},
                ),
                "Without any, runs take whatever is sent.",
                maxItems=FIELDS_DECLARED_MAX,
            ),
            "outputs": listing(
                body(
                    "A field of the result.",
                    {"name": name("", "pages"), "variable": text("", "parsed.pages")},
                    {"branch": name("", "main"), "description": LONG},
                ),
                maxItems=FIELDS_DECLARED_MAX,
            ),
            "state": mapping("Variables that runs begin with.", {"count": 0}),
        },
        example={
            "name": "ingest-document",
            "steps": [
                {"name": "parse", "action": "doc.parse"},
                {"name": "index", "action": "doc.index"},
            ],
        },
    ),
    "WorkflowStep": either(
        *(
            ref(f"{kind}Step")
            for kind in (
                *("Action", "Interaction", "WaitForEvent", "WaitSignal", "Sleep"),
                *("Join", "Pause"),
            )
        ),
        about="One step: exactly one of `action`, `interaction`, `wait_for_event`,"
        " `wait_signal`, `sleep`, `join` and `pause` says of which kind.",
    ),
    "ActionStep": _step(
        "action",
        "Has a worker do something.",
        name("What to do.", "doc.parse"),
        action_kind=text("Who does it.", choices=("worker", "server")),
        parameters=mapping("Values, or templates.", {"url": "${inputs.doc_url}"}),
        store=_STORE,
        retry=_RETRY,
        catch=_CATCH,
    ),
    "InteractionStep": _interaction_step(),
    "WaitForEventStep": _step(
        "wait_for_event",
        "Waits for a source event.",
        _block(
            {"event_type": "custom.order.paid", "timeout": "24h"},
            {"event_type": EVENT_TYPE},
            {
                **EVENT_WAIT,
                "timeout": duration("", "24h"),
                "on_timeout": _ON_TIMEOUT,
                "store": _STORE,
            },
        ),
        retry=_RETRY,
        catch=_CATCH,
    ),
    "WaitSignalStep": _step(
        "wait_signal",
        "Waits for a signal to the run.",
        _block(
            {"topic": "approved", "timeout": "24h"},
            {"topic": name("", "approved"), "timeout": duration("", "24h")},
            {"store": _STORE, "on_timeout": _ON_TIMEOUT},
        ),
        retry=_RETRY,
        catch=_CATCH,
    ),
    "SleepStep": _step(
        "sleep",
        "Lets time pass.",
        _block({"duration": "10m"}, {"duration": duration("", "10m")}),
    ),
    "JoinStep": _step(
        "join",
        "Waits for other branches.",
        _block(
            {"branches": ["left", "right"]},
            optional={
                "branches": listing(name("", "left"), maxItems=EDGES_PER_STEP_MAX),
                "count": whole(
                    "So many are enough; 0 is all.",
                    2,
                    minimum=0,
                    maximum=EDGES_PER_STEP_MAX,
                ),
                "branch_mappings": mapping(
                    "Variables of branches, and what they are called here.",
                    {"left.pages": "left_pages"},
                    values=text("", "left_pages"),
                ),
            },
        ),
    ),
    "PauseStep": _step(
        "pause",
        "Waits for somebody to resume the run.",
        _block({"reason": "before the night"}, optional={"reason": LONG}),
    ),
    "Edge": body(
        "A way on.",
        {"step": name("", "index")},
        {
            "condition": condition("Absent is always.", "state.parsed.pages > 0"),
            "branch": name("Begins a branch of this name.", "left"),
        },
    ),
    "RetryRule": body(
        "What is tried again, and when.",
        optional={
            "error_equals": listing(
                name("", "NotFound"), "Any error if empty.", maxItems=NAMES_PER_RULE_MAX
            ),
            "max_retries": whole("", 3, minimum=0, maximum=RETRIES_MAX),
            "base_delay": duration("", "1s"),
            "max_delay": duration("", "60s"),
            "backoff_rate": number("", 2.0, minimum=0, maximum=BACKOFF_RATE_MAX),
            "jitter_strategy": text("", choices=("NONE", "FULL")),
            "timeout": duration("Of one attempt.", "5m"),
        },
        example={"max_retries": 3, "base_delay": "1s"},
    ),
    "CatchRule": body(
        "Where to go on after an error.",
        {
            "error_equals": listing(
                name("", "NotFound"), minItems=1, maxItems=NAMES_PER_RULE_MAX
            ),
            "next": name("", "give-up"),
        },
        {"store": name("The variable that the error goes to.", "error")},
    ),
}
