"""What the reference says of messages: written where the runs are known that they may
be of."""

from typing import Final

from apps.agents.models import MessageRole
from apps.agents.reference_schemas import METADATA, PART_OF_CONTENT, SESSIONS
from apps.agents.session_requests import (
    CONTENT_BYTES_MAX,
    MESSAGES_MAX,
    PARTS_MAX,
    REQUEST_CONTENT_BYTES_MAX,
)
from apps.api.reference import Answer, Operation, Part, conflict, denied, shown
from apps.api.reference import too_large as over
from apps.api.schemas import (
    NEXT_CURSOR,
    body,
    either,
    flag,
    id_example,
    identifier,
    instant,
    listing,
    record,
    ref,
    text,
    whole,
)
from apps.kernel.ids import IdKind
from apps.runs.speaking import SpeakingViewSet

_ROLE: Final = text("", "user", choices=MessageRole.values)
_NUMBER: Final = "The number of a message."
_SESSION: Final = SESSIONS["Session"]

_SCHEMAS: Final = {
    "NewSessionMessage": body(
        "Something to say.",
        {
            "role": _ROLE,
            "content": either(
                text("One part of `text`.", "What is late?", minLength=1),
                listing(PART_OF_CONTENT, minItems=1, maxItems=PARTS_MAX),
                about=f"Up to {CONTENT_BYTES_MAX} bytes as JSON.",
                example="What is late?",
            ),
        },
        {"metadata": METADATA},
    ),
    "NewSessionMessages": body(
        "All are written or none. Their contents together are up to"
        f" {REQUEST_CONTENT_BYTES_MAX} bytes.",
        {
            "messages": listing(
                ref("NewSessionMessage"),
                "In this order.",
                minItems=1,
                maxItems=MESSAGES_MAX,
            )
        },
        {
            "run_id": text(
                "The run for which it is said: it starts no endless loop.",
                id_example(IdKind.RUN),
                minLength=1,
                maxLength=64,
            )
        },
        example={"messages": [{"role": "user", "content": "What is late?"}]},
    ),
    "SpokenSession": record(
        "The session as it is now, and what was written.",
        {
            **{name: _SESSION["properties"][name] for name in _SESSION["required"]},
            "messages": listing(
                record(
                    "A message that is new.",
                    {
                        "id": identifier(IdKind.SESSION_MESSAGE),
                        "sequence": whole("", 1),
                        "role": _ROLE,
                        "created_at": instant(),
                    },
                )
            ),
        },
        {
            name: schema
            for name, schema in _SESSION["properties"].items()
            if name not in _SESSION["required"]
        },
    ),
    "SessionMessageList": record(
        "Messages in the order that was asked for. A page ends early when its contents"
        " are large.",
        {"items": listing(ref("SessionMessage")), "has_more": flag("More follow.")},
        {
            "next_sequence": whole(
                "Send it as `after_sequence`, or with `order=desc` as"
                " `before_sequence`.",
                50,
            ),
            NEXT_CURSOR: text("Absent on the last page; opaque.", "WzUwXQ"),
        },
    ),
}

PART: Final = Part(
    title="Sessions",
    about="",
    operations={
        (SpeakingViewSet, "list"): Operation(
            id="listSessionMessages",
            summary="List what was said",
            query={
                "after_sequence": text(_NUMBER, "2", pattern="^[0-9]{1,19}$"),
                "before_sequence": text(_NUMBER, "9", pattern="^[0-9]{1,19}$"),
                "order": text("", choices=("asc", "desc")),
                "limit": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 200,
                    "default": 50,
                },
            },
            answers={200: Answer("A page.", ref("SessionMessageList"))},
        ),
        (SpeakingViewSet, "create"): Operation(
            id="appendSessionMessages",
            summary="Say something",
            body=ref("NewSessionMessages"),
            once=True,
            answers=shown("SpokenSession", "It is said."),
            refusals=(
                denied("You may not write in that role: it is the agent's."),
                over("One content, or all together, are over the limit."),
                conflict("The session is closed.", "session_closed"),
                conflict("The agent is archived.", "agent_archived"),
                conflict("The agent is inactive.", "agent_inactive"),
            ),
        ),
    },
    schemas=_SCHEMAS,
)
