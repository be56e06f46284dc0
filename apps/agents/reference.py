"""What the reference says of agents and sessions; messages are said of in ``runs``."""

from typing import Final

from apps.agents.models import AgentStatus
from apps.agents.reference_schemas import (
    AGENT_ID,
    AGENTS,
    PRINCIPAL_ID,
    SESSION_ID,
    SESSION_STATUS,
    SESSIONS,
)
from apps.agents.requests import NAME_CHARS_MAX
from apps.agents.selectors import ARCHIVED
from apps.agents.session_requests import KEY_CHARS_MAX
from apps.agents.session_views import PREVIEWS_PER_MINUTE_MAX, SessionViewSet
from apps.agents.stream import session_events
from apps.agents.views import AgentViewSet
from apps.api.reference import (
    EVENT_STREAM,
    Answer,
    Held,
    Operation,
    Part,
    conflict,
    denied,
    missing,
    nothing,
    paged,
    place,
    shown,
    too_large,
    unavailable,
)
from apps.api.schemas import Schema, either, instant, ref, tag_filter, text
from apps.identity.permissions import Permission

_NAME_TAKEN: Final = conflict("The name is taken.")
_REF_TAKEN: Final = conflict(
    "The `external_ref` is another agent's, or stays.", "external_identity_conflict"
)
_ARCHIVED: Final = conflict("The agent is archived.", "agent_archived")
_INACTIVE: Final = conflict("The agent is inactive.", "agent_inactive")
_KEY_TAKEN: Final = conflict(
    "Another active session of the agent has the key.", "session_key_taken"
)
_FILTERS: Final[dict[str, Schema]] = {
    "session_key": text("", "chat-7", maxLength=KEY_CHARS_MAX),
    "status": SESSION_STATUS,
    "since": instant("When something last happened there, at the earliest."),
}
_STREAM: Final = Operation(
    id="streamSession",
    summary="Follow a session",
    about="Ends behind the last message of a session that is closed or deleted.",
    query={
        "after_sequence": text(
            "The number of the last message that was seen; the larger of it and"
            " `Last-Event-ID` counts. Without them it begins with the first.",
            "2",
        )
    },
    headers={"Last-Event-ID": text("The id of the last frame.", "2")},
    answers={
        200: Answer(
            "Frames. `: keep-alive` comments come in between.",
            text("Server-sent events."),
            media=EVENT_STREAM,
            example='id: 1\nevent: user.message\ndata: {"type":"user.message"}\n\n',
            frames=either(ref("SessionMessageFrame"), ref("SessionLiveFrame")),
        )
    },
    refusals=(unavailable("This process holds as many streams as it may."),),
    aliases=("streamAgentSessionEvents",),
)

PARTS: Final = (
    Part(
        title="Agents",
        about="Who can be talked with. The server runs no model: whatever process has a"
        " key of an agent's principal plays it.",
        operations={
            (AgentViewSet, "list"): Operation(
                id="listAgents",
                summary="List agents",
                query={
                    "name": text("", "helper", maxLength=255),
                    "external_ref": text("", "crm:7", maxLength=255),
                    "principal_id": text("", PRINCIPAL_ID, maxLength=255),
                    "status": text(
                        "", "active", choices=(*AgentStatus.values, ARCHIVED)
                    ),
                    "tag": tag_filter(),
                },
                answers=paged("Agent", "A page, newest first, without archived ones."),
            ),
            (AgentViewSet, "create"): Operation(
                id="createAgent",
                summary="Create an agent",
                about="It holds the role Agent.",
                body=ref("NewAgent"),
                once=True,
                answers={
                    201: Answer("The agent.", ref("Agent")),
                    200: Answer("The one that is adopted, unchanged.", ref("Agent")),
                },
                refusals=(
                    _NAME_TAKEN,
                    _REF_TAKEN,
                    denied("You do not hold what the role Agent allows."),
                ),
            ),
            (AgentViewSet, "retrieve"): Operation(
                id="getAgent",
                summary="Get an agent",
                answers=shown("Agent", "The agent, also when it is archived."),
            ),
            (AgentViewSet, "partial_update"): Operation(
                id="updateAgent",
                summary="Change an agent",
                body=ref("AgentChanges"),
                answers=shown("Agent", "The changed agent."),
                refusals=(_ARCHIVED, _NAME_TAKEN, _REF_TAKEN),
            ),
            (AgentViewSet, "destroy"): Operation(
                id="deleteAgent",
                summary="Archive an agent",
                answers=nothing("Its keys are revoked, its sessions closed and kept."),
                refusals=(
                    conflict("Nobody could manage access.", "last_access_manager"),
                ),
            ),
        },
        schemas=AGENTS,
        places={"agent": place("The id of an agent.", AGENT_ID)},
    ),
    Part(
        title="Sessions",
        about="Conversations with agents. Each message is a source event,"
        " `session.message.created`.",
        held={session_events: Held(Permission.SESSION_VIEW, _STREAM)},
        operations={
            (SessionViewSet, "list"): Operation(
                id="listSessions",
                summary="List sessions",
                query={
                    "agent_id": text("", AGENT_ID, maxLength=64),
                    "agent_name": text("", "helper", maxLength=NAME_CHARS_MAX),
                    **_FILTERS,
                },
                answers=paged("Session"),
            ),
            (SessionViewSet, "list_of_agent"): Operation(
                id="listAgentSessions",
                summary="List the sessions with an agent",
                query=_FILTERS,
                answers=paged("Session"),
            ),
            (SessionViewSet, "create"): Operation(
                id="createSession",
                summary="Open or find a session",
                body=ref("NewSession"),
                once=True,
                answers=shown("Session", "The session, new or not."),
                refusals=(
                    missing("There is no such agent, or no session to continue."),
                    _KEY_TAKEN,
                    _ARCHIVED,
                    _INACTIVE,
                ),
            ),
            (SessionViewSet, "retrieve"): Operation(
                id="getSession",
                summary="Get a session",
                answers=shown("Session", "The session."),
            ),
            (SessionViewSet, "partial_update"): Operation(
                id="updateSession",
                summary="Change, close or reopen a session",
                body=ref("SessionChanges"),
                answers=shown("Session", "The changed session."),
                refusals=(_KEY_TAKEN, _ARCHIVED, _INACTIVE),
            ),
            (SessionViewSet, "destroy"): Operation(
                id="deleteSession",
                summary="Delete a session",
                answers=nothing("Its messages are gone too."),
            ),
            (SessionViewSet, "preview"): Operation(
                id="showSessionPreview",
                summary="Show what the agent is about to say",
                about=f"Readers of the stream have it at once, and nobody later. Up to"
                f" {PREVIEWS_PER_MINUTE_MAX} a minute.",
                body=ref("NewPreview"),
                answers=nothing("It is on its way."),
                refusals=(
                    denied("Only the agent, and who manages agents."),
                    too_large("`data` is over the limit."),
                    conflict("The session is closed.", "session_closed"),
                    _ARCHIVED,
                    _INACTIVE,
                ),
            ),
        },
        schemas=SESSIONS,
        places={"session": place("The id of a session.", SESSION_ID)},
    ),
)
