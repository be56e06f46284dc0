"""What automations, their versions and loops look like in requests and answers."""

from typing import Any, Final

from apps.api.schemas import (
    Schema,
    anything,
    body,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    mapping,
    record,
    ref,
    text,
    whole,
)
from apps.definitions.contents import AUTHORED
from apps.definitions.reference_steps import OF_LOOPS
from apps.definitions.reference_steps import SCHEMAS as STEP_SCHEMAS
from apps.definitions.requests import AGENT_CHARS_MAX
from apps.definitions.selectors import STATUSES
from apps.kernel.ids import IdKind
from apps.triggers.block import KINDS
from apps.workflows.models import Dialect
from apps.workflows.requests import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX

_BY: Final = text("The principal.", id_example(IdKind.PRINCIPAL))
_AGENT: Final = text("", "harry", maxLength=AGENT_CHARS_MAX)
_NAME: Final = text("", "Large payments", minLength=1, maxLength=NAME_CHARS_MAX)
_PLAIN: Final[dict[str, Schema]] = {
    "description": text("", "Checks payments", maxLength=DESCRIPTION_CHARS_MAX),
    "settings": mapping("Kept.", {}),
    "tags": ref("Tags"),
}
_STEPS_EXAMPLE: Final = [
    {"id": "check", "kind": "action", "config": {"action_name": "fraud.check"}}
]
_OWNER: Final[dict[str, Schema]] = {
    "org_id": identifier(IdKind.ORGANIZATION),
    "project_id": identifier(IdKind.PROJECT),
}
_TIMES: Final[dict[str, Schema]] = {"created_at": instant(), "updated_at": instant()}


def _of_automations(**more: Schema) -> dict[str, Schema]:
    return {
        **_PLAIN,
        "default_agent_id": _AGENT,
        "default_inputs": mapping("Of every run, unless it says otherwise.", {"n": 1}),
        **more,
    }


def _of_loops(**more: Schema) -> dict[str, Schema]:
    return {
        **OF_LOOPS,
        **_PLAIN,
        "agent_id": _AGENT,
        "default_config": mapping("Of every run, unless it says otherwise.", {"n": 1}),
        **more,
    }


def _status(dialect: Dialect) -> Schema:
    return text("", "active", choices=STATUSES[dialect])


def _as_sent(field: str) -> Schema:
    example: Any = _STEPS_EXAMPLE if field == "steps" else None
    return anything("As it was sent.", example)


SCHEMAS: Final[dict[str, Schema]] = {
    **STEP_SCHEMAS,
    "Automation": record(
        "",
        {
            "id": identifier(IdKind.WORKFLOW),
            **_OWNER,
            "handle": text("", "nightly"),
            "name": text("", "Nightly"),
            "status": _status(Dialect.AUTOMATION),
            "latest_version": whole("0 if there is none.", 2),
            "tags": ref("Tags"),
            "triggers": listing(ref("AutomationTrigger"), "Of what is published."),
            **_TIMES,
        },
        {
            "description": _PLAIN["description"],
            "owner": _BY,
            "default_agent_id": _AGENT,
            "published_version": whole("What runs.", 2),
            "default_inputs": mapping("", {"n": 1}),
            "settings": mapping("", {}),
            "last_run_at": instant(),
            "archived_at": instant(),
        },
    ),
    "AutomationTrigger": record(
        "A trigger of the published version.",
        {
            "id": identifier(IdKind.TRIGGER),
            **_OWNER,
            "automation_id": identifier(IdKind.WORKFLOW),
            "name": text("", "payments"),
            "kind": text("", "event", choices=[k for k in KINDS if k != "webhook"]),
            "enabled": flag(),
            "config": mapping("", {"event_type": "custom.payment.*"}),
            "concurrency_policy": ref("Concurrency"),
            "max_concurrent_runs": whole(),
            **_TIMES,
        },
        {
            "http_handle": text("", "orders"),
            "signing_secret_set": flag("", False),
            "event_type": text("", "custom.payment.*"),
            "source_id": text("", "p-1"),
            "condition": text("", "event.amount > 100"),
            "last_fire_at": instant(),
            "next_fire_at": instant(),
        },
    ),
    "NewAutomation": body(
        "",
        {
            "name": _NAME,
            "handle": text(
                "Unique in the project.",
                "nightly",
                minLength=1,
                maxLength=NAME_CHARS_MAX,
            ),
        },
        _of_automations(),
    ),
    "AutomationChanges": body(
        "What is absent stays.",
        optional=_of_automations(name=_NAME, status=_status(Dialect.AUTOMATION)),
        example={"status": "paused"},
    ),
    "AutomationVersion": record(
        "A version: draft, published or superseded.",
        {
            "id": identifier(IdKind.WORKFLOW_VERSION),
            **_OWNER,
            "automation_id": identifier(IdKind.WORKFLOW),
            "version": whole("From 1."),
            "status": text("", choices=("draft", "published", "superseded")),
            "spec": mapping("As it was sent.", {"steps": _STEPS_EXAMPLE}),
            "created_at": instant(),
        },
        {
            "compiled_plan": mapping("As it was sent.", {}),
            "created_by": _BY,
        },
    ),
    "NewAutomationVersion": body(
        "",
        {"spec": ref("AutomationSpec")},
        {"compiled_plan": mapping("Kept.", {})},
        example={"spec": {"steps": _STEPS_EXAMPLE}},
    ),
    "Loop": record(
        "A loop with its authoring fields as they were sent.",
        {
            "id": identifier(IdKind.WORKFLOW),
            "name": text("", "Large payments"),
            "status": _status(Dialect.LOOP),
            "tags": ref("Tags"),
            **_TIMES,
        },
        {
            "description": _PLAIN["description"],
            "owner": _BY,
            "agent_id": _AGENT,
            **{field: _as_sent(field) for field in AUTHORED[Dialect.LOOP]},
            "default_config": mapping("", {"n": 1}),
            "settings": mapping("", {}),
            "last_run_at": instant(),
        },
        example=None,
    ),
    "NewLoop": body(
        "Without steps it is a draft.",
        {"name": _NAME},
        _of_loops(),
        example={"name": "Large payments", "steps": _STEPS_EXAMPLE},
    ),
    "LoopChanges": body(
        "What is absent stays. Authoring fields that were sent take the place of those"
        " that were authored before.",
        optional=_of_loops(name=_NAME, status=_status(Dialect.LOOP)),
        example={"status": "paused"},
    ),
}
