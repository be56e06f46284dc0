"""Admin pages of agents, sessions and messages, with the buttons of the API."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.agents.models import (
    Agent,
    AgentStatus,
    MessageRole,
    Session,
    SessionMessage,
    SessionStatus,
)
from apps.agents.selectors import page_of_messages
from apps.agents.services.append_messages import text_of
from apps.agents.services.archive_agent import archive_agent
from apps.agents.services.update_agent import AgentChanges, update_agent
from apps.agents.services.update_session import SessionChanges, update_session
from apps.api.body import INT64_MAX
from apps.identity.actor import Actor
from apps.kernel import clock
from apps.kernel.admin import (
    QuickListAdmin,
    badge,
    button,
    link,
    link_list,
    may,
    related,
)
from apps.kernel.admin_lists import choice_filter, word_filter
from apps.kernel.admin_sections import Section, instant, json_section, one_line
from apps.kernel.ids import IdKind

MESSAGES_SHOWN = 20
_EXCERPT_CHARS = 200


def state_of(agent: Agent) -> str:
    """Return active, inactive or archived."""
    return agent.status if agent.archived_at is None else "archived"


@admin.register(Agent)
class AgentAdmin(QuickListAdmin):
    """Agents and whether they may be talked to."""

    list_display = ["id", "name", "state", "model", "place", "talks"]
    list_filter = [
        choice_filter("status", lambda: AgentStatus.choices),
        word_filter("project_id", title="project id"),
    ]
    list_select_related = ["project"]
    list_defer = ["system_prompt"]
    search_ids = {IdKind.AGENT: "id", IdKind.PRINCIPAL: "principal_id"}
    search_names = ["name", "external_ref"]
    search_help_text = "Agent id, principal id, name or external ref"
    actions_detail = ["activate", "deactivate", "archive"]
    fields = [
        ("id", "state"),
        ("name", "external_ref"),
        ("place", "acts_as"),
        ("model", "talks"),
        "description",
        "system_prompt",
        ("created_by", "updated_by"),
        ("created_at", "updated_at"),
        "archived_at",
    ]
    readonly_fields = ["state", "place", "acts_as", "talks"]

    state = badge(
        "status",
        {"active": "success", "inactive": "warning", "archived": "plain"},
        description="state",
        value=state_of,
    )

    def offers(self, name: str, row: Agent) -> bool:
        """Offer what the state allows."""
        state = state_of(row)
        return {
            "activate": state == "inactive",
            "deactivate": state == "active",
            "archive": state != "archived",
        }[name]

    def sections(self, request: HttpRequest, row: Agent) -> Sequence[Section]:
        """Show its tags and metadata."""
        shown = [json_section("Tags", row.tags)] if row.tags else []
        return [*shown, json_section("Metadata", row.metadata)]

    @related("project")
    def place(self, agent: Agent) -> str:
        """Link to the project."""
        return link("identity", "project", agent.project_id, agent.project)

    @related("acts as")
    def acts_as(self, agent: Agent) -> str:
        """Link to the principal."""
        return link("identity", "principal", agent.principal_id)

    @related("sessions")
    def talks(self, agent: Agent) -> str:
        """Link to its sessions."""
        return link_list("agents", "session", "sessions", q=agent.id)

    @button("Activate", question="Let it be talked to again?", icon="play_arrow")
    def activate(self, request: HttpRequest, object_id: str) -> str:
        """Change the status through the service of the API."""
        _change(request, object_id, AgentStatus.ACTIVE)
        return "The agent is active."

    @button(
        "Deactivate",
        question="Begin no session with it and take no message?",
        icon="pause",
    )
    def deactivate(self, request: HttpRequest, object_id: str) -> str:
        """Change the status through the service of the API."""
        _change(request, object_id, AgentStatus.INACTIVE)
        return "The agent is inactive."

    @button(
        "Archive",
        question="Close its sessions and revoke its keys, for good?",
        icon="archive",
        danger=True,
    )
    def archive(self, request: HttpRequest, object_id: str) -> str:
        """Archive through the service of the API."""
        row = Agent.objects.only("project_id").get(id=object_id)
        by = Actor.of_account(request.user.get_username())
        archive_agent(row.project_id, object_id, by=by, now=clock.now())
        return "The agent is archived."


def _change(request: HttpRequest, agent_id: str, status: str) -> None:
    row = Agent.objects.only("project_id").get(id=agent_id)
    by = Actor.of_account(request.user.get_username())
    changes = AgentChanges(status=status)
    update_agent(row.project_id, agent_id, changes, by=by, now=clock.now())


@admin.register(Session)
class SessionAdmin(QuickListAdmin):
    """Conversations, and what was said last."""

    list_display = ["id", "agent", "session_key", "state", "last_sequence", "spoken"]
    list_filter = [
        choice_filter("status", lambda: SessionStatus.choices),
        word_filter("project_id", title="project id"),
        word_filter("agent_id", title="agent id"),
    ]
    search_ids = {IdKind.SESSION: "id", IdKind.AGENT: "agent_id"}
    search_help_text = "Session id or agent id"
    actions_detail = ["close"]
    fields = [
        ("id", "state"),
        ("agent", "place"),
        ("session_key", "title"),
        ("last_sequence", "last_message_at"),
        ("created_by", "created_at"),
        ("updated_at", "closed_at"),
    ]
    readonly_fields = ["state", "agent", "place"]

    state = badge("status", {"active": "success", "closed": "plain"})

    def offers(self, name: str, row: Session) -> bool:
        """Offer what the state allows."""
        return row.status == "active"

    def sections(self, request: HttpRequest, row: Session) -> Sequence[Section]:
        """Show its metadata and the last messages."""
        shown = [json_section("Metadata", row.metadata)] if row.metadata else []
        if may(request, "agents.view_sessionmessage"):
            shown.append(_messages_section(row))
        return shown

    @related("agent")
    def agent(self, session: Session) -> str:
        """Link to the agent."""
        return link("agents", "agent", session.agent_id)

    @related("project")
    def place(self, session: Session) -> str:
        """Link to the project."""
        return link("identity", "project", session.project_id)

    @related("last message")
    def spoken(self, session: Session) -> str:
        """Show when something was said last."""
        return instant(session.last_message_at)

    @button("Close", question="Take no more messages?", icon="stop", danger=True)
    def close(self, request: HttpRequest, object_id: str) -> str:
        """Close through the service of the API."""
        row = Session.objects.only("project_id").get(id=object_id)
        changes = SessionChanges(status=SessionStatus.CLOSED)
        update_session(row.project_id, object_id, changes, now=clock.now())
        return "The session is closed."


def _messages_section(session: Session) -> Section:
    page = page_of_messages(
        session.id, after=0, before=INT64_MAX, limit=MESSAGES_SHOWN, newest_first=True
    )
    return Section(
        "Latest messages",
        headers=["#", "Message", "Role", "Text", "Created"],
        rows=[
            (
                str(one.sequence),
                link("agents", "sessionmessage", one.id),
                one.role,
                text_of(one.content)[:_EXCERPT_CHARS],
                instant(one.created_at),
            )
            for one in page.messages
        ],
    )


@admin.register(SessionMessage)
class SessionMessageAdmin(QuickListAdmin):
    """What was said."""

    list_display = ["id", "session", "sequence", "role", "says", "created_at"]
    list_filter = [choice_filter("role", lambda: MessageRole.choices)]
    search_ids = {IdKind.SESSION_MESSAGE: "id", IdKind.SESSION: "session_id"}
    search_help_text = "Message id or session id"
    fields = [("id", "session"), ("sequence", "role"), ("created_by", "created_at")]
    readonly_fields = ["session"]

    def sections(self, request: HttpRequest, row: SessionMessage) -> Sequence[Section]:
        """Show what it says."""
        return [
            json_section("Content", row.content),
            json_section("Metadata", row.metadata, closed=True),
        ]

    @related("session")
    def session(self, message: SessionMessage) -> str:
        """Link to the session."""
        return link("agents", "session", message.session_id)

    @related("content")
    def says(self, message: SessionMessage) -> str:
        """Show the content on a line."""
        return one_line(message.content)
