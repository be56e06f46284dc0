"""``POST …/sessions/{id}/messages``: what somebody says, for a run when they name one.
Reading it is in ``apps.agents``."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.authorship import Author
from apps.agents.renderings import render_session, render_written
from apps.agents.session_requests import read_new_messages
from apps.agents.session_views import MessageViewSet
from apps.identity.permissions import Permission
from apps.kernel import clock
from apps.runs.services.say_for_run import say_for_run


class SpeakingViewSet(MessageViewSet):
    """Reads and writes messages of a session."""

    permissions: ClassVar = {
        **MessageViewSet.permissions,
        "create": Permission.SESSION_WRITE,
    }
    #: Runs under way may wait for it; triggers are silent.
    while_archived = ("create",)

    def create(self, request: Request, project: str, session: str) -> Response:
        """200 with the session and, under ``messages``, the id and number of each
        message; all are written or none. 403 when the caller may not write in that
        role, 409 when the session is closed or its agent inactive."""
        now = clock.now()
        new = read_new_messages(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            said = say_for_run(
                self.project_id,
                session,
                new.messages,
                author=Author.of_caller(self.caller),
                run_id=new.run_id,
                now=now,
            )
            written = [render_written(message) for message in said.messages]
            return 200, {**render_session(said.session), "messages": written}

        operation = f"sessions.{session}.messages.create"
        return self.answer_once(request, operation, act, now=now)
