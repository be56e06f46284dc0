"""What agents, sessions and messages look like."""

from typing import Final

from apps.agents.frames import PREVIEWS, RESYNC
from apps.agents.models import AgentStatus, MessageRole, SessionStatus
from apps.agents.requests import (
    DESCRIPTION_CHARS_MAX,
    METADATA_BYTES_MAX,
    MODEL_CHARS_MAX,
    NAME_CHARS_MAX,
    PROMPT_CHARS_MAX,
    REF_CHARS_MAX,
)
from apps.agents.services.open_session import Mode
from apps.agents.session_requests import (
    KEY_CHARS_MAX,
    PREVIEW_BYTES_MAX,
    TITLE_CHARS_MAX,
)
from apps.api.schemas import (
    Schema,
    body,
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
from apps.kernel.ids import IdKind

AGENT_ID: Final = id_example(IdKind.AGENT)
SESSION_ID: Final = id_example(IdKind.SESSION)
PRINCIPAL_ID: Final = id_example(IdKind.PRINCIPAL)
_NAME: Final = text(
    "Unique among the agents that are not archived.",
    "helper",
    minLength=1,
    maxLength=NAME_CHARS_MAX,
    pattern=r"^\S(.*\S)?$",
)
_REF: Final = text(
    "What you call it; it stays once it is given.",
    "crm:7",
    minLength=1,
    maxLength=REF_CHARS_MAX,
)
METADATA: Final = mapping(
    f"Anything, up to {METADATA_BYTES_MAX} bytes.", {"channel": "web"}
)
_STATUS: Final = text("", "active", choices=AgentStatus.values)
SESSION_STATUS: Final = text("", "active", choices=SessionStatus.values)
_KEY: Final = text(
    "What you call it; one active session of an agent has it.",
    "chat-7",
    minLength=1,
    maxLength=KEY_CHARS_MAX,
)
_TITLE: Final = text("", "Late orders", maxLength=TITLE_CHARS_MAX)
_PLAIN: Final[dict[str, Schema]] = {
    "description": text("", "Knows orders", maxLength=DESCRIPTION_CHARS_MAX),
    "model": text("For who plays it.", "any-1", maxLength=MODEL_CHARS_MAX),
    "system_prompt": text("For who plays it.", "Be short.", maxLength=PROMPT_CHARS_MAX),
    "tags": ref("Tags"),
    "metadata": METADATA,
}

AGENTS: Final = {
    "Agent": record(
        "Somebody to talk with.",
        {
            "id": identifier(IdKind.AGENT),
            "principal_id": identifier(IdKind.PRINCIPAL, "As whom it acts, for good."),
            "name": text("", "helper"),
            **_PLAIN,
            "status": _STATUS,
            "created_at": instant(),
            "updated_at": instant(),
        },
        {
            "external_ref": text("", "crm:7"),
            "created_by": text("", PRINCIPAL_ID),
            "updated_by": text("", PRINCIPAL_ID),
            "archived_at": instant("Since when it has no access any more."),
        },
    ),
    "NewAgent": body(
        "An agent to make, with a principal of its own.",
        {"name": _NAME},
        {
            "external_ref": _REF,
            "if_exists": text(
                "`adopt` answers with the agent that has the `external_ref`.",
                choices=("error", "adopt"),
            ),
            **_PLAIN,
        },
        example={"name": "helper", "system_prompt": "Be short."},
    ),
    "AgentChanges": body(
        "What is absent stays; `tags` and `metadata` are replaced as a whole.",
        optional={"name": _NAME, "external_ref": _REF, "status": _STATUS, **_PLAIN},
        example={"status": "inactive"},
    ),
}
PART_OF_CONTENT: Final = mapping(
    "A part: its `type` says what else is in it; that of `text` has a `text`.",
    {"type": "text", "text": "What is late?"},
)
_MESSAGE: Final[dict[str, Schema]] = {
    "session_id": identifier(IdKind.SESSION),
    "agent_id": identifier(IdKind.AGENT),
    "sequence": whole("From 1, without a gap.", 1, minimum=1),
    "role": text("", "user", choices=MessageRole.values),
    "content": listing(PART_OF_CONTENT),
    "metadata": METADATA,
    "created_at": instant(),
}
_WRITER: Final[dict[str, Schema]] = {"created_by": text("", PRINCIPAL_ID)}
SESSIONS: Final = {
    "Session": record(
        "A conversation with one agent.",
        {
            "id": identifier(IdKind.SESSION),
            "agent_id": identifier(IdKind.AGENT),
            "session_key": text("Empty if it has none.", "chat-7"),
            "title": text("", "Late orders"),
            "status": SESSION_STATUS,
            "metadata": METADATA,
            "message_count": whole("", 2),
            "last_sequence": whole("The number of its last message.", 2),
            "created_at": instant(),
            "updated_at": instant(),
        },
        {"last_message_at": instant(), "closed_at": instant(), **_WRITER},
    ),
    "NewSession": body(
        "A session to open, or to find.",
        {"agent_id": text("", AGENT_ID, minLength=1, maxLength=64)},
        {
            "mode": text(
                "`continue` finds the active session with the `session_key`;"
                " `continue_or_create` opens one if there is none.",
                choices=list(Mode),
            ),
            "session_key": _KEY,
            "title": _TITLE,
            "metadata": METADATA,
        },
        example={
            "agent_id": AGENT_ID,
            "mode": "continue_or_create",
            "session_key": "chat-7",
        },
    ),
    "SessionChanges": body(
        "What is absent stays; `metadata` is replaced as a whole.",
        optional={"title": _TITLE, "status": SESSION_STATUS, "metadata": METADATA},
        example={"status": "closed"},
    ),
    "NewPreview": body(
        "Something to show and not to store.",
        {
            "data": mapping(
                f"Up to {PREVIEW_BYTES_MAX} bytes as JSON.", {"text": "Noth"}
            )
        },
        {"type": text("", choices=PREVIEWS)},
        example={"data": {"text": "Noth"}},
    ),
    "SessionMessage": record(
        "Something that was said.",
        {"id": identifier(IdKind.SESSION_MESSAGE), **_MESSAGE},
        _WRITER,
    ),
    "SessionMessageFrame": record(
        "A message on a stream; the id of the frame is its number.",
        {
            "type": text(
                "",
                "user.message",
                choices=[f"{role}.message" for role in MessageRole.values],
            ),
            "message_id": identifier(IdKind.SESSION_MESSAGE),
            **_MESSAGE,
        },
        _WRITER,
    ),
    "SessionLiveFrame": {
        **record(
            "What is live only, without an id: beside these fields, what the agent put"
            f" in `data`. `{RESYNC}`: forget what was shown of messages that have not"
            " come.",
            {
                "type": text("", PREVIEWS[0], choices=(*PREVIEWS, RESYNC)),
                "session_id": identifier(IdKind.SESSION),
            },
        ),
        "additionalProperties": True,
    },
}
