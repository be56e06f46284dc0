"""HTTP for sessions and their messages. Streams are held routes; writing messages is in
``apps.runs``: a message may name the run it was written for."""

from typing import Any, ClassVar, Final

from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.authorship import Author
from apps.agents.frames import show_message
from apps.agents.renderings import render_session
from apps.agents.selectors import (
    find_agent,
    find_session,
    list_sessions,
    page_of_messages,
)
from apps.agents.services.delete_session import delete_session
from apps.agents.services.open_session import open_session
from apps.agents.services.show_preview import show_preview
from apps.agents.services.update_session import update_session
from apps.agents.session_requests import (
    read_bounds,
    read_new_session,
    read_preview,
    read_session_changes,
    read_session_filters,
)
from apps.api.pagination import encode_cursor, page_newest_first
from apps.identity.limits import count_use
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock

#: Live events that one session takes in a minute.
PREVIEWS_PER_MINUTE_MAX: Final = 3000


class SessionViewSet(ProjectViewSet):
    """``/v1/projects/{project}/sessions``."""

    permissions: ClassVar = {
        "list": Permission.SESSION_VIEW,
        "list_of_agent": Permission.SESSION_VIEW,
        "create": Permission.SESSION_WRITE,
        "retrieve": Permission.SESSION_VIEW,
        "partial_update": Permission.SESSION_WRITE,
        "destroy": Permission.SESSION_WRITE,
        "preview": Permission.SESSION_WRITE,
    }
    while_archived = ("preview",)

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; filters ``agent_id``, ``agent_name``,
        ``session_key``, ``status`` and ``since``."""
        return self._page(request)

    def list_of_agent(self, request: Request, project: str, agent: str) -> Response:
        """200 with a page of the sessions with one agent."""
        found = find_agent(self.project_id, agent)
        return self._page(request, of_agent=found.id)

    def create(self, request: Request, project: str) -> Response:
        """200 with the session, new or, with the ``mode`` ``continue`` or
        ``continue_or_create``, the active one that has the ``session_key``. 409 when a
        new one's key is taken, or the agent is archived or inactive."""
        now = clock.now()
        new = read_new_session(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            opened = open_session(
                self.project_id, new, created_by=self.caller.principal_id, now=now
            )
            return 200, render_session(opened.session)

        return self.answer_once(request, "sessions.create", act, now=now)

    def retrieve(self, request: Request, project: str, session: str) -> Response:
        """200 with the session."""
        return Response(render_session(find_session(self.project_id, session)))

    def partial_update(self, request: Request, project: str, session: str) -> Response:
        """200; ``status`` closes a session, or opens it again."""
        changes = read_session_changes(request.data)
        changed = update_session(self.project_id, session, changes, now=clock.now())
        return Response(render_session(changed))

    def destroy(self, request: Request, project: str, session: str) -> Response:
        """204; its messages are gone too."""
        delete_session(self.project_id, session)
        return Response(status=204)

    def preview(self, request: Request, project: str, session: str) -> Response:
        """204; readers of the stream have it at once, and nobody later."""
        preview = read_preview(request.data)
        found = find_session(self.project_id, session)
        count_use("session_preview", found.id, PREVIEWS_PER_MINUTE_MAX)
        show_preview(
            self.project_id,
            found.id,
            author=Author.of_caller(self.caller),
            event=preview.event,
            data=preview.data,
        )
        return Response(status=204)

    def _page(self, request: Request, *, of_agent: str = "") -> Response:
        query = request.query_params
        filters = read_session_filters(query, of_agent=of_agent)
        rows = list_sessions(self.project_id, filters)
        return Response(page_newest_first(rows, query, render_session))


class MessageViewSet(ProjectViewSet):
    """``/v1/projects/{project}/sessions/{session}/messages``, to read."""

    permissions: ClassVar = {"list": Permission.SESSION_VIEW}

    def list(self, request: Request, project: str, session: str) -> Response:
        """200 with messages between ``after_sequence`` and ``before_sequence``, the
        first or, with ``order=desc``, the last of them first. A page ends early when
        its contents are large; ``next_cursor`` is where the next one begins, as is
        ``next_sequence``: for ``after_sequence``, or ``before_sequence`` with
        ``order=desc``."""
        bounds = read_bounds(request.query_params)
        found = find_session(self.project_id, session)
        page = page_of_messages(
            found.id,
            after=bounds.after,
            before=bounds.before,
            limit=bounds.limit,
            newest_first=bounds.newest_first,
        )
        answer: dict[str, Any] = {
            "items": [show_message(one, found.agent_id) for one in page.messages],
            "has_more": page.has_more,
        }
        if page.has_more:
            last = page.messages[-1].sequence
            answer |= {"next_sequence": last, "next_cursor": encode_cursor(last)}
        return Response(answer)
