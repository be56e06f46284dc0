"""The newer clients' schema of an interaction: they refuse every field they do not
know, so nothing else may be shown to them."""

from typing import Any

Shown = dict[str, Any]

TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT[0-9:.]+Z$"}
ANYTHING: Shown = {}
STATUSES = ["pending", "in_review", "completed", "expired", "cancelled"]
KINDS = ["request_information", "request_approval", "request_review", "assign_work"]
ACTIONS = ["created", "submitted_for_review", "accepted", "changes_requested"]
ACTIONS += ["resolved", "cancelled", "expired"]


def closed(required: str, **properties: Any) -> Shown:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def many(items: Shown) -> Shown:
    return {"type": "array", "items": items}


OPTION = closed("value label", value=TEXT, label=TEXT, description=TEXT)
SPEC = closed(
    "mode",
    mode={"enum": ["confirm", "select", "multi_select", "input"]},
    options=many(OPTION),
    default_value=TEXT,
    default_values=many(TEXT),
    default_text=TEXT,
    default_confirmed={"type": "boolean"},
    placeholder=TEXT,
    multiline={"type": "boolean"},
)
RESPONSE = closed(
    "id interaction_id response_kind state responder_user_id value responded_at"
    " created_at updated_at",
    id=TEXT,
    interaction_id=TEXT,
    response_kind={"enum": ["response"]},
    state={"enum": ["submitted"]},
    responder_user_id=TEXT,
    value=ANYTHING,
    comment=TEXT_OR_NULL,
    responded_at=TIME,
    attempt={"type": ["integer", "null"]},
    created_at=TIME,
    updated_at=TIME,
)
LIFECYCLE = closed(
    "at status action",
    at=TIME,
    status={"enum": STATUSES},
    action={"enum": ACTIONS},
    actor_id=TEXT_OR_NULL,
    comment=TEXT_OR_NULL,
    round={"type": ["integer", "null"]},
)
POLICY = closed(
    "type",
    type={"enum": ["any_of", "all_of", "quorum"]},
    threshold={"type": "integer", "minimum": 1},
    review=closed("", reviewer_user_ids=many(TEXT)),
)
PERSON = closed("user_id", user_id=TEXT)
REFERENCE = closed(
    "kind",
    kind={"enum": ["external_url", "mobius_entity"]},
    **dict.fromkeys(["url", "entity_type", "entity_id", "relation", "label"], TEXT),
)
CHANNEL = closed(
    "kind",
    kind={"enum": ["inbox_only", "email"]},
    email=closed("to", to=many(TEXT)),
)
CONSUMER = closed(
    "kind",
    kind={"enum": ["run", "agent_tool", "http_subscriber", "none"]},
    run=closed("run_id signal_name", run_id=TEXT, signal_name=TEXT),
)
INTERACTION = closed(
    "id kind status title target_user_ids created_at updated_at",
    id=TEXT,
    run_id=TEXT_OR_NULL,
    signal_name=TEXT_OR_NULL,
    created_by=TEXT_OR_NULL,
    kind={"enum": KINDS},
    status={"enum": STATUSES},
    title={"type": "string", "minLength": 1},
    description=TEXT_OR_NULL,
    subject=REFERENCE,
    references=many(REFERENCE),
    context={"type": ["object", "null"]},
    tags={"type": "object", "additionalProperties": TEXT},
    properties={"type": ["object", "null"]},
    spec=SPEC,
    target_user_ids=many(TEXT),
    responder=PERSON,
    resolving_response_id=TEXT_OR_NULL,
    responses=many(RESPONSE),
    expires_at={"anyOf": [TIME, {"type": "null"}]},
    completed_at={"anyOf": [TIME, {"type": "null"}]},
    created_at=TIME,
    updated_at=TIME,
    require_all={"type": "boolean"},
    resolution_policy=POLICY,
    consumer=CONSUMER,
    delivery=closed("channels", channels=many(CHANNEL)),
    outcome=ANYTHING,
    resolved_by=TEXT_OR_NULL,
    cancel_reason=TEXT_OR_NULL,
    review_round={"type": ["integer", "null"]},
    submitted_at={"anyOf": [TIME, {"type": "null"}]},
    review_feedback=TEXT_OR_NULL,
    reviewer=PERSON,
    lifecycle=many(LIFECYCLE),
)
